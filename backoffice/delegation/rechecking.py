"""Afterwards a person looks at what the robot approved: agreed, or the delegation stops at once."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.decisions import case_of
from backoffice.audit.services import record
from backoffice.delegation.models import (
    Delegation,
    DelegationState,
    Outcome,
    RobotDecision,
    Stopped,
)
from backoffice.delegation.services import stop
from backoffice.errors import Busy, CitizenError, NotFound
from backoffice.messages import text
from backoffice.staff.models import StaffUser
from backoffice.tasks.models import TaskKind
from backoffice.tasks.services import close_for
from catalogue.loader import Catalogue


class NoteMissing(CitizenError):
    """Who does not agree says why."""

    code = "delegation.note_missing"


class OwnDelegation(CitizenError):
    """Whoever signed the delegation does not check what was done under it."""

    code = "delegation.own"
    status = 403


async def recheck(
    session: AsyncSession,
    application_id: str,
    *,
    agrees: bool,
    note: str,
    staff: StaffUser,
    catalogue: Catalogue,
    now: datetime,
) -> RobotDecision:
    """Say whether the robot's approval was right; the first word stands.

    Drawn or not: any approval may be looked at. Disagreeing suspends the delegation in the same
    transaction. What was issued is not withdrawn by this: a head decides that.

    Raises:
        NotFound: no such case for this person, or the robot did not approve it.
        OwnDelegation, NoteMissing: as they say.
        Busy: somebody has said already.
    """
    case = await case_of(session, id=application_id, staff=staff, catalogue=catalogue)
    found = await session.scalar(
        select(RobotDecision.delegation_id).where(
            RobotDecision.application_id == case.id, RobotDecision.outcome == Outcome.APPROVED
        )
    )
    # The delegation first, as in deciding: two locks are always taken in one order.
    delegation = await session.get(
        Delegation, found or "", with_for_update=True, populate_existing=True
    )
    decided = select(RobotDecision).where(RobotDecision.application_id == case.id)
    row = await session.scalar(decided.with_for_update().execution_options(populate_existing=True))
    if delegation is None or row is None:
        raise NotFound
    if delegation.signed_by == staff.id or row.used.get("signed_by") == staff.id:
        raise OwnDelegation
    if row.rechecked_at is not None:
        raise Busy
    if not agrees and not note.strip():
        raise NoteMissing
    row.rechecked_at, row.rechecked_by, row.agreed = now, staff.id, agrees
    row.recheck_note = note.strip() or None
    outcome = text("task.recheck_agreed" if agrees else "task.recheck_disagreed")
    await close_for(session, case.id, kind=TaskKind.RECHECK, outcome=outcome, now=now, by=staff)
    if not agrees and delegation.state == DelegationState.LIVE:
        await stop(session, delegation, why=Stopped.RECHECK, by=staff.actor, now=now)
    await record(
        session,
        actor=staff.actor,
        action="robot.rechecked",
        subject=f"application:{case.id}",
        detail={"delegation": delegation.id, "agreed": agrees, "drawn": row.drawn},
        now=now,
    )
    return row
