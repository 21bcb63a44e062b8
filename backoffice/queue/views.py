"""What the screens, the clerk's bar, the counter and the manager see of the queue."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.clock import china_date
from backoffice.messages import text
from backoffice.queue.calling import at_window, desk_of, open_desks, takes
from backoffice.queue.estimating import Estimate, Place
from backoffice.queue.models import Desk, QueuePeriod, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import PeriodKind, TicketState
from backoffice.queue.tickets import tickets_in
from backoffice.queue.waits import Hall, hall_now, in_line
from backoffice.staff.models import StaffUser

_CALLS_SHOWN = 5
_MISSED_SHOWN = 6
_TOPICS_OVER = timedelta(days=30)


@dataclass(frozen=True)
class Line:
    """One business's line now. `estimate` is of somebody who came this moment."""

    code: str
    name: str
    count: int
    longest_s: float
    estimate: Estimate | None


@dataclass(frozen=True)
class Screen:
    """The hall's screen: who is called, newest first; the lines; who missed the call."""

    calls: Sequence[Ticket]
    at_windows: Sequence[Ticket]
    lines: Sequence[Line]
    missed: Sequence[Ticket]


@dataclass(frozen=True)
class Bar:
    """A clerk's calling bar.

    Attributes:
        desk: None while the clerk sits nowhere; then `free` are the windows to choose from.
        waiting: how many this clerk may call.
        held: who was sent to fetch something, from any window.
        case: the current ticket's application, when staff can open it.
    """

    desk: Desk | None
    current: Ticket | None = None
    waiting: int = 0
    next: Ticket | None = None
    held: Sequence[Ticket] = ()
    free: Sequence[int] = ()
    case: str | None = None


@dataclass(frozen=True)
class WindowNow:
    """One window as the manager sees it."""

    number: int
    name: str
    clerk: str | None
    ticket: Ticket | None
    since: datetime | None


@dataclass(frozen=True)
class Day:
    """The day so far, in seconds.

    Attributes:
        error_s: how far the told waits were off on average; `mean_error_s` how far the day's mean
            wait would have been.
        topics: what was asked for that the hall does not have: name, times today and in 30 days.
    """

    taken: int = 0
    done: int = 0
    missed: int = 0
    given_up: int = 0
    wait_s: float | None = None
    longest_s: float | None = None
    service_s: float | None = None
    error_s: float | None = None
    mean_error_s: float | None = None
    topics: Sequence[tuple[str, int, int]] = ()


async def screen(session: AsyncSession, rules: QueueRules, *, now: datetime) -> Screen:
    """What stands on the hall's screen."""
    hall = await hall_now(session, rules, now=now)
    busy = list(hall.busy.values())
    # Whoever still has to come goes before those who are there.
    calls = sorted(
        busy,
        key=lambda one: (one.state == TicketState.CALLED, one.called_at or one.taken_at),
        reverse=True,
    )
    missed = await tickets_in(session, rules, [TicketState.NO_SHOW], now=now)
    missed.sort(key=lambda one: one.ended_at or one.taken_at, reverse=True)
    return Screen(calls[:_CALLS_SHOWN], busy, lines_of(hall), missed[:_MISSED_SHOWN])


def lines_of(hall: Hall) -> list[Line]:
    """The lines by business, as the data orders them."""
    known = hall.rules.businesses
    found = []
    for code, estimate in zip(known, hall.estimates_new([*known]), strict=True):
        mine = [one for one in hall.waiting if hall.rules.standing(one.business) == code]
        longest = max(((hall.now - one.taken_at).total_seconds() for one in mine), default=0.0)
        found.append(Line(code, known[code].name, len(mine), longest, estimate))
    return found


def spoken(ticket: Ticket) -> list[dict[str, str]]:
    """The announcement of a call, in each language, digit by digit."""
    digits = text("queue.digits")
    number = ",".join([*ticket.series, "".join(digits[int(d)] for d in f"{ticket.number:03d}")])
    return [
        {"lang": "zh-CN", "text": text("queue.spoken", number=number, window=ticket.window or 0)},
        {
            "lang": "zh-HK",
            "text": text("queue.spoken_yue", number=number, window=ticket.window or 0),
        },
    ]


async def bar(session: AsyncSession, rules: QueueRules, *, staff: StaffUser, now: datetime) -> Bar:
    """The calling bar of this clerk."""
    desk = await desk_of(session, rules, staff=staff, now=now)
    waiting = await tickets_in(session, rules, [TicketState.WAITING], now=now)
    if desk is None:
        taken = {one.window for one in await open_desks(session, rules, now=now)}
        free = [number for number in rules.windows if number not in taken]
        return Bar(None, waiting=len(waiting), free=free)
    here = Place(desk.window, staff.id, takes(rules, desk.window, staff))
    mine = [one for one in waiting if in_line(rules, one).goes_to(here)]
    current = await at_window(session, rules, window=desk.window, now=now)
    return Bar(
        desk,
        current,
        len(mine),
        next(iter(mine), None),
        await tickets_in(session, rules, [TicketState.HELD], now=now),
        case=await _case(session, current),
    )


async def _case(session: AsyncSession, ticket: Ticket | None) -> str | None:
    """The application that staff may look up; a draft that waits for nobody stays closed."""
    if ticket is None or ticket.application_id is None:
        return None
    application = await session.get(Application, ticket.application_id)
    return application.id if application is not None and application.number else None


def windows_now(hall: Hall) -> list[WindowNow]:
    """Every window: who sits there, whom they serve, since when."""
    return [
        WindowNow(
            number,
            window.name,
            _clerk_at(hall, number),
            hall.busy.get(number),
            hall.busy[number].called_at if number in hall.busy else None,
        )
        for number, window in hall.rules.windows.items()
    ]


def _clerk_at(hall: Hall, window: int) -> str | None:
    desk = hall.desks.get(window)
    clerk = hall.people.get(desk.staff_id) if desk is not None else None
    return clerk.display_name if clerk is not None else None


async def day_so_far(session: AsyncSession, rules: QueueRules, *, now: datetime) -> Day:
    """The day's figures, from the timed periods."""
    today = (Ticket.hall == rules.hall, Ticket.day == china_date(now))
    tickets = list(await session.scalars(select(Ticket).where(*today)))
    rows = await session.execute(
        select(QueuePeriod.ticket_id, QueuePeriod.kind, QueuePeriod.began_at, QueuePeriod.ended_at)
        .join(Ticket, Ticket.id == QueuePeriod.ticket_id)
        .where(*today, QueuePeriod.ended_at.is_not(None))
        .order_by(QueuePeriod.id)
    )
    first_wait: dict[int, float] = {}
    services = []
    called = {one.id for one in tickets if one.called_at is not None}
    for row in rows:
        seconds = (row.ended_at - row.began_at).total_seconds()
        if row.kind == PeriodKind.WAITING and row.ticket_id in called:
            first_wait.setdefault(row.ticket_id, seconds)
        elif row.kind == PeriodKind.SERVED:
            services.append(seconds)
    waits = list(first_wait.values())
    mean = fmean(waits) if waits else None
    pairs = [
        (one.estimate_s, first_wait[one.id])
        for one in tickets
        if one.estimate_s is not None and one.id in first_wait
    ]
    return Day(
        taken=len(tickets),
        done=sum(one.state == TicketState.DONE for one in tickets),
        missed=sum(one.state == TicketState.NO_SHOW for one in tickets),
        given_up=sum(one.state == TicketState.CANCELLED for one in tickets),
        wait_s=mean,
        longest_s=max(waits, default=None),
        service_s=fmean(services) if services else None,
        error_s=fmean(abs(told - was) for told, was in pairs) if pairs else None,
        mean_error_s=fmean(abs((mean or 0) - was) for _, was in pairs) if pairs else None,
        topics=await _topics(session, rules, china_date(now)),
    )


async def _topics(
    session: AsyncSession, rules: QueueRules, today: date
) -> list[tuple[str, int, int]]:
    rows = await session.execute(
        select(Ticket.topic, Ticket.day, func.count())
        .where(
            Ticket.hall == rules.hall,
            Ticket.day > today - _TOPICS_OVER,
            Ticket.topic.is_not(None),
        )
        .group_by(Ticket.topic, Ticket.day)
    )
    now, month = Counter[str](), Counter[str]()
    for topic, day, count in rows:
        month[str(topic)] += count
        now[str(topic)] += count if day == today else 0
    return [(topic, now[topic], count) for topic, count in month.most_common()]
