"""What runs in the vision process: text recognition and faces. Imported there only.

Models come inside the packages; nothing is downloaded. One picture at a time, reduced first, so
that the process stays below the memory that `LocalVision` allows it.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from PIL import Image

from integrations.ports import (
    CardBackReading,
    CardReading,
    FaceInspection,
    FacePurpose,
    FaceTemplate,
    LiveAction,
    LiveFrame,
    LivenessReading,
)
from integrations.vision import faces, looking
from integrations.vision.card_back import parse_back, parts_of_back
from integrations.vision.card_quality import card_faults
from integrations.vision.card_text import Line, parse_card, parts_read

# 960 for finding text needs 340 MB, 1280 needs 550 MB and reads no more on our samples.
_READ_SIDE = 1280
_FIND_TEXT_SIDE = 960
_SMALL_SHARE = 0.6
_Side = TypeVar("_Side", CardReading, CardBackReading)


@dataclass(frozen=True)
class _Kind(Generic[_Side]):
    """How one side of a card is read: `good` parts end the turning, `certain` end everything."""

    parse: Callable[[Sequence[Line]], _Side]
    parts: Callable[[_Side], int]
    good: int
    certain: int


_FRONT = _Kind(parse_card, parts_read, good=6, certain=7)
_BACK = _Kind(parse_back, parts_of_back, good=3, certain=3)


@dataclass(frozen=True)
class _Attempt(Generic[_Side]):
    """One reading, and what to try next.

    Attributes:
        area: where the text is (left, top, right, bottom), when it fills only a small part.
        turns: degrees by which the picture may have to be turned.
    """

    reading: _Side
    area: tuple[int, int, int, int] | None
    turns: tuple[int, ...]


def warm() -> None:
    """Load everything now."""
    _reader()
    faces.load()


def read_card(image: bytes) -> CardReading:
    """See `Vision.read_card`."""
    return _read(image, _FRONT)


def read_card_back(image: bytes) -> CardBackReading:
    """See `Vision.read_card_back`."""
    return _read(image, _BACK)


def inspect_face(image: bytes, purpose: FacePurpose) -> FaceInspection:
    """See `Vision.inspect_face`. Print is looked for only where the face is as small as on one."""
    seen = looking.look(image)
    lines: list[Line] = []
    if purpose is not FacePurpose.CARD and looking.may_be_card(seen):
        lines = _lines(Image.fromarray(seen.pixels))
    return looking.inspect(seen, purpose, lines)


def face_template(image: bytes) -> FaceTemplate | None:
    """The largest face's vectors; None when there is no face."""
    return looking.template(image)


def check_liveness(frames: Sequence[LiveFrame], actions: Sequence[LiveAction]) -> LivenessReading:
    """See `Vision.check_liveness`."""
    return looking.liveness_of(frames, actions)


def _open(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image), formats=("JPEG", "PNG")).convert("RGB")


def _read(image: bytes, kind: _Kind[_Side]) -> _Side:
    """The best reading of one side: as it is, then enlarged, then turned."""
    picture = _open(image)
    first = _attempt(picture, kind)
    if kind.parts(first.reading) >= kind.certain:
        return first.reading
    readings = [first.reading]
    if first.area is not None:
        readings.append(_attempt(picture.crop(first.area), kind).reading)
    for degrees in first.turns:
        if max(map(kind.parts, readings)) >= kind.good:
            break
        readings.append(_attempt(picture.rotate(degrees, expand=True), kind).reading)
    return max(readings, key=kind.parts)


def _attempt(picture: Image.Image, kind: _Kind[_Side]) -> _Attempt[_Side]:
    """Read once; what may be wrong with the photograph comes with the reading."""
    small = picture.copy()
    small.thumbnail((_READ_SIDE, _READ_SIDE))
    lines = _lines(small)
    reading = kind.parse(lines)
    scale = picture.width / small.width
    faults = card_faults(
        np.asarray(small.convert("L"), dtype=np.float32),
        lines,
        scale=scale,
        complete=kind.parts(reading) >= kind.good,
    )
    area = _text_area(lines, small.size, scale)
    return _Attempt(replace(reading, faults=faults), area, _turns(lines) if lines else ())


def _lines(picture: Image.Image) -> list[Line]:
    """Every line of print, in the picture's pixels."""
    found = _reader()(np.asarray(picture)[:, :, ::-1])
    if found.txts is None or found.boxes is None:
        return []
    return [
        Line(text, tuple((float(x), float(y)) for x, y in box))
        for text, box in zip(found.txts, found.boxes, strict=True)
    ]


def _turns(lines: list[Line]) -> tuple[int, ...]:
    """Lines that stand upright are on a card that lies; otherwise it may be upside down."""
    long = [line for line in lines if len(line.text) > 2]
    standing = sum(_height(line) > _width(line) for line in long)
    return (90, 270) if standing * 2 > len(long) else (180,)


def _width(line: Line) -> float:
    return max(x for x, _ in line.box) - min(x for x, _ in line.box)


def _height(line: Line) -> float:
    return max(y for _, y in line.box) - min(y for _, y in line.box)


def _text_area(
    lines: list[Line], size: tuple[int, int], scale: float
) -> tuple[int, int, int, int] | None:
    xs = [x for line in lines for x, _ in line.box]
    ys = [y for line in lines for _, y in line.box]
    if not xs:
        return None
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    if width * height > _SMALL_SHARE * size[0] * size[1]:
        return None
    margin = 0.08 * width
    left, top = max(0.0, min(xs) - margin), max(0.0, min(ys) - margin)
    right, bottom = min(size[0], max(xs) + margin), min(size[1], max(ys) + margin)
    return int(left * scale), int(top * scale), int(right * scale), int(bottom * scale)


@cache
def _reader() -> Any:
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    params = {
        "Global.log_level": "critical",
        "Det.limit_type": "max",
        "Det.limit_side_len": _FIND_TEXT_SIDE,
        "EngineConfig.onnxruntime.intra_op_num_threads": 2,
    }
    # A path given explicitly is never fetched from the network; a missing file is an error.
    for part, name in (("Det", "*_det_*"), ("Rec", "*_rec_*"), ("Cls", "*_cls_*")):
        params[f"{part}.model_path"] = str(next(models.glob(f"{name}.onnx")))
    return rapidocr.RapidOCR(params=params)
