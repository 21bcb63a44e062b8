"""The applicant's side of an application: begin, answer, submit, withdraw, find again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.clocks import history_of, set_clocks
from backoffice.applications.draft import Draft
from backoffice.applications.models import (
    AnswerRow,
    Application,
    MaterialRow,
    SupplementRow,
)
from backoffice.applications.opinions import lapse
from backoffice.applications.states import OPEN_FOR_ANSWERS, State, Step
from backoffice.audit.services import record
from backoffice.calendar import WorkCalendar
from backoffice.clock import china_date
from backoffice.conversations.models import Conversation
from backoffice.errors import NotFound
from backoffice.outbox import services as outbox
from backoffice.representation.visibility import authority_ended, may_see
from backoffice.tasks.services import close_clock_tasks
from catalogue.schema import ServiceItem


async def start(
    session: AsyncSession,
    *,
    item: ServiceItem,
    item_version: str,
    conversation: Conversation,
    now: datetime,
) -> Application:
    """Begin a draft in this visit; it belongs to the citizen once somebody has signed in."""
    application = Application(
        item_code=item.code,
        item_version=item_version,
        citizen_id=conversation.citizen_id,
        conversation_id=conversation.id,
        channel=conversation.channel,
        state=State.DRAFT,
        progress={},
        created_at=now,
        updated_at=now,
    )
    session.add(application)
    await session.flush()
    conversation.application_id = application.id
    return application


async def application_in(session: AsyncSession, conversation: Conversation) -> Application | None:
    """The application that the visit works on, while it is open for answers."""
    if conversation.application_id is None:
        return None
    return await session.scalar(
        select(Application).where(
            Application.id == conversation.application_id,
            Application.conversation_id == conversation.id,
            Application.state.in_(OPEN_FOR_ANSWERS),
            ~authority_ended(Application.id),
        )
    )


async def application_of(
    session: AsyncSession, *, id: str, citizen_id: str, now: datetime
) -> Application:
    """The only way to an application on a citizen's behalf, by id or number. Raises NotFound."""
    found = await session.scalar(
        select(Application).where(
            (Application.id == id) | (Application.number == id),
            may_see(citizen_id, now),
        )
    )
    if found is None:
        raise NotFound
    return found


async def applications_of(
    session: AsyncSession, *, citizen_id: str, now: datetime
) -> list[Application]:
    """All applications that a citizen may see, newest first."""
    found = await session.scalars(
        select(Application).where(may_see(citizen_id, now)).order_by(Application.created_at.desc())
    )
    return list(found)


async def unfinished_of(session: AsyncSession, *, citizen_id: str) -> list[Application]:
    """Applications that wait for the citizen who filed them, newest first.

    Not those that somebody else fills in for the citizen: that is the other's conversation.
    """
    found = await session.scalars(
        select(Application)
        .where(
            Application.citizen_id == citizen_id,
            Application.state.in_(OPEN_FOR_ANSWERS),
            ~authority_ended(Application.id),
        )
        .order_by(Application.created_at.desc())
    )
    return list(found)


async def adopt(session: AsyncSession, conversation: Conversation, citizen_id: str) -> None:
    """After signing in: the visit and the draft begun in it belong to the citizen."""
    conversation.citizen_id = citizen_id
    await session.execute(
        update(Application)
        .where(Application.conversation_id == conversation.id, Application.citizen_id.is_(None))
        .values(citizen_id=citizen_id)
    )


def take_over(application: Application, conversation: Conversation, *, now: datetime) -> None:
    """Go on with a draft in this visit, wherever it was begun."""
    application.conversation_id = conversation.id
    application.updated_at = now
    conversation.application_id = application.id
    conversation.item_code = application.item_code


async def record_answer(
    session: AsyncSession,
    draft: Draft,
    *,
    field: str,
    value: Any,
    source: str,
    turn_id: str | None,
    now: datetime,
) -> None:
    """Store one answer; an earlier one is replaced."""
    row = await session.get(AnswerRow, (draft.application.id, field))
    if row is None:
        row = AnswerRow(application_id=draft.application.id, field=field)
        session.add(row)
    row.value, row.source, row.turn_id, row.at = value, source, turn_id, now
    draft.answers[field], draft.sources[field] = value, source
    draft.application.updated_at = now


async def forget_answer(session: AsyncSession, draft: Draft, field: str) -> None:
    """Take an answer back."""
    row = await session.get(AnswerRow, (draft.application.id, field))
    if row is not None:
        await session.delete(row)
        await session.flush()  # else an answer given next is written to the row that goes
    draft.answers.pop(field, None)
    draft.sources.pop(field, None)


def put_material(
    session: AsyncSession,
    draft: Draft,
    *,
    material: str,
    state: str,
    upload_id: str | None,
    now: datetime,
) -> None:
    """Hand in a paper, or promise to bring it."""
    session.add(
        MaterialRow(
            application_id=draft.application.id,
            material=material,
            state=state,
            upload_id=upload_id,
            at=now,
        )
    )
    draft.materials[material] = state


async def submit(
    session: AsyncSession,
    draft: Draft,
    *,
    calendar: WorkCalendar,
    now: datetime,
    seen_by: str | None = None,
) -> Application:
    """Hand the application to the authority (收件); a corrected one goes back the same way.

    Args:
        calendar: from here the five days run, and what was accepted before runs on.
        seen_by: the clerk (`staff:<id>`) who takes it in from the person at the window.

    Raises:
        NotFound: nobody has signed in.
        StepNotAllowed: it was submitted before.
    """
    application = draft.application
    if application.citizen_id is None:
        raise NotFound
    actor = seen_by or f"citizen:{application.citizen_id}"
    session.add(application.take(Step.SUBMIT, actor=actor, at=now))
    await give_number(session, application, now=now)
    application.submitted_at = application.submitted_at or now
    history = await history_of(session, application)
    set_clocks(application, draft.item, calendar, history)
    await session.execute(
        update(SupplementRow)
        .where(SupplementRow.application_id == application.id, SupplementRow.answered_at.is_(None))
        .values(answered_at=now)
    )
    notice = "taken_in" if seen_by else "submitted"
    await _audit_and_tell(session, application, "submitted", actor, now, notice=notice)
    if draft.item.instant:
        # Once in an application's life: what came back corrected is the clerk's who asked for it.
        key, payload = f"consider:{application.id}", {"application_id": application.id}
        await outbox.put(session, kind="case.consider", key=key, payload=payload, now=now)
    return application


async def give_number(session: AsyncSession, application: Application, *, now: datetime) -> None:
    """Give the case number by which citizen and staff find it; a number once given stays."""
    if application.number is None:
        application.number = await _next_number(session, now)


async def cancel(session: AsyncSession, application: Application, *, now: datetime) -> None:
    """Give up a draft. Raises StepNotAllowed."""
    actor = f"citizen:{application.citizen_id or 'unknown'}"
    session.add(application.take(Step.CANCEL, actor=actor, at=now))


async def withdraw(session: AsyncSession, application: Application, *, now: datetime) -> None:
    """Take back a submitted application before the decision. Raises StepNotAllowed."""
    actor = f"citizen:{application.citizen_id}"
    session.add(application.take(Step.WITHDRAW, actor=actor, at=now))
    application.act_by = None
    await lapse(session, application.id, now=now)
    await close_clock_tasks(session, application.id, now=now)
    await _audit_and_tell(session, application, "withdrawn", actor, now)


async def _audit_and_tell(
    session: AsyncSession,
    application: Application,
    what: str,
    actor: str,
    now: datetime,
    *,
    notice: str | None = None,
) -> None:
    await record(
        session,
        actor=actor,
        action=f"application.{what}",
        subject=f"application:{application.id}",
        detail={"item": application.item_code, "version": application.version},
        now=now,
    )
    payload: Mapping[str, Any] = {"application_id": application.id, "kind": notice or what}
    await outbox.put(
        session,
        kind="notice.send",
        key=f"{what}:{application.id}:{application.version}",
        payload=payload,
        now=now,
    )


async def _next_number(session: AsyncSession, now: datetime) -> str:
    """`SW` + day + running number of the day. Unique: a clash fails the turn, which is repeated."""
    prefix = f"SW{china_date(now):%Y%m%d}"
    highest = await session.scalar(
        select(func.max(Application.number)).where(Application.number.startswith(prefix))
    )
    following = int(highest[len(prefix) :]) + 1 if highest else 1
    return f"{prefix}{following:04d}"
