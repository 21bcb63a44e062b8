"""Four eyes: where an item asks for it, two different people have to say the same.

The first one's decision is kept as an opinion that the second one sees. Whoever says otherwise puts
an opinion of their own in its place; nothing is decided until two agree on what lies before both.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from backoffice.applications.models import Application, OpinionRow
from backoffice.audit.services import record
from backoffice.errors import CitizenError
from backoffice.staff.models import Role, StaffUser
from catalogue.schema import SecondLook


class SecondPersonNeeded(CitizenError):
    """The same person cannot be both."""

    code = "decision.second_person_needed"
    status = 409


class HeadNeeded(CitizenError):
    """One of the two has to be a head, and so far neither is."""

    code = "decision.head_needed"
    status = 409


async def opinion_on(session: AsyncSession, application_id: str) -> OpinionRow | None:
    """The opinion that waits for a second person."""
    found: OpinionRow | None = await session.scalar(
        select(OpinionRow).where(
            OpinionRow.application_id == application_id,
            OpinionRow.lapsed_at.is_(None),
            OpinionRow.agreed_by.is_(None),
        )
    )
    return found


async def opinions_of(session: AsyncSession, application_id: str) -> list[OpinionRow]:
    """All opinions, oldest first."""
    rows = await session.scalars(
        select(OpinionRow)
        .where(OpinionRow.application_id == application_id)
        .order_by(OpinionRow.id)
    )
    return list(rows)


async def waiting_for_second(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    """Which of these applications have an opinion that waits."""
    rows = await session.scalars(
        select(OpinionRow.application_id).where(
            OpinionRow.application_id.in_(ids),
            OpinionRow.lapsed_at.is_(None),
            OpinionRow.agreed_by.is_(None),
        )
    )
    return set(rows)


async def agreed(
    session: AsyncSession,
    application: Application,
    rule: SecondLook,
    decision: str,
    *,
    reason: str,
    staff: StaffUser,
    now: datetime,
) -> bool:
    """Whether this person's word makes two; otherwise it is kept as the opinion that waits.

    The application's version moves with either, so that of two at once one is told.

    Raises:
        SecondPersonNeeded: the waiting opinion is this person's own, and the same.
        HeadNeeded: both would agree, but a head has to be one of them.
    """
    before = await opinion_on(session, application.id)
    if before is not None and before.decision == decision:
        if before.staff_id == staff.id:
            raise SecondPersonNeeded
        if rule.by == "head" and not before.by_head and staff.role != Role.HEAD:
            raise HeadNeeded
        before.agreed_by, before.agreed_at = staff.id, now
        return True
    if before is not None:
        before.lapsed_at = now
    session.add(
        OpinionRow(
            application_id=application.id,
            staff_id=staff.id,
            by_head=staff.role == Role.HEAD,
            decision=decision,
            reason=reason.strip() or None,
            at=now,
        )
    )
    application.updated_at = now
    flag_modified(application, "updated_at")  # also when the same second wrote it
    await session.flush()
    await record(
        session,
        actor=staff.actor,
        action="case.opinion",
        subject=f"application:{application.id}",
        detail={"item": application.item_code, "decision": decision, "instead": before is not None},
        now=now,
    )
    return False


async def lapse(session: AsyncSession, application_id: str, *, now: datetime) -> None:
    """What an opinion was about has changed, or is over."""
    await session.execute(
        update(OpinionRow)
        .where(
            OpinionRow.application_id == application_id,
            OpinionRow.lapsed_at.is_(None),
            OpinionRow.agreed_by.is_(None),
        )
        .values(lapsed_at=now)
    )
