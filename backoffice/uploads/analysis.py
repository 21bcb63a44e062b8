"""What reading an upload gives, by kind. Kept encrypted with the upload.

- `id_card_front`: `card` (name, sex, ethnicity, birth as ISO date, address, id_no; None where it
  could not be read), `id_no_fault`: None, `missing`, `birth_mismatch`, or what the number's own
  check says (`checksum`, `length`, …), and `remarks`: faults of the photograph, `sex_mismatch`.
- `id_card_back`: `authority`, `valid_from`, `valid_to` (ISO dates), `long_term`, `fault` (None or
  `expired`) and `front`, the upload of the same card's front.
- `selfie`: `faces`, `comparison` (distance, band, model, thresholds) or None, `not_compared`
  (`no_card`, `no_face_on_card`, `reader_down`), `reference`, the card upload compared with, and
  `liveness`: None for a single picture, else `passed`, `fault` and `actions` of the challenge.
- `photo`: `faces`. `document`, `material`: `pages` of a PDF. Others: nothing.
"""

import json
from collections.abc import Awaitable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, TypeVar

from backoffice.logs import log
from backoffice.uploads.cards import read_back, read_front
from backoffice.uploads.content import Clean
from backoffice.uploads.errors import FaceRefused, ReadingDown
from integrations.ports import (
    FacePurpose,
    FaceTemplate,
    IntegrationError,
    LiveAction,
    LiveFrame,
    LivenessReading,
    Vision,
)

Analysis = dict[str, Any]
T = TypeVar("T")


async def analyse(
    vision: Vision,
    kind: str,
    cleaned: Clean,
    *,
    reference: tuple[str, bytes] | None,
    front: dict[str, Any] | None = None,
    today: date,
) -> Analysis:
    """Read a cleaned upload; call it outside any transaction.

    Args:
        reference: id and picture of the card that a selfie is compared with, or a back belongs to.
        front: `card` of that card's analysis.

    Raises:
        CardRefused, FaceRefused: the picture does not show what it should, or not well enough.
        ReadingDown: the reader is down and the picture is worth nothing unread (a card).
    """
    if kind == "id_card_front":
        return await _read(read_front(vision, cleaned.data, today))
    if kind == "id_card_back":
        read = await _read(read_back(vision, cleaned.data, today, front))
        return read | {"front": reference[0] if reference else None}
    if kind == "selfie":
        return await _selfie(vision, cleaned.data, reference)
    if kind == "photo":
        return {"faces": await _read(_good_face(vision, cleaned.data))}
    return {"pages": cleaned.pages} if cleaned.pages else {}


async def _read(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except IntegrationError as exc:
        raise ReadingDown from exc


async def _selfie(vision: Vision, data: bytes, reference: tuple[str, bytes] | None) -> Analysis:
    found: Analysis = {"faces": None, "liveness": None}
    try:
        found["faces"] = await _good_face(vision, data)
    except IntegrationError as exc:
        # The comparison only advises a clerk, who can look for herself: the selfie is kept.
        log("uploads").error("vision.down", error=type(exc).__name__)
        return found | _uncompared(reference, "reader_down")
    return found | await _compared(vision, data, reference)


async def check_liveness(
    vision: Vision, frames: Sequence[LiveFrame], actions: Sequence[LiveAction]
) -> LivenessReading:
    """What the frames of a challenge show. Raises ReadingDown."""
    return await _read(vision.check_liveness(frames, actions))


async def analyse_live(
    vision: Vision, best: Clean, reading: LivenessReading, *, reference: tuple[str, bytes] | None
) -> Analysis:
    """As `analyse` of a selfie, for the best frame of a challenge."""
    probe = best.data if reading.template is None else reading.template
    liveness = {
        "passed": reading.passed,
        "fault": reading.fault,
        "actions": [str(one.action) for one in reading.actions],
    }
    return {"faces": 1, "liveness": liveness, **await _compared(vision, probe, reference)}


async def _compared(
    vision: Vision, probe: bytes | FaceTemplate, reference: tuple[str, bytes] | None
) -> Analysis:
    if reference is None:
        return _uncompared(None, "no_card")
    try:
        compared = await vision.compare_faces(reference[1], probe)
    except IntegrationError as exc:
        log("uploads").error("vision.down", error=type(exc).__name__)
        return _uncompared(reference, "reader_down")
    if compared is None:
        return _uncompared(reference, "no_face_on_card")
    comparison = json.loads(json.dumps(asdict(compared)))
    return {"comparison": comparison, "not_compared": None, "reference": reference[0]}


def _uncompared(reference: tuple[str, bytes] | None, why: str) -> Analysis:
    whose = reference[0] if reference else None
    return {"comparison": None, "not_compared": why, "reference": whose}


async def _good_face(vision: Vision, data: bytes) -> int:
    """How many faces, which is one. Raises FaceRefused, IntegrationError."""
    seen = await vision.inspect_face(data, FacePurpose.SELFIE)
    if seen.faults:
        raise FaceRefused(seen.faults[0])
    return seen.faces
