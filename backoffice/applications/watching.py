"""What the clock does by itself: accept by silence, remind clerks, escalate to the head.

The worker calls it every minute. Everything is found by `Application.act_by`, so that a round looks
at what is due and at nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.clocks import (
    has_clock,
    history_of,
    received_at,
    set_clocks,
    silence_ends_on,
)
from backoffice.applications.decisions import Bench, conclude, start_clock
from backoffice.applications.models import Application
from backoffice.applications.states import AT_THE_AUTHORITY, State, Step
from backoffice.audit.services import record
from backoffice.calendar import CalendarMissing
from backoffice.clock import china_date
from backoffice.dates import day_text
from backoffice.logs import log
from backoffice.messages import text
from backoffice.tasks.models import Task, TaskKind
from backoffice.tasks.services import (
    late_key,
    open_task,
    reminder_working_days,
    untold_promises,
)
from catalogue.loader import Catalogue

CLOCK = "clock"
_AT_ONCE = 100
"""Cases of one round, so that nobody waits long for the database."""


@dataclass(frozen=True)
class _Case:
    """What a reminder needs of a case; nothing of it has to be decrypted."""

    id: str
    number: str | None
    item_code: str
    act_by: date | None
    lawful_on: date | None


class Alert(StrEnum):
    """Why staff are told of a case."""

    NEAR = "near"
    LATE = "late"
    LATE_BY_LAW = "late_by_law"
    SILENT = "silent"


async def deem_accepted(bench: Bench) -> list[str]:
    """Silence past the fifth working day counts as acceptance on receipt; the head hears of it.

    Returns:
        Ids of the applications that now count as accepted.

    Source: 行政许可法 第三十二条第一款第四项 (see `clocks.SILENCE_WORKING_DAYS`).
    """
    today = china_date(bench.now)
    over = await bench.session.scalars(
        select(Application)
        .where(Application.state == State.SUBMITTED, Application.act_by < today)
        .order_by(Application.act_by, Application.id)
        .limit(_AT_ONCE)
    )
    done: list[tuple[Application, date]] = []
    for application in list(over):
        if bench.catalogue.find(application.item_code) is None:
            # One case of an item that left the catalogue must not hold up all the others.
            log("decisions").error("case.item_missing", application_id=application.id)
            continue
        history = await history_of(bench.session, application)
        received = received_at(application, history) or bench.now
        ends = silence_ends_on(bench.calendar, china_date(received))
        if ends is None or today <= ends:
            continue  # accepted before: it is the promise that is over
        await start_clock(bench, application, Step.DEEM_ACCEPTED, actor=CLOCK, at=received)
        done.append((application, ends))
    await bench.session.flush()
    # The audit trail's end is locked from the first entry on: no case may be locked after it.
    for application, ends in done:
        deemed = {"deemed": True}
        await conclude(bench, application, "accepted", CLOCK, deemed, notice="deemed")
        await _tell(bench, application, Alert.SILENT, ends)
    return [application.id for application, _ in done]


async def remind(bench: Bench) -> list[str]:
    """Open a reminder for what is due soon and, for the head, one for what is over.

    Each is opened once for each last day; the step that was waited for closes it.

    Returns:
        Keys of the tasks that were opened.
    """
    today = china_date(bench.now)
    try:
        horizon = bench.calendar.add_working_days(today, reminder_working_days())
    except CalendarMissing as exc:
        log("clocks").warning("calendar.missing", year=exc.year)
        horizon = today
    rows = await bench.session.execute(
        select(
            Application.id,
            Application.number,
            Application.item_code,
            Application.act_by,
            Application.lawful_on,
        )
        .where(Application.state.in_(AT_THE_AUTHORITY), Application.act_by <= horizon)
        .order_by(Application.act_by, Application.id)
    )
    near = [_Case(*row) for row in rows]
    opened = []
    for application, alert, day in await _untold(bench, _alerts(near, today)):
        await _tell(bench, application, alert, day)
        opened.append(_key(application, alert, day))
    return opened


async def escalate_promises(bench: Bench) -> list[str]:
    """Tell the head of every call-back or appointment whose promised time is over, once.

    Returns:
        Keys of the tasks that were opened; finishing the promised one closes them.
    """
    opened = []
    for task in await untold_promises(bench.session, now=bench.now, limit=_AT_ONCE):
        if task.promised_on is None:
            continue
        key = late_key(task)
        day = day_text(task.promised_on)
        await open_task(
            bench.session,
            kind=TaskKind.OVERDUE,
            conversation_id=None,
            application_id=task.application_id,
            item_code=task.item_code,
            phone=None,
            summary=text(f"task.promise.{task.kind}", day=day),
            now=bench.now,
            calendar=bench.calendar,
            key=key,
            by=task.promised_on,
        )
        opened.append(key)
    return opened


async def wind_up(bench: Bench) -> list[str]:
    """Name the days that could not be named before, once the holiday list reaches so far.

    Returns:
        Ids of the applications that now have a last day.
    """
    waiting = await bench.session.scalars(
        select(Application)
        .where(*_without_a_day(bench.catalogue))
        .order_by(Application.id)
        .limit(_AT_ONCE)
    )
    done = []
    for application in list(waiting):
        item = bench.catalogue.find(application.item_code)
        if item is None:
            continue
        history = await history_of(bench.session, application)
        set_clocks(application, item, bench.calendar, history)
        if application.act_by is not None:
            done.append(application.id)
    return done


async def without_a_day(session: AsyncSession, catalogue: Catalogue) -> int:
    """How many cases at the authority have no last day although their limits are in days."""
    query = select(func.count()).select_from(Application).where(*_without_a_day(catalogue))
    return int(await session.scalar(query) or 0)


def _without_a_day(catalogue: Catalogue) -> list[ColumnElement[bool]]:
    counted = [code for code, item in catalogue.items.items() if has_clock(item)]
    return [
        Application.act_by.is_(None),
        or_(
            Application.state == State.SUBMITTED,
            and_(Application.state == State.ACCEPTED, Application.item_code.in_(counted)),
        ),
    ]


def _alerts(cases: Iterable[_Case], today: date) -> list[tuple[_Case, Alert, date]]:
    found = []
    for case in cases:
        if case.act_by is not None:
            found.append((case, Alert.LATE if case.act_by < today else Alert.NEAR, case.act_by))
        if case.lawful_on is not None and case.lawful_on < today and case.lawful_on != case.act_by:
            found.append((case, Alert.LATE_BY_LAW, case.lawful_on))
    return found


async def _untold(
    bench: Bench, alerts: Sequence[tuple[_Case, Alert, date]]
) -> list[tuple[_Case, Alert, date]]:
    """Those that nobody was told of yet, as many as a round may tell."""
    told: set[str] = set()
    keys = [_key(*one) for one in alerts]
    for begin in range(0, len(keys), _AT_ONCE):
        some = keys[begin : begin + _AT_ONCE]
        told |= set(await bench.session.scalars(select(Task.key).where(Task.key.in_(some))))
    return [one for one in alerts if _key(*one) not in told][:_AT_ONCE]


async def _tell(bench: Bench, application: Application | _Case, alert: Alert, day: date) -> None:
    number = application.number or ""
    await open_task(
        bench.session,
        kind=TaskKind.REMINDER if alert == Alert.NEAR else TaskKind.OVERDUE,
        conversation_id=None,
        application_id=application.id,
        item_code=application.item_code,
        phone=None,
        summary=text(f"task.clock.{alert}", number=number, day=day_text(day)),
        now=bench.now,
        calendar=bench.calendar,
        key=_key(application, alert, day),
        by=day,
    )
    await record(
        bench.session,
        actor=CLOCK,
        action=f"case.{alert}",
        subject=f"application:{application.id}",
        detail={"item": application.item_code, "day": day.isoformat()},
        now=bench.now,
    )


def _key(application: Application | _Case, alert: Alert, day: date) -> str:
    return f"{alert}:{application.id}:{day.isoformat()}"
