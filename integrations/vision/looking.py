"""What is asked about faces, from pictures to answers. In the vision process only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from integrations.ports import (
    FaceInspection,
    FacePurpose,
    FaceTemplate,
    LiveAction,
    LiveFrame,
    LivenessReading,
)
from integrations.vision import face_quality, faces, liveness
from integrations.vision.card_text import Line, looks_like_card
from integrations.vision.faces import Face, Pixels
from integrations.vision.geometry import shape_of

_FRAME_SIDE = 640
_Box = tuple[float, float, float, float]
# The photo on a card is a sixth of the card's width; a selfie's face is nearer. Only smaller faces
# are worth reading the picture for.
_CARD_FACE = 0.27


@dataclass(frozen=True)
class Look:
    """A picture and its faces, largest first."""

    pixels: Pixels
    found: list[Face]


def look(image: bytes, side: int = 1600) -> Look:
    """Find the faces on a picture."""
    pixels = faces.pixels_of(image, side)
    return Look(pixels, faces.locate(pixels))


def template(image: bytes) -> FaceTemplate | None:
    """The largest face's template; None without a face."""
    seen = look(image)
    return faces.encode(seen.pixels, seen.found[0]) if seen.found else None


def inspect(seen: Look, purpose: FacePurpose, lines: Sequence[Line]) -> FaceInspection:
    """See `Vision.inspect_face`; `lines`: what is printed on the picture, when it was read."""
    if not seen.found:
        return FaceInspection(("none",), 0, 0, {}, None)
    face = seen.found[0]
    count = faces.same_size(seen.found)
    figures = _figures(seen.pixels, face)
    found = list(face_quality.faults(figures, face_quality.LIMITS[purpose]))
    if count > 1:
        found.insert(0, "several")
    if purpose is not FacePurpose.CARD and looks_like_card(lines, face.box):
        found.insert(0, "photo_of_card")
    return FaceInspection(
        faults=tuple(found),
        faces=count,
        bystanders=len(seen.found) - count,
        measures=figures,
        template=faces.encode(seen.pixels, face),
    )


def may_be_card(seen: Look) -> bool:
    """Whether the largest face is small enough to be the photo on a card."""
    return bool(seen.found) and seen.found[0].box[2] < _CARD_FACE * max(seen.pixels.shape[:2])


def liveness_of(frames: Sequence[LiveFrame], actions: Sequence[LiveAction]) -> LivenessReading:
    """See `Vision.check_liveness`."""
    rule = liveness.LiveRule()
    seen = [_seen(frame) for frame in frames[: rule.most_frames + 1]]
    verdict = liveness.judge(seen, actions, rule)
    kept = None
    if verdict.best_frame is not None:
        kept = template(frames[verdict.best_frame].image)
    return LivenessReading(verdict.passed, verdict.actions, verdict.fault, verdict.best_frame, kept)


def _seen(frame: LiveFrame) -> liveness.Seen:
    shown = look(frame.image, _FRAME_SIDE)
    grey = Image.fromarray(shown.pixels).convert("L")
    small = np.asarray(grey.resize((64, 64), Image.Resampling.BOX), dtype=np.float32)
    count = faces.same_size(shown.found)
    if not shown.found:
        return liveness.Seen(frame.at_ms, 0, None, None, small)
    face = shown.found[0]
    return liveness.Seen(
        at_ms=frame.at_ms,
        faces=count,
        points=faces.landmarks(shown.pixels, face),
        vector=faces.sface_vector(shown.pixels, face),
        small=small,
        sharpness=_figures(shown.pixels, face)["sharpness"],
    )


def _figures(pixels: Pixels, face: Face) -> dict[str, float]:
    left, top, width, height = face.box
    x, y, half = left + width / 2, top + height / 2, max(width, height) / 2
    grey = Image.fromarray(pixels).convert("L")
    square = grey.resize((128, 128), Image.Resampling.BILINEAR, box=_inside(grey, x, y, half))
    tall, wide = pixels.shape[:2]
    points = faces.landmarks(pixels, face)
    # The model draws the landmarks that it cannot see where they would be.
    beyond = (points < 0).any(axis=1) | (points >= (wide, tall)).any(axis=1)
    return face_quality.measure(
        np.asarray(square, dtype=np.float32), shape_of(points), width, float(beyond.mean())
    )


def _inside(grey: Image.Image, x: float, y: float, half: float) -> _Box:
    left, top = max(0.0, x - half), max(0.0, y - half)
    right, bottom = min(grey.width, x + half), min(grey.height, y + half)
    return left, top, max(left + 2, right), max(top + 2, bottom)
