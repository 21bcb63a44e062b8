"""The card of whoever has to prove who they are, as a clerk sees it: both sides, and what is odd."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.identity.evidence import same_pictures
from backoffice.identity.models import Proof, ProofKind
from backoffice.uploads.models import Upload


@dataclass(frozen=True)
class CardLine:
    """One card.

    Attributes:
        front, back: upload ids; a chip's photo counts as the front.
        read: what was read off the front.
        remarks: keys of texts for clerks (`staff.card_remark.…`): faults of the photograph, sex and
            number that do not fit, a number that does not add up.
        authority, valid_from, valid_to: off the back; None where not read.
        expired: the card had expired when it was photographed.
    """

    front: str
    back: str | None = None
    read: dict[str, Any] | None = None
    remarks: tuple[str, ...] = ()
    authority: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    long_term: bool = False
    expired: bool = False


async def card_line(session: AsyncSession, proofs: Sequence[Proof], card: Proof) -> CardLine:
    """The card of this proof with what belongs to it."""
    front_id = str(card.upload_ids[-1])
    front = await session.get(Upload, front_id)
    seen = (front.analysis or {}) if front is not None else {}
    number_fault = seen.get("id_no_fault")
    remarks = [*seen.get("remarks", []), *([number_fault] if number_fault else [])]
    back = await _back_of(session, proofs, card)
    said = (back.analysis or {}) if back is not None else {}
    return CardLine(
        front=front_id,
        back=back.id if back is not None else None,
        read=seen.get("card"),
        remarks=tuple(remarks),
        authority=said.get("authority"),
        valid_from=_day(said.get("valid_from")),
        valid_to=_day(said.get("valid_to")),
        long_term=bool(said.get("long_term")),
        expired=said.get("fault") == "expired",
    )


async def _back_of(session: AsyncSession, proofs: Sequence[Proof], card: Proof) -> Upload | None:
    """The newest picture of the same card's other side."""
    backs = [one for one in proofs if one.kind == ProofKind.CARD_BACK and same_pictures(one, card)]
    if not backs:
        return None
    return await session.scalar(
        select(Upload).where(
            Upload.id.in_([str(id) for id in backs[-1].upload_ids]), Upload.kind == "id_card_back"
        )
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
