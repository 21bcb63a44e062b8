"""What the estimate is made from, read from the database; and who is to be told to come near."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.messages import text
from backoffice.outbox import services as outbox
from backoffice.queue.calling import open_desks, takes
from backoffice.queue.estimating import (
    Case,
    Estimate,
    InLine,
    Place,
    Times,
    count_before,
    estimate_for,
    estimates_behind,
)
from backoffice.queue.models import Desk, QueuePeriod, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import AT_WINDOW, PeriodKind, TicketState
from backoffice.queue.tickets import tickets_in
from backoffice.staff.models import StaffUser

_PAST = timedelta(days=30)
_CASES = 3000
_KEEP_TIMES = timedelta(minutes=1)
_SOON_S = 60
_times: "WeakKeyDictionary[Engine, tuple[datetime, QueueRules, Times]]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Hall:
    """The hall at this moment.

    Attributes:
        desks: who sits where, by window.
        people: the clerks who sit there, by id.
        busy: whom a window has called or serves, by window.
        places: the open windows as the estimate sees them.
        waiting: everybody who waits, in order.
    """

    rules: QueueRules
    now: datetime
    desks: Mapping[int, Desk]
    people: Mapping[str, StaffUser]
    busy: Mapping[int, Ticket]
    places: Sequence[Place]
    waiting: Sequence[Ticket]
    times: Times

    @property
    def pause_s(self) -> float:
        """Between two people at a window."""
        return float(self.rules.numbers.pause_seconds)

    def before(self, ticket: Ticket) -> int:
        """How many are called before this one, by the windows that may call it."""
        return count_before(self._one(ticket), self._ahead(ticket), self.places)

    def estimate(self, ticket: Ticket) -> Estimate | None:
        """The wait of one who waits; None when no open window may call them."""
        return estimate_for(
            self._one(ticket), self._ahead(ticket), self.places, self.times, self.pause_s
        )

    def estimates_new(self, businesses: Sequence[str]) -> list[Estimate | None]:
        """The wait of somebody who would take a number now, for each of these."""
        ahead = [self._one(one) for one in self.waiting]
        each = [InLine(one) for one in businesses]
        return estimates_behind(each, ahead, self.places, self.times, self.pause_s)

    def _one(self, ticket: Ticket) -> InLine:
        return in_line(self.rules, ticket)

    def _ahead(self, ticket: Ticket) -> list[InLine]:
        mine = (ticket.order_at, ticket.id)
        return [self._one(one) for one in self.waiting if (one.order_at, one.id) < mine]


def in_line(rules: QueueRules, ticket: Ticket) -> InLine:
    """A ticket as the estimate sees it."""
    return InLine(rules.standing(ticket.business), ticket.only_window)


async def hall_now(session: AsyncSession, rules: QueueRules, *, now: datetime) -> Hall:
    """Look at the hall."""
    there = await tickets_in(session, rules, [*AT_WINDOW, TicketState.WAITING], now=now)
    busy = {one.window: one for one in there if one.state in AT_WINDOW and one.window is not None}
    desks = {one.window: one for one in await open_desks(session, rules, now=now)}
    found = await session.scalars(
        select(StaffUser).where(StaffUser.id.in_([one.staff_id for one in desks.values()]))
    )
    people = {one.id: one for one in found}
    places = [
        _place(rules, one, people[one.staff_id], busy.get(one.window), now)
        for one in desks.values()
        if one.staff_id in people and one.window in rules.windows
    ]
    waiting = [one for one in there if one.state == TicketState.WAITING]
    times = await _known_times(session, rules, now)
    return Hall(rules, now, desks, people, busy, places, waiting, times)


def _place(
    rules: QueueRules, desk: Desk, staff: StaffUser, current: Ticket | None, now: datetime
) -> Place:
    passed = (now - current.called_at).total_seconds() if current and current.called_at else 0
    return Place(
        desk.window,
        desk.staff_id,
        takes(rules, desk.window, staff),
        rules.standing(current.business) if current else None,
        max(passed, 0.0),
    )


def keep_estimate(hall: Hall, ticket: Ticket) -> Estimate | None:
    """The wait of a new ticket, kept with it so that it can be held against the truth."""
    estimate = hall.estimate(ticket)
    wall = wall_seconds(hall.rules, hall.now, estimate.seconds) if estimate else None
    ticket.estimate_s = round(wall) if wall is not None else None
    return estimate


def wall_seconds(rules: QueueRules, now: datetime, working: float) -> float | None:
    """Seconds until the hall has been open for so long; None when that is not today."""
    at = rules.after_working(now, working)
    return (at - now).total_seconds() if at is not None else None


def wait_words(
    rules: QueueRules, now: datetime, estimate: Estimate | None, *, form: str = "wait"
) -> str:
    """The estimate with its error by the clock: `wait` as it is said, `short` for a table."""
    if estimate is None:
        return text(f"queue.{form}_unknown")
    low, middle, high = (
        wall_seconds(rules, now, one) for one in (estimate.low, estimate.seconds, estimate.high)
    )
    if low is None or middle is None:
        return text(f"queue.{form}_not_today")
    if middle < _SOON_S:
        return text(f"queue.{form}_soon")
    # The far end may lie after closing: then the middle is the end of what is said.
    end = high if high is not None else middle
    return text(
        f"queue.{form}",
        minutes=round(middle / 60),
        low=int(low // 60),
        high=max(round(middle / 60), int(-(-end // 60))),
    )


def near(hall: Hall) -> list[tuple[Ticket, int]]:
    """Who has come near, with how many are before; nobody while no window is open."""
    seen: Counter[InLine] = Counter()
    found = []
    for ticket in hall.waiting if hall.places else ():
        mine = in_line(hall.rules, ticket)
        before = count_before(mine, list(seen.elements()), hall.places)
        if before <= hall.rules.numbers.near:
            found.append((ticket, before))
        seen[mine] = min(seen[mine] + 1, hall.rules.numbers.near + 1)  # more makes no difference
    return found


async def to_tell(
    session: AsyncSession, rules: QueueRules, *, now: datetime
) -> list[tuple[Ticket, int]]:
    """Who has come near, can be told and has not been, with how many are before. Only reads.

    That somebody was told is known by the effect's key alone: a mark on the ticket would lock it
    for a moment, and a window that calls in that moment would pass over it.
    """
    found = {
        _near_key(ticket): (ticket, before)
        for ticket, before in near(await hall_now(session, rules, now=now))
        if ticket.conversation_id or ticket.phone
    }
    told = await outbox.asked_for(session, list(found))
    return [one for key, one in found.items() if key not in told]


async def tell(
    session: AsyncSession, found: Sequence[tuple[Ticket, int]], *, now: datetime
) -> None:
    """Ask for these to be told; an entry whose ticket was called meanwhile tells nothing."""
    for ticket, before in found:
        await outbox.put(
            session,
            kind="queue.tell",
            key=_near_key(ticket),
            payload={"ticket": ticket.id, "what": "near", "before": before},
            now=now,
        )


def _near_key(ticket: Ticket) -> str:
    return f"queue.near:{ticket.id}:{ticket.business}"


async def _known_times(session: AsyncSession, rules: QueueRules, now: datetime) -> Times:
    """Service times of the last weeks; looked up again after a minute."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    kept = _times.get(engine)
    # Other rules may have been published in between, with businesses that these do not know.
    if kept is not None and kept[1] is rules and abs(now - kept[0]) < _KEEP_TIMES:
        return kept[2]
    typical = {one.code: one.typical_minutes * 60.0 for one in rules.businesses.values()}
    times = Times(typical, await _cases(session, rules, now))
    _times[engine] = (now, rules, times)
    return times


async def _cases(session: AsyncSession, rules: QueueRules, now: datetime) -> list[Case]:
    found = await session.execute(
        select(
            QueuePeriod.ticket_id,
            QueuePeriod.window,
            QueuePeriod.staff_id,
            QueuePeriod.began_at,
            QueuePeriod.ended_at,
            Ticket.business,
            QueuePeriod.step,
        )
        .join(Ticket, Ticket.id == QueuePeriod.ticket_id)
        .where(
            Ticket.hall == rules.hall,
            QueuePeriod.kind.in_([PeriodKind.INVITED, PeriodKind.SERVED]),
            QueuePeriod.ended_at > now - _PAST,
            Ticket.state != TicketState.EXPIRED,
        )
        .order_by(QueuePeriod.ended_at.desc())
        .limit(_CASES)
    )
    return stays(list(found)[::-1], set(rules.businesses))


def stays(rows: Sequence[Any], known: set[str]) -> list[Case]:
    """Periods at windows, oldest first, put together to stays: from a call to leaving the window."""
    cases: dict[tuple[int, int, datetime], Case] = {}
    last: dict[int, tuple[tuple[int, int, datetime], datetime]] = {}
    for row in rows:
        if row.business not in known or row.staff_id is None:
            continue
        key = (row.ticket_id, row.window, row.began_at)
        before = last.get(row.ticket_id)
        if before is not None and before[1] == row.began_at and before[0][1] == row.window:
            key = before[0]  # called, called again, served: one stay
        seconds = (row.ended_at - key[2]).total_seconds()
        cases[key] = Case(row.business, row.staff_id, seconds)
        last[row.ticket_id] = (key, row.ended_at)
    return list(cases.values())
