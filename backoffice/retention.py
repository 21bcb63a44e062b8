"""How long each kind of data is kept; the worker deletes what is older.

Source of the principle: 个人信息保护法 第十九条 (the shortest time the purpose needs). The periods are
the hall's own and are to be confirmed by its data-protection officer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application, HistoryRow
from backoffice.applications.states import State, Step
from backoffice.conversations.models import Conversation
from backoffice.identity.alarms import forget_old_alarms
from backoffice.identity.models import LivenessChallenge, SmsCode
from backoffice.logs import log
from backoffice.messages import text
from backoffice.outbox import services as outbox
from backoffice.outbox.models import OutboxEntry
from backoffice.remembering.models import FaceLook, FingerPress
from backoffice.staff.models import LogInTries
from backoffice.tasks.models import TaskKind
from backoffice.tasks.services import close_for

KEPT = {
    "conversation": timedelta(days=30),
    "draft": timedelta(days=30),
    "sms_code": timedelta(days=2),
    "log_in_tries": timedelta(days=2),
    "delivered_outbox": timedelta(days=7),
    "given_up_outbox": timedelta(days=30),
    "queue_holder": timedelta(days=1),
    "queue_times": timedelta(days=400),
}
"""Kind of data → time since its last use."""
_AT_ONCE = 500
"""Visits deleted in one round, so that nobody waits long for the database."""


async def forget_what_is_old(session: AsyncSession, *, now: datetime) -> None:
    """Delete old visits (with turns and messages), codes, delivered effects; expire old drafts."""
    await _expire_drafts(session, now)
    await _forget_conversations(session, now)
    await forget_old_alarms(session, now=now)
    await session.execute(delete(SmsCode).where(SmsCode.sent_at < now - KEPT["sms_code"]))
    await session.execute(
        delete(OutboxEntry).where(OutboxEntry.delivered_at < now - KEPT["delivered_outbox"])
    )
    await session.execute(
        delete(OutboxEntry).where(OutboxEntry.given_up_at < now - KEPT["given_up_outbox"])
    )


async def forget_log_in_tries(session: AsyncSession, *, wall_clock: datetime) -> None:
    """Begin counting wrong passwords anew; log-ins live by the machine's time."""
    old = wall_clock - KEPT["log_in_tries"]
    await session.execute(delete(LogInTries).where(LogInTries.last_at < old))


async def forget_visits(session: AsyncSession, ids: Sequence[str], *, now: datetime) -> None:
    """Delete visits with all that was said, here and in the dialogue engine's own database."""
    for id in ids:
        await outbox.put(
            session,
            kind="engine.forget",
            key=f"engine.forget:{id}",
            payload={"conversation_id": id},
            now=now,
        )
    await session.execute(
        delete(LivenessChallenge).where(LivenessChallenge.conversation_id.in_(ids))
    )
    for table in (FaceLook, FingerPress):
        await session.execute(delete(table).where(table.conversation_id.in_(ids)))
    await session.execute(delete(Conversation).where(Conversation.id.in_(ids)))


async def _forget_conversations(session: AsyncSession, now: datetime) -> None:
    old = select(Conversation.id).where(Conversation.last_turn_at < now - KEPT["conversation"])
    ids = list(await session.scalars(old.limit(_AT_ONCE)))
    await forget_visits(session, ids, now=now)
    if ids:
        log("retention").info("retention.done", conversations=len(ids))


async def _end_appointment(session: AsyncSession, application: Application, now: datetime) -> None:
    """A finished draft whose person never came: nobody waits for it, and the citizen is told."""
    outcome = text("task.outcome_expired")
    await close_for(session, application.id, kind=TaskKind.APPOINTMENT, outcome=outcome, now=now)
    await outbox.put(
        session,
        kind="notice.send",
        key=f"expired:{application.id}",
        payload={"application_id": application.id, "kind": "expired"},
        now=now,
    )


async def _expire_drafts(session: AsyncSession, now: datetime) -> None:
    old = await session.scalars(
        select(Application).where(
            Application.state == State.DRAFT, Application.updated_at < now - KEPT["draft"]
        )
    )
    for application in old:
        step: HistoryRow = application.take(Step.EXPIRE, actor="clock", at=now)
        session.add(step)
        if application.number is not None:
            await _end_appointment(session, application, now)
    # What was answered in a draft that came to nothing is not kept.
    gone = select(Application.id).where(
        Application.state.in_([State.EXPIRED, State.CANCELLED]),
        Application.updated_at < now - KEPT["draft"],
    )
    await session.execute(delete(Application).where(Application.id.in_(gone)))
    await session.execute(
        update(Conversation)
        .where(Conversation.application_id.not_in(select(Application.id)))
        .values(application_id=None)
    )
