"""What the estimate is made from, read from the database; and who is to be told to come near."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncSession

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
    estimates,
)
from backoffice.queue.models import QueuePeriod, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import AT_WINDOW, PeriodKind, TicketState
from backoffice.queue.tickets import tickets_in
from backoffice.staff.models import StaffUser

_PAST = timedelta(days=30)
_CASES = 3000
_KEEP_TIMES = timedelta(minutes=1)
_times: "WeakKeyDictionary[Engine, tuple[datetime, QueueRules, Times]]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Hall:
    """The hall at this moment: the windows that are open and everybody who waits, in order."""

    rules: QueueRules
    now: datetime
    places: Sequence[Place]
    waiting: Sequence[Ticket]
    times: Times

    @property
    def pause_s(self) -> float:
        """Between two people at a window."""
        return float(self.rules.numbers.pause_seconds)

    def before(self, ticket: Ticket) -> int:
        """How many are called before this one, by the windows that may call it."""
        ahead = [in_line(one) for one in self._ahead(ticket)]
        return count_before(in_line(ticket), ahead, self.places)

    def estimate(self, ticket: Ticket) -> Estimate | None:
        """The wait of one who waits; None when no open window may call them."""
        ahead = [in_line(one) for one in self._ahead(ticket)]
        return estimate_for(in_line(ticket), ahead, self.places, self.times, self.pause_s)

    def estimate_new(self, business: str) -> Estimate | None:
        """The wait of somebody who would take a number now."""
        ahead = [in_line(one) for one in self.waiting]
        return estimate_for(InLine(business), ahead, self.places, self.times, self.pause_s)

    def all_estimates(self) -> list[Estimate | None]:
        """One for each who waits, in order."""
        line = [in_line(one) for one in self.waiting]
        return estimates(line, self.places, self.times, self.pause_s)

    def _ahead(self, ticket: Ticket) -> list[Ticket]:
        mine = (ticket.order_at, ticket.id)
        return [one for one in self.waiting if (one.order_at, one.id) < mine]


def in_line(ticket: Ticket) -> InLine:
    """A ticket as the estimate sees it."""
    return InLine(ticket.business, ticket.only_window)


async def hall_now(session: AsyncSession, rules: QueueRules, *, now: datetime) -> Hall:
    """Look at the hall."""
    busy = {one.window: one for one in await tickets_in(session, rules, [*AT_WINDOW], now=now)}
    desks = await open_desks(session, rules, now=now)
    found = await session.scalars(
        select(StaffUser).where(StaffUser.id.in_([one.staff_id for one in desks]))
    )
    people = {one.id: one for one in found}
    places = []
    for desk in desks:
        staff = people.get(desk.staff_id)
        if staff is None or desk.window not in rules.windows:
            continue
        current = busy.get(desk.window)
        passed = (now - current.called_at).total_seconds() if current and current.called_at else 0
        places.append(
            Place(
                desk.window,
                desk.staff_id,
                takes(rules, desk.window, staff),
                current.business if current else None,
                max(passed, 0.0),
            )
        )
    waiting = await tickets_in(session, rules, [TicketState.WAITING], now=now)
    return Hall(rules, now, places, waiting, await _known_times(session, rules, now))


async def keep_estimate(
    session: AsyncSession, rules: QueueRules, ticket: Ticket, *, now: datetime
) -> tuple[Hall, Estimate | None]:
    """The wait of a new ticket, kept with it so that it can be held against the truth."""
    hall = await hall_now(session, rules, now=now)
    estimate = hall.estimate(ticket)
    wall = wall_seconds(rules, now, estimate.seconds) if estimate else None
    ticket.estimate_s = round(wall) if wall is not None else None
    return hall, estimate


def wall_seconds(rules: QueueRules, now: datetime, working: float) -> float | None:
    """Seconds until the hall has been open for so long; None when that is not today."""
    at = rules.after_working(now, working)
    return (at - now).total_seconds() if at is not None else None


def near(hall: Hall) -> list[tuple[Ticket, int]]:
    """Who has come near, with how many are before; nobody while no window is open."""
    seen: Counter[InLine] = Counter()
    found = []
    for ticket in hall.waiting if hall.places else ():
        mine = in_line(ticket)
        before = count_before(mine, list(seen.elements()), hall.places)
        if before <= hall.rules.numbers.near:
            found.append((ticket, before))
        seen[mine] = min(seen[mine] + 1, hall.rules.numbers.near + 1)  # more makes no difference
    return found


async def tell_who_is_near(session: AsyncSession, rules: QueueRules, *, now: datetime) -> int:
    """Ask for everybody who has come near to be told, each once; returns how many are near.

    That somebody was told is known by the effect's key alone: a mark on the ticket would lock it
    for a moment, and a window that calls in that moment would pass over it.
    """
    found = [
        (ticket, before)
        for ticket, before in near(await hall_now(session, rules, now=now))
        if ticket.conversation_id or ticket.phone
    ]
    for ticket, before in found:
        await outbox.put(
            session,
            kind="queue.tell",
            key=f"queue.near:{ticket.id}:{ticket.business}",
            payload={"ticket": ticket.id, "what": "near", "before": before},
            now=now,
        )
    return len(found)


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
