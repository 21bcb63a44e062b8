"""What reading an upload gives, by kind. Kept encrypted with the upload.

- `id_card_front`: `card` (name, sex, ethnicity, birth as ISO date, address, id_no; None where it
  could not be read) and `id_no_fault`: None, `missing`, `birth_mismatch`, or what the number's own
  check says (`checksum`, `length`, …).
- `selfie`: `faces`, `comparison` (distance, band, model, thresholds) or None, `not_compared`
  (`no_card`, `no_face_on_card`, `reader_down`), `reference`, the card upload compared with, and
  `liveness`: None for a single picture, else `passed`, `fault` and `actions` of the challenge.
- `photo`: `faces`. `document`, `material`: `pages` of a PDF. Others: nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from backoffice.logs import log
from backoffice.understanding.identity_numbers import birth_date, fault_code
from backoffice.uploads.content import Clean
from backoffice.uploads.errors import CardUnreadable, NoFace, ReadingDown, SeveralFaces
from integrations.ports import (
    CardReading,
    FaceTemplate,
    IntegrationError,
    LiveAction,
    LiveFrame,
    LivenessReading,
    Vision,
)

Analysis = dict[str, Any]


async def analyse(
    vision: Vision, kind: str, cleaned: Clean, *, reference: tuple[str, bytes] | None, today: date
) -> Analysis:
    """Read a cleaned upload; call it outside any transaction.

    Args:
        reference: id and picture of the card front that a selfie is compared with.

    Raises:
        CardUnreadable, NoFace, SeveralFaces: the picture does not show what it should.
        ReadingDown: the reader is down and the picture is worth nothing unread (a card).
    """
    if kind == "id_card_front":
        return await _card(vision, cleaned.data, today)
    if kind == "selfie":
        return await _selfie(vision, cleaned.data, reference)
    if kind == "photo":
        return {"faces": await _one_face(vision, cleaned.data)}
    return {"pages": cleaned.pages} if cleaned.pages else {}


def card_fault(card: CardReading, today: date) -> str | None:
    """Why the card's number must not be trusted as read."""
    if card.id_no is None:
        return "missing"
    fault = fault_code(card.id_no, today=today)
    if fault is None and card.birth is not None and birth_date(card.id_no) != card.birth:
        return "birth_mismatch"
    return fault


async def _card(vision: Vision, data: bytes, today: date) -> Analysis:
    try:
        card = await vision.read_card(data)
    except IntegrationError as exc:
        raise ReadingDown from exc
    if card.name is None and card.id_no is None:
        raise CardUnreadable
    read = asdict(card) | {"birth": card.birth.isoformat() if card.birth else None}
    return {"card": read, "id_no_fault": card_fault(card, today)}


async def _selfie(vision: Vision, data: bytes, reference: tuple[str, bytes] | None) -> Analysis:
    found: Analysis = {"faces": None, "liveness": None}
    try:
        found["faces"] = await _count(vision, data)
    except IntegrationError as exc:
        # The comparison only advises a clerk, who can look for herself: the selfie is kept.
        log("uploads").error("vision.down", error=type(exc).__name__)
        return found | _uncompared(reference, "reader_down")
    return found | await _compared(vision, data, reference)


async def check_liveness(
    vision: Vision, frames: Sequence[LiveFrame], actions: Sequence[LiveAction]
) -> LivenessReading:
    """What the frames of a challenge show. Raises ReadingDown."""
    try:
        return await vision.check_liveness(frames, actions)
    except IntegrationError as exc:
        raise ReadingDown from exc


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


async def _one_face(vision: Vision, data: bytes) -> int:
    try:
        return await _count(vision, data)
    except IntegrationError as exc:
        raise ReadingDown from exc


async def _count(vision: Vision, data: bytes) -> int:
    faces = await vision.count_faces(data)
    if faces == 0:
        raise NoFace
    if faces > 1:
        raise SeveralFaces
    return faces
