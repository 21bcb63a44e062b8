"""Opening a task for a person, taking it, finishing it."""

from collections.abc import Collection
from datetime import date, datetime, time
from functools import cache

from sqlalchemy import ColumnElement, String, cast, exists, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.orm.exc import StaleDataError

from backoffice.audit.services import record
from backoffice.calendar import CalendarMissing, WorkCalendar
from backoffice.clock import CHINA, china_date
from backoffice.errors import Busy, CitizenError, NotFound
from backoffice.messages import FOLDER, text
from backoffice.staff.models import Role, StaffUser
from backoffice.tasks.models import CLOCK_KINDS, PROMISED_KINDS, Task, TaskKind, TaskState
from catalogue.loader import Catalogue
from catalogue.parameters import Hall, load_hall

PROMISED_BY = time(18)
"""Until when on the last promised day; ours to promise, like the number of days."""


class SettledElsewhere(CitizenError):
    """A recheck ends with agreeing or not, which is said on the decision's page."""

    code = "task.settled_elsewhere"
    status = 409


class OutcomeMissing(CitizenError):
    """A task is finished with a word on what came of it."""

    code = "task.outcome_missing"


def promise_working_days() -> int:
    """The hall's promise for call-backs (`data/parameters/hall.yml`)."""
    return _hall().call_back.working_days


def reminder_working_days() -> int:
    """How many working days before its last day a case is reminded of."""
    return _hall().reminder.working_days


@cache
def _hall() -> Hall:
    return load_hall(FOLDER.parent / "parameters" / "hall.yml")


async def open_task(
    session: AsyncSession,
    *,
    kind: TaskKind | str,
    conversation_id: str | None,
    application_id: str | None,
    item_code: str | None,
    phone: str | None,
    summary: str | None,
    now: datetime,
    calendar: WorkCalendar,
    key: str,
    by: date | None = None,
) -> Task:
    """Ask for a person; the same `key` again returns the task that is there.

    The promise is counted in working days after today; without a holiday list it stays empty.

    Args:
        by: the last day, where it is not ours to promise.
    """
    found = await session.scalar(select(Task).where(Task.key == key))
    if found is not None:
        return found
    task = Task(
        key=key,
        kind=TaskKind(kind),
        conversation_id=conversation_id,
        application_id=application_id,
        item_code=item_code,
        phone=phone,
        summary=summary,
        state=TaskState.OPEN,
        created_at=now,
        promised_at=_end_of(by) if by is not None else _promise(calendar, china_date(now)),
    )
    session.add(task)
    await session.flush()
    await record(
        session,
        actor="system",
        action="task.opened",
        subject=f"task:{task.id}",
        detail={"kind": task.kind, "item": item_code, "application": application_id},
        now=now,
    )
    return task


async def task_of(
    session: AsyncSession, task_id: str, *, staff: StaffUser, catalogue: Catalogue
) -> Task:
    """The only way to a task on a person's behalf. Raises NotFound, also for one not theirs."""
    task = await session.scalar(select(Task).where(Task.id == task_id, *_theirs(staff, catalogue)))
    if task is None:
        raise NotFound
    return task


async def list_tasks(
    session: AsyncSession,
    *,
    staff: StaffUser,
    catalogue: Catalogue,
    states: tuple[TaskState, ...],
    kinds: Collection[TaskKind] = frozenset(TaskKind),
    limit: int = 200,
) -> list[Task]:
    """This person's tasks in these states, the most urgent first."""
    found = await session.scalars(
        select(Task)
        .where(Task.state.in_(states), Task.kind.in_(kinds), *_theirs(staff, catalogue))
        .order_by(Task.promised_at.is_(None), Task.promised_at, Task.created_at)
        .limit(limit)
    )
    return list(found)


def _theirs(staff: StaffUser, catalogue: Catalogue) -> list[ColumnElement[bool]]:
    """Not what is about another department's item; what is overdue goes to the head."""
    others = [code for code, item in catalogue.items.items() if not staff.handles(item.department)]
    found = [or_(Task.item_code.is_(None), Task.item_code.not_in(others))]
    if staff.role != Role.HEAD:
        found.append(Task.kind != TaskKind.OVERDUE)
    return found


async def take(session: AsyncSession, task_id: str, *, staff: StaffUser, now: datetime) -> Task:
    """Take an open task; taking one's own again changes nothing.

    Raises:
        Busy: somebody else has it, or it is done.
        NotFound: no such task.
    """
    task = await _task(session, task_id)
    if task.state == TaskState.TAKEN and task.taken_by == staff.id:
        return task
    if task.state != TaskState.OPEN:
        raise Busy
    task.state, task.taken_by, task.taken_at = TaskState.TAKEN, staff.id, now
    await _save(session, task, "task.taken", staff.actor, now)
    return task


async def finish(
    session: AsyncSession, task_id: str, *, staff: StaffUser, outcome: str, now: datetime
) -> Task:
    """Close a task with what came of it; an open one is taken and closed in one go.

    Raises:
        Busy: somebody else has it, or it is done.
        OutcomeMissing: nothing was said about the outcome.
        SettledElsewhere: it is a recheck.
        NotFound: no such task.
    """
    task = await _task(session, task_id)
    if task.kind == TaskKind.RECHECK:
        raise SettledElsewhere
    if not outcome.strip():
        raise OutcomeMissing
    if task.state == TaskState.DONE or task.taken_by not in (None, staff.id):
        raise Busy
    task.state, task.taken_by = TaskState.DONE, staff.id
    task.taken_at = task.taken_at or now
    task.done_at, task.outcome = now, outcome.strip()
    await _save(session, task, "task.finished", staff.actor, now)
    late = await session.scalar(
        select(Task).where(Task.key == late_key(task), Task.state != TaskState.DONE)
    )
    if late is not None:
        late.state, late.done_at, late.outcome = TaskState.DONE, now, text("task.clock_over")
        await _save(session, late, "task.finished", staff.actor, now)
    return task


_LATE = "promise:"


def late_key(task: Task) -> str:
    """The key under which the head hears that a promise to a citizen was not kept."""
    return f"{_LATE}{task.id}"


async def untold_promises(session: AsyncSession, *, now: datetime, limit: int) -> list[Task]:
    """What was promised to a citizen, is over, not done, and not yet told the head; oldest first."""
    telling = aliased(Task)
    told = exists().where(telling.key == literal(_LATE).concat(cast(Task.id, String)))
    rows = await session.scalars(
        select(Task)
        .where(
            Task.state != TaskState.DONE,
            Task.kind.in_(PROMISED_KINDS),
            Task.promised_at < now,
            ~told,
        )
        .order_by(Task.promised_at, Task.id)
        .limit(limit)
    )
    return list(rows)


async def close_for(
    session: AsyncSession,
    application_id: str,
    *,
    kind: TaskKind,
    outcome: str,
    now: datetime,
    by: StaffUser | None = None,
) -> None:
    """Close an application's tasks of a kind, whoever has them: what they were for is over.

    Args:
        by: who settled it; None for the clock.
    """
    waiting = await session.scalars(
        select(Task).where(
            Task.application_id == application_id,
            Task.kind == kind,
            Task.state != TaskState.DONE,
        )
    )
    for task in waiting:
        task.state, task.done_at, task.outcome = TaskState.DONE, now, outcome
        task.taken_by = task.taken_by or (by.id if by else None)
        actor = by.actor if by else "clock"
        await _save(session, task, "task.finished", actor, now)


async def close_clock_tasks(session: AsyncSession, application_id: str, *, now: datetime) -> None:
    """A step was taken: what was due is no longer waited for.

    What is over in any case (silence that accepted, a promise to a citizen) stays the head's.
    """
    waiting = await session.scalars(
        select(Task).where(
            Task.application_id == application_id,
            Task.kind.in_(CLOCK_KINDS),
            Task.state != TaskState.DONE,
            or_(*(Task.key.startswith(f"{one}:") for one in ("near", "late", "late_by_law"))),
        )
    )
    for task in waiting:
        task.state, task.done_at, task.outcome = TaskState.DONE, now, text("task.clock_over")
        await _save(session, task, "task.finished", "clock", now)


async def _task(session: AsyncSession, task_id: str) -> Task:
    task = await session.get(Task, task_id)
    if task is None:
        raise NotFound
    return task


async def _save(session: AsyncSession, task: Task, action: str, actor: str, now: datetime) -> None:
    try:
        await session.flush()
    except StaleDataError as exc:
        raise Busy from exc
    await record(session, actor=actor, action=action, subject=f"task:{task.id}", now=now)


def _promise(calendar: WorkCalendar, today: date) -> datetime | None:
    try:
        last = calendar.add_working_days(today, promise_working_days())
    except CalendarMissing:
        return None
    return _end_of(last)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, PROMISED_BY, CHINA)
