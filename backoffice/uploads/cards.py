"""Photographed cards: read, and refused with advice before anything is kept, or kept with remarks.

A picture is refused where a better one may settle what is doubtful. What a better picture would
not change is kept and said: a number that does not add up although it is sharp, a card that has
expired. Nothing of it counts as proof then, and a clerk sees it.
"""

from dataclasses import asdict
from datetime import date
from typing import Any

from backoffice.understanding import ethnic_group
from backoffice.understanding.identity_numbers import birth_date, fault_code
from backoffice.uploads.card_checks import back_faults, front_faults, kind_of
from backoffice.uploads.errors import CardRefused
from integrations.ports import CardBackReading, CardReading, Vision

_LASTING = frozenset({"expired"})
"""What is no fault of the photograph."""


async def read_front(vision: Vision, data: bytes, today: date) -> dict[str, Any]:
    """`card`, `id_no_fault` and `remarks`; see `backoffice.uploads.analysis`.

    Raises:
        CardRefused; IntegrationError (the reader is down).
    """
    card = await vision.read_card(data)
    if card.name is None and card.id_no is None:
        if _is_back(await vision.read_card_back(data)):
            raise CardRefused("shows_back")
        raise CardRefused(next(iter(card.faults), "unreadable"))
    doubts, fault = front_faults(card), card_fault(card, today)
    if fault is not None and card.faults:
        raise CardRefused(card.faults[0])
    if "number_kind" in doubts:
        raise CardRefused("number_kind")
    # There are genuine cards whose number says another sex: for the clerk's eyes, no fault.
    remarks = [*card.faults, *(one for one in doubts if one == "sex_mismatch")]
    read = asdict(card) | {
        "birth": card.birth.isoformat() if card.birth else None,
        "ethnicity": ethnic_group(card.ethnicity),
    }
    del read["faults"]
    return {"card": read, "id_no_fault": fault, "remarks": remarks}


async def read_back(
    vision: Vision, data: bytes, today: date, front: dict[str, Any] | None
) -> dict[str, Any]:
    """`authority`, `valid_from`, `valid_to`, `long_term` and `fault` (None or `expired`).

    Args:
        front: `card` of the same card's front, when it was photographed.

    Raises:
        CardRefused; IntegrationError (the reader is down).
    """
    back = await vision.read_card_back(data)
    number, birth = (front or {}).get("id_no"), (front or {}).get("birth")
    found = back_faults(
        back,
        today=today,
        birth=date.fromisoformat(birth) if birth else None,
        kind=kind_of(number) if number else None,
    )
    if "unread" in found and await _is_front(vision, data):
        raise CardRefused("shows_front")
    if refused := [one for one in found if one not in _LASTING]:
        unread = refused[0] == "unread"
        raise CardRefused(next(iter(back.faults), "unread") if unread else refused[0])
    return {
        "authority": back.authority,
        "valid_from": back.valid_from.isoformat() if back.valid_from else None,
        "valid_to": back.valid_to.isoformat() if back.valid_to else None,
        "long_term": back.long_term,
        "fault": next(iter(found), None),
    }


def card_fault(card: CardReading, today: date) -> str | None:
    """Why the card's number must not be trusted as read."""
    if card.id_no is None:
        return "missing"
    fault = fault_code(card.id_no, today=today)
    if fault is None and card.birth is not None and birth_date(card.id_no) != card.birth:
        return "birth_mismatch"
    return fault


def _is_back(reading: CardBackReading) -> bool:
    return reading.valid_from is not None or reading.authority is not None


async def _is_front(vision: Vision, data: bytes) -> bool:
    card = await vision.read_card(data)
    return card.id_no is not None or card.birth is not None
