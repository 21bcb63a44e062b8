"""Time limits of an application: when it is due, and what the clock does by itself.

Working days, counted from the day after; while the applicant corrects, the time stands still.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application, HistoryRow
from backoffice.applications.states import AT_THE_AUTHORITY, State, Step
from backoffice.calendar import CalendarMissing, WorkCalendar
from backoffice.clock import china_date
from catalogue.schema import ServiceItem, TimeLimit

SILENCE_WORKING_DAYS = 5
"""Working days to tell the applicant everything that is missing; silence beyond them accepts.

Source: 行政许可法（2004-07-01 起施行，2019 年修正）第三十二条第一款第四项.
"""

_ONE_DAY = timedelta(days=1)

Suspension = tuple[date, date]
"""Day the correction was asked for, and day it came back."""


def set_clocks(
    application: Application,
    item: ServiceItem,
    calendar: WorkCalendar,
    history: Sequence[HistoryRow],
) -> None:
    """Write down the last days that follow from state and history; nothing else sets them.

    Promise and law run from acceptance and stand still while the applicant corrects, when no day
    can be named. What is over keeps its days, as a record of what was to be met.

    Args:
        history: all steps so far, oldest first.
    """
    state = State(application.state)
    application.act_by = None
    if state == State.SUPPLEMENT_DUE:
        application.due_on = application.lawful_on = None
    if state not in AT_THE_AUTHORITY:
        return
    if application.accepted_at is not None:
        accepted, pauses = china_date(application.accepted_at), suspensions_of(history)
        application.due_on = due_on(item, calendar, accepted, pauses)
        application.lawful_on = lawful_on(item, calendar, accepted, pauses)
    days = [application.due_on, application.lawful_on]
    if state == State.SUBMITTED:
        received = received_at(application, history)
        days.append(silence_ends_on(calendar, china_date(received)) if received else None)
    application.act_by = min((day for day in days if day is not None), default=None)


def has_clock(item: ServiceItem) -> bool:
    """Whether a day can be named by which an accepted case has to be decided."""
    return any(_is_in_days(one) for one in (item.time.promised, item.time.statutory))


def due_on(
    item: ServiceItem,
    calendar: WorkCalendar,
    accepted: date,
    suspensions: Sequence[Suspension] = (),
) -> date | None:
    """Last day of the promised time (of the statutory one, when nothing is promised).

    Args:
        accepted: day of acceptance (受理), itself not counted.
        suspensions: days after the first up to and including the second do not count.

    Returns:
        None when the item has no limit in days, or the holiday list does not reach so far.
    """
    limits = (item.time.promised, item.time.statutory)
    limit = next((one for one in limits if _is_in_days(one)), None)
    return _last_day(limit, calendar, accepted, suspensions) if limit else None


def lawful_on(
    item: ServiceItem,
    calendar: WorkCalendar,
    accepted: date,
    suspensions: Sequence[Suspension] = (),
) -> date | None:
    """Last day of the statutory time; None as for `due_on`, or when the facts name no such time."""
    limit = item.time.statutory
    return _last_day(limit, calendar, accepted, suspensions) if _is_in_days(limit) else None


def _last_day(
    limit: TimeLimit, calendar: WorkCalendar, accepted: date, suspensions: Sequence[Suspension]
) -> date | None:
    if limit.unit == "on_spot":
        return accepted
    count = limit.value or 0
    if limit.unit == "month":
        return _add_months(accepted, count) + _lost(suspensions)
    try:
        return _count(calendar, accepted, count, suspensions, working=limit.unit == "working_day")
    except CalendarMissing:  # operators are warned by the worker, long before
        return None


def silence_ends_on(calendar: WorkCalendar, received: date) -> date | None:
    """Last day to ask for corrections; None when the holiday list does not reach so far."""
    try:
        return calendar.add_working_days(received, SILENCE_WORKING_DAYS)
    except CalendarMissing:
        return None


def received_at(application: Application, history: Sequence[HistoryRow]) -> datetime | None:
    """When the papers arrived: the last submission."""
    submissions = [row.at for row in history if row.step == Step.SUBMIT]
    return submissions[-1] if submissions else application.submitted_at


def suspensions_of(history: Sequence[HistoryRow]) -> list[Suspension]:
    """The times since acceptance in which the applicant was correcting."""
    found: list[Suspension] = []
    accepted = False
    begun: date | None = None
    for row in history:
        if row.step == Step.REQUEST_SUPPLEMENT and (accepted or row.before == State.ACCEPTED):
            begun = china_date(row.at)
        elif row.step == Step.SUBMIT and begun is not None:
            found.append((begun, china_date(row.at)))
            begun = None
        accepted = accepted or row.after == State.ACCEPTED
    return found


async def history_of(session: AsyncSession, application: Application) -> list[HistoryRow]:
    """The steps so far, oldest first."""
    rows = await session.scalars(
        select(HistoryRow)
        .where(HistoryRow.application_id == application.id)
        .order_by(HistoryRow.id)
    )
    return list(rows)


def _is_in_days(limit: TimeLimit) -> bool:
    counted = limit.unit in ("working_day", "calendar_day", "month") and limit.value is not None
    return counted or limit.unit == "on_spot"


def _count(
    calendar: WorkCalendar,
    day: date,
    count: int,
    suspensions: Sequence[Suspension],
    *,
    working: bool,
) -> date:
    while count:
        day += _ONE_DAY
        if any(first < day <= last for first, last in suspensions):
            continue
        count -= calendar.is_working_day(day) if working else 1
    return day


def _lost(suspensions: Sequence[Suspension]) -> timedelta:
    return sum((last - first for first, last in suspensions), timedelta())


def _add_months(day: date, months: int) -> date:
    """The same day some months later; the last day of that month when it is shorter."""
    total = day.month - 1 + months
    first = date(day.year + total // 12, total % 12 + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - _ONE_DAY)
