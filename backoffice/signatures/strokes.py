"""The movement of a signature as the page recorded it, checked before it is kept.

The form is that of `signature_pad`'s `toData()`: a list of strokes, each with its `points`, each
point with `x`, `y` (CSS pixels), `time` (milliseconds) and, where the screen feels it, `pressure`.
"""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from backoffice.uploads.errors import UploadRefused

LONGEST_JSON = 400_000
_MOST_STROKES, _MOST_POINTS = 300, 8_000
_FEWEST_POINTS = 6
_FARTHEST = 20_000.0


class StrokesUnusable(UploadRefused):
    """Not the movement of a pen: nothing drawn, or something else than strokes."""

    code = "upload.strokes"


class _Point(BaseModel):
    model_config = ConfigDict(extra="ignore")

    x: Annotated[float, Field(ge=-_FARTHEST, le=_FARTHEST, allow_inf_nan=False)]
    y: Annotated[float, Field(ge=-_FARTHEST, le=_FARTHEST, allow_inf_nan=False)]
    time: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    pressure: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0


class _Stroke(BaseModel):
    model_config = ConfigDict(extra="ignore")

    points: Annotated[list[_Point], Field(min_length=1, max_length=_MOST_POINTS)]


_STROKES: TypeAdapter[list[_Stroke]] = TypeAdapter(
    Annotated[list[_Stroke], Field(min_length=1, max_length=_MOST_STROKES)]
)


def read_strokes(text: str) -> list[list[list[float]]]:
    """Strokes as lists of `[x, y, milliseconds since the first point, pressure]`.

    Raises:
        StrokesUnusable: not of this form, too little, or going back in time.
    """
    if len(text) > LONGEST_JSON:
        raise StrokesUnusable
    try:
        strokes = _STROKES.validate_python(json.loads(text))
    except (ValueError, ValidationError, RecursionError):
        raise StrokesUnusable from None
    points = [point for stroke in strokes for point in stroke.points]
    if not _FEWEST_POINTS <= len(points) <= _MOST_POINTS:
        raise StrokesUnusable
    times = [point.time for point in points]
    if times != sorted(times) or len({(point.x, point.y) for point in points}) < _FEWEST_POINTS:
        raise StrokesUnusable
    begin = times[0]
    return [
        [[one.x, one.y, one.time - begin, one.pressure] for one in stroke.points]
        for stroke in strokes
    ]


def canonical(strokes: Any) -> str:
    """The one way to write strokes, for their hash."""
    return json.dumps(strokes, separators=(",", ":"))
