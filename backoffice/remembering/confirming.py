"""What a found face proposes, and the second means that makes it true. Until then nothing is shown."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.services import adopt
from backoffice.conversations.models import Conversation
from backoffice.errors import NotFound
from backoffice.identity.alarms import AlarmKind, sound
from backoffice.identity.models import Citizen, Proof, ProofKind
from backoffice.identity.proofs import keep_proof
from backoffice.identity.sign_in import adopt_what_was_given
from backoffice.logs import log
from backoffice.remembering.keeping import person_of, used
from backoffice.remembering.models import FaceLook, FingerPress
from backoffice.remembering.rules import Rules

OPEN_FOR = timedelta(minutes=10)
"""For so long a found face may be confirmed; the person still stands there."""


async def look_of(session: AsyncSession, id: str, *, conversation_id: str) -> FaceLook:
    """A look of this visit. Raises NotFound."""
    found = await session.get(FaceLook, id)
    if found is None or found.conversation_id != conversation_id:
        raise NotFound
    return found


async def open_proposal(
    session: AsyncSession, conversation_id: str, *, now: datetime
) -> FaceLook | None:
    """The newest look of this visit, while it proposes somebody."""
    newest = await session.scalar(
        select(FaceLook)
        .where(FaceLook.conversation_id == conversation_id, FaceLook.purpose == "recognise")
        .order_by(FaceLook.at.desc())
        .limit(1)
    )
    if newest is None or newest.closed_at is not None or newest.citizen_id is None:
        return None
    return newest if now - newest.at <= OPEN_FOR else None


async def proposed_account(
    session: AsyncSession, conversation_id: str, *, now: datetime
) -> Citizen | None:
    """The account that is proposed; what is in it must not be shown or said."""
    look = await open_proposal(session, conversation_id, now=now)
    return await session.get(Citizen, look.citizen_id) if look is not None else None


async def press_of(session: AsyncSession, id: str, *, conversation_id: str) -> FingerPress:
    """A finger laid on in this visit, that the dialogue has not taken yet. Raises NotFound."""
    found = await session.get(FingerPress, id)
    if found is None or found.conversation_id != conversation_id or found.taken_at is not None:
        raise NotFound
    return found


async def drop(session: AsyncSession, conversation_id: str, *, now: datetime) -> None:
    """It is somebody else, or another way is preferred: the proposal proposes nobody any more."""
    look = await open_proposal(session, conversation_id, now=now)
    if look is not None:
        look.closed_at = now


async def confirm(
    session: AsyncSession,
    conversation: Conversation,
    *,
    by: ProofKind,
    rules: Rules,
    now: datetime,
    press: FingerPress | None = None,
) -> bool:
    """The second means fits whom the face proposed: the visit is theirs, and it is on record.

    Only the caller knows that it fits: a code sent to that account's phone and entered here, a
    finger alike to theirs (`press`), a card with their number, or a sign-in before the face.

    Returns:
        False when there is nobody to confirm (too late, deleted meanwhile), or the finger was
        compared with somebody else's.
    """
    look = await open_proposal(session, conversation.id, now=now)
    citizen_id = look.citizen_id if look is not None else None
    if look is None or citizen_id is None or conversation.citizen_id not in (None, citizen_id):
        return False
    if press is not None and press.look_id != look.id:
        # One's own finger, laid on for one's own face, says nothing of whoever came after it.
        await sound(session, AlarmKind.FOREIGN_FINGER, now=now, conversation_id=conversation.id)
        return False
    person = await person_of(session, citizen_id)
    if person is None or person.expires_at <= now:
        return False
    look.confirmed_by, look.closed_at = by, now
    if conversation.citizen_id is None:
        citizen = await session.get_one(Citizen, citizen_id)
        citizen.last_seen_at = now
        await adopt_what_was_given(session, conversation.id, citizen_id)
        await adopt(session, conversation, citizen_id)
    await used(session, person, rules=rules, now=now)
    if press is not None:
        await _prove(session, conversation, ProofKind.FINGER, "alike", person.subject_hash,
                     dict(press.detail), now)  # fmt: skip
    detail = {**look.detail, "why": f"confirmed by {by}"}
    await _prove(session, conversation, ProofKind.REMEMBERED, "confirmed", person.subject_hash,
                 detail, now)  # fmt: skip
    log("remembering").info("face.confirmed", conversation_id=conversation.id, by=str(by))
    return True


async def _prove(
    session: AsyncSession,
    conversation: Conversation,
    kind: ProofKind,
    result: str,
    subject_hash: str,
    detail: dict[str, object],
    now: datetime,
) -> None:
    proof = Proof(
        kind=kind,
        application_id=conversation.application_id,
        citizen_id=conversation.citizen_id,
        subject_hash=subject_hash,
        device=conversation.device_id,
        upload_ids=[],
        result=result,
        detail=detail,
    )
    await keep_proof(session, proof, conversation_id=conversation.id, now=now)
