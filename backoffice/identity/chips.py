"""Evidence from a card's chip: stronger than its picture, since a chip cannot be photographed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.identity.evidence import subject_hash
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.proofs import keep_proof

READ, DOUBTFUL = "read_chip", "doubtful"


async def record_chip_proof(
    session: AsyncSession,
    *,
    conversation_id: str,
    device_id: str,
    card: Mapping[str, str | None],
    faults: Sequence[str],
    upload_ids: Sequence[str],
    now: datetime,
    application_id: str | None = None,
    citizen_id: str | None = None,
) -> Proof:
    """Keep that a card's chip was read by a device of ours.

    Result `read_chip`, or `doubtful` when its number does not add up or it has expired. That the
    card is the bearer's own, no chip says: that takes a face, a finger or a clerk.

    Args:
        card: the parts read; only which ones is kept.
        upload_ids: the chip's photo, where it could be decoded.
        faults: what speaks against the card, see `backoffice.devices.readings`.
    """
    number = card.get("id_no")
    proof = Proof(
        kind=ProofKind.ID_CARD,
        application_id=application_id,
        citizen_id=citizen_id,
        subject_hash=subject_hash(number) if number and not faults else None,
        device=device_id,
        upload_ids=list(upload_ids),
        result=DOUBTFUL if faults else READ,
        detail={
            "source": "chip",
            "read": sorted(part for part, value in card.items() if value),
            "faults": list(faults),
        },
    )
    return await keep_proof(session, proof, conversation_id=conversation_id, now=now)
