"""Time limits of an application: when it is due, and what the clock does by itself.

Working days, counted from the day after; while the applicant corrects, the time stands still.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application, HistoryRow
from backoffice.applications.states import State, Step
from backoffice.calendar import CalendarMissing, WorkCalendar
from backoffice.clock import china_date
from backoffice.logs import log
from catalogue.schema import ServiceItem, TimeLimit

SILENCE_WORKING_DAYS = 5
"""Working days to tell the applicant everything that is missing; silence beyond them accepts.

Source: 行政许可法（2004-07-01 起施行，2019 年修正）第三十二条第一款第四项.
"""

_ONE_DAY = timedelta(days=1)

Suspension = tuple[date, date]
"""Day the correction was asked for, and day it came back."""


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
    limit = _limit(item)
    if limit is None:
        return None
    if limit.unit == "on_spot":
        return accepted
    if limit.value is None:
        return None
    try:
        if limit.unit == "working_day":
            return _count(calendar, accepted, limit.value, suspensions, working=True)
        if limit.unit == "calendar_day":
            return _count(calendar, accepted, limit.value, suspensions, working=False)
    except CalendarMissing as exc:
        log("clocks").warning("calendar.missing", year=exc.year)
        return None
    if limit.unit == "month":
        return _add_months(accepted, limit.value) + _lost(suspensions)
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
    begun: date | None = None
    for row in history:
        if row.step == Step.REQUEST_SUPPLEMENT and row.before == State.ACCEPTED:
            begun = china_date(row.at)
        elif row.step == Step.SUBMIT and begun is not None:
            found.append((begun, china_date(row.at)))
            begun = None
    return found


async def silent_applications(
    session: AsyncSession, calendar: WorkCalendar, now: datetime
) -> list[Application]:
    """Applications that count as accepted because nobody said anything in time."""
    waiting = await session.scalars(
        select(Application).where(Application.state == State.SUBMITTED).order_by(Application.id)
    )
    histories = await _histories(session)
    today = china_date(now)
    silent = []
    for application in waiting:
        received = received_at(application, histories.get(application.id, []))
        ends = silence_ends_on(calendar, china_date(received)) if received else None
        if ends is not None and today > ends:
            silent.append(application)
    return silent


async def _histories(session: AsyncSession) -> Mapping[str, list[HistoryRow]]:
    rows = await session.scalars(
        select(HistoryRow)
        .join(Application, Application.id == HistoryRow.application_id)
        .where(Application.state == State.SUBMITTED)
        .order_by(HistoryRow.id)
    )
    found: dict[str, list[HistoryRow]] = {}
    for row in rows:
        found.setdefault(row.application_id, []).append(row)
    return found


def _limit(item: ServiceItem) -> TimeLimit | None:
    for limit in (item.time.promised, item.time.statutory):
        if limit.value is not None or limit.unit == "on_spot":
            return limit
    return None


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
