"""Who the person is, where people have to look: let through for now, settled by a clerk.

An application that the machine could not prove may be handed in, but nobody approves it before a
clerk has compared the pictures or seen the person.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.errors import CitizenError
from backoffice.identity.evidence import claimed_by
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.policy import Policy, Then, Way
from backoffice.identity.proofs import keep_proof


class IdentityUnsettled(CitizenError):
    """Nobody has seen yet that the applicant is who he says; approving needs that first."""

    code = "identity.unsettled"
    status = 409


class How(StrEnum):
    """How a clerk made sure: compared the pictures, saw the person at the window, or by video."""

    PICTURES = "pictures"
    WINDOW = "window"
    VIDEO = "video"


_KINDS = {How.PICTURES: ProofKind.CLERK, How.WINDOW: ProofKind.WINDOW, How.VIDEO: ProofKind.VIDEO}
_RESULTS = {How.PICTURES: "same", How.WINDOW: "seen", How.VIDEO: "seen"}
_ENOUGH: dict[str, frozenset[ProofKind]] = {
    "clerk_look": frozenset(_KINDS.values()),
    "window": frozenset({ProofKind.WINDOW, ProofKind.VIDEO}),
    "appointment": frozenset({ProofKind.WINDOW}),
}


def let_through(application: Application, policy: Policy, way: Way) -> None:
    """Keep by which way it is handed in, and what a clerk still has to do."""
    application.identity_way = f"{policy.version} {way.id}"
    application.identity_then = way.then


async def settle(
    session: AsyncSession,
    application: Application,
    how: How,
    *,
    actor: str,
    now: datetime,
    originals: Sequence[str] = (),
) -> Proof:
    """A clerk answers for who the person is; kept as a proof with the clerk's name.

    Args:
        actor: the clerk as history and audit name them (`staff:<id>`).
        originals: slugs of the papers whose originals were shown.
    """
    proof = Proof(
        kind=_KINDS[how],
        application_id=application.id,
        citizen_id=application.citizen_id,
        subject_hash=await claimed_by(session, application.id),
        upload_ids=[],
        result=_RESULTS[how],
        detail={"staff": actor, "originals": list(originals)},
    )
    return await keep_proof(
        session, proof, conversation_id=application.conversation_id or "", now=now, actor=actor
    )


async def unsettled(session: AsyncSession, application: Application) -> Then | None:
    """What a clerk still has to do about who the person is; None when nothing is open."""
    then = application.identity_then
    if then is None:
        return None
    # Of another person than the application now names it says nothing.
    subject = await claimed_by(session, application.id)
    done = await session.scalar(
        select(Proof.id).where(
            Proof.application_id == application.id,
            Proof.kind.in_(_ENOUGH[then]),
            Proof.result.in_(set(_RESULTS.values())),  # a clerk's no by video is kept as well
            or_(Proof.subject_hash.is_(None), Proof.subject_hash == subject),
        ).limit(1)
    )  # fmt: skip
    return None if done is not None else then  # type: ignore[return-value]


async def settle_to_approve(
    session: AsyncSession, application: Application, how: How | None, *, actor: str, now: datetime
) -> None:
    """Before an approval: the clerk's word on who the person is, where one is needed.

    Where only the pictures are to be compared they stand beside the clerk's button, and pressing it
    is that word; where the person has to be seen, it must be said.

    Raises:
        IdentityUnsettled: the person has to be seen and the clerk did not say so.
    """
    open_ = await unsettled(session, application)
    if open_ is None:
        return
    if how is None and open_ == "clerk_look":
        how = How.PICTURES
    if how is None or _KINDS[how] not in _ENOUGH[open_]:
        raise IdentityUnsettled
    await settle(session, application, how, actor=actor, now=now)
