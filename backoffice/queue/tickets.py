"""Taking a ticket, finding one's own, giving it up; and the one way in which a ticket changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from backoffice.clock import china_date
from backoffice.conversations.models import Conversation
from backoffice.crypto import keyed_hash
from backoffice.dates import moment_text
from backoffice.errors import Busy, NotFound
from backoffice.messages import text
from backoffice.queue.errors import (
    HasAnotherTicket,
    QueueClosed,
    TicketStepNotAllowed,
    TooManyWaiting,
)
from backoffice.queue.models import QueueCounter, QueuePeriod, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import OPEN, PERIOD_OF, TRANSITIONS, TicketState, TicketStep


@dataclass(frozen=True)
class Holder:
    """Who takes a ticket, by what is known of them; all empty at the counter without a phone.

    Attributes:
        phone: proved by signing in, or told to a clerk at the counter.
        slip: one press of the counter's button, so that a form sent twice gives one number.
        origin: keyed hash of the network address; None for who is in the hall.
    """

    citizen_id: str | None = None
    conversation_id: str | None = None
    phone: str | None = None
    slip: str | None = None
    origin: str | None = None

    @property
    def keys(self) -> list[str]:
        """Keyed hashes by which this person's tickets are found, the surest first."""
        known = (
            ("citizen", self.citizen_id),
            ("visit", self.conversation_id),
            ("phone", self.phone),
            ("slip", self.slip),
        )
        return [keyed_hash(f"queue holder {kind}", one) for kind, one in known if one]


@dataclass(frozen=True)
class Wish:
    """What the ticket is for.

    Attributes:
        topic: as of `Ticket`.
        booked_for: the slot of who comes in time for an appointment: placed as if they had come a
            priority's head start before it.
    """

    business: str
    channel: str
    priority: str | None = None
    item_code: str | None = None
    application_id: str | None = None
    topic: str | None = None
    booked_for: datetime | None = None


async def take_ticket(
    session: AsyncSession, rules: QueueRules, wish: Wish, holder: Holder, *, now: datetime
) -> tuple[Ticket, bool]:
    """A number for this day, or the open one that the person already has; and whether it is new.

    Raises:
        QueueClosed: the hall gives no tickets at this moment.
        TooManyWaiting: too many people at this address hold tickets without being signed in.
    """
    found = await open_ticket_of(session, rules, holder, business=wish.business, now=now)
    if found is not None:
        return found, False
    if not rules.gives_tickets(now):
        raise QueueClosed(opens=opening_words(rules, now))
    await check_address(session, rules, holder, waiting_at(rules, now))
    ticket = Ticket(
        hall=rules.hall,
        day=china_date(now),
        series=rules.series(wish.business, wish.priority, booked=wish.booked_for is not None),
        number=0,
        business=wish.business,
        item_code=wish.item_code,
        priority=wish.priority,
        channel=wish.channel,
        holder=next(iter(holder.keys), None),
        conversation_id=holder.conversation_id,
        citizen_id=holder.citizen_id,
        application_id=wish.application_id,
        topic=wish.topic,
        phone=holder.phone,
        state=TicketState.WAITING,
        order_at=_placed_at(rules, wish, now),
        taken_at=now,
    )
    ticket.number = await next_number(session, ticket.hall, ticket.day, ticket.series)
    session.add(ticket)
    await session.flush()
    session.add(period(ticket, TicketStep.TAKE, now))
    await session.flush()
    return ticket, True


def _placed_at(rules: QueueRules, wish: Wish, now: datetime) -> datetime:
    if wish.booked_for is not None:
        return wish.booked_for - rules.longest_head_start
    return now - rules.head_start(wish.priority)


def opening_words(rules: QueueRules, now: datetime) -> str:
    """When tickets are given next, as it is said."""
    opens = rules.next_open(now)
    return moment_text(opens) if opens is not None else text("queue.opens_unknown")


async def open_tickets_of(
    session: AsyncSession, rules: QueueRules, holder: Holder, *, now: datetime
) -> list[Ticket]:
    """This person's tickets of the day that are not over, the newest first."""
    if not holder.keys:
        return []
    found = await session.scalars(
        select(Ticket)
        .where(
            Ticket.hall == rules.hall,
            Ticket.day == china_date(now),
            Ticket.holder.in_(holder.keys),
            Ticket.state.in_(OPEN),
        )
        .order_by(Ticket.id.desc())
    )
    return list(found)


async def open_ticket_of(
    session: AsyncSession, rules: QueueRules, holder: Holder, *, business: str, now: datetime
) -> Ticket | None:
    """This person's open ticket for a business, if there is one."""
    mine = await open_tickets_of(session, rules, holder, now=now)
    return next((one for one in mine if one.business == business), None)


async def cancel_ticket(
    session: AsyncSession, rules: QueueRules, ticket_id: int, holder: Holder, *, now: datetime
) -> Ticket:
    """Give up one's own ticket. Raises NotFound, TicketStepNotAllowed."""
    ticket = await locked(session, rules, ticket_id, now=now)
    if ticket.holder is None or ticket.holder not in holder.keys:
        raise NotFound
    return await step(session, ticket, TicketStep.CANCEL, now=now)


async def locked(
    session: AsyncSession, rules: QueueRules, ticket_id: int, *, now: datetime
) -> Ticket:
    """A ticket of this hall and day, held until the transaction ends. Raises NotFound."""
    ticket = await session.scalar(
        select(Ticket)
        .where(Ticket.id == ticket_id, Ticket.hall == rules.hall, Ticket.day == china_date(now))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if ticket is None:
        raise NotFound
    return ticket


async def step(
    session: AsyncSession,
    ticket: Ticket,
    what: TicketStep,
    *,
    now: datetime,
    window: int | None = None,
    staff_id: str | None = None,
) -> Ticket:
    """Take one step of `TRANSITIONS`: the running period ends and the next begins.

    Raises:
        TicketStepNotAllowed: not from this state.
        Busy: somebody else changed the ticket at the same moment.
        HasAnotherTicket: it would be the person's second one for a business.
    """
    after = TRANSITIONS.get((ticket.state, what))
    if after is None:
        raise TicketStepNotAllowed(number=ticket.label)
    ticket.state = after
    ticket.ended_at = None if after in OPEN else now
    if after == TicketState.WAITING:
        ticket.calls = 0
    if after != TicketState.SERVING:
        ticket.person = None  # whose card was seen holds while that person stands there
    try:
        await session.flush()
    except StaleDataError as exc:
        raise Busy from exc
    except IntegrityError as exc:
        raise HasAnotherTicket from exc
    await end_period(session, ticket.id, now)
    if after in OPEN:
        session.add(period(ticket, what, now, window=window, staff_id=staff_id))
        await session.flush()
    return ticket


async def end_period(session: AsyncSession, ticket_id: int, now: datetime) -> None:
    """End the period that runs."""
    await session.execute(
        update(QueuePeriod)
        .where(QueuePeriod.ticket_id == ticket_id, QueuePeriod.ended_at.is_(None))
        .values(ended_at=now)
    )


def period(
    ticket: Ticket,
    what: TicketStep,
    now: datetime,
    *,
    window: int | None = None,
    staff_id: str | None = None,
) -> QueuePeriod:
    """The period that the ticket's present state begins."""
    return QueuePeriod(
        ticket_id=ticket.id,
        kind=PERIOD_OF[ticket.state],
        step=what,
        window=window,
        staff_id=staff_id,
        began_at=now,
    )


async def next_number(session: AsyncSession, hall: str, day: date, series: str) -> int:
    """Counted up in one statement: two at once get two numbers, and nothing is counted twice."""
    insert: Any = (
        sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    )
    counted = (
        insert(QueueCounter)
        .values(hall=hall, day=day, series=series, last=1)
        .on_conflict_do_update(
            index_elements=["hall", "day", "series"], set_={"last": QueueCounter.last + 1}
        )
        .returning(QueueCounter.last)
    )
    return int((await session.execute(counted)).scalar_one())


def waiting_at(rules: QueueRules, now: datetime) -> Select[str | None]:
    """The visits of everybody who waits today."""
    return select(Ticket.conversation_id).where(
        Ticket.hall == rules.hall,
        Ticket.day == china_date(now),
        Ticket.state == TicketState.WAITING,
        Ticket.citizen_id.is_(None),
    )


async def check_address(
    session: AsyncSession, rules: QueueRules, holder: Holder, held: Select[str | None]
) -> None:
    """Nobody fills the hall from one address without signing in.

    A visit at a paired kiosk counts for no address: whoever is there stands in the hall.

    Args:
        held: the visits that hold something, each as often as it does.

    Raises:
        TooManyWaiting: this address holds as many as it may.
    """
    if holder.origin is None or holder.citizen_id is not None:
        return
    visits = held.subquery()
    count = await session.scalar(
        select(func.count())
        .select_from(visits)
        .join(Conversation, Conversation.id == visits.c.conversation_id)
        .where(Conversation.device_id.is_(None), Conversation.origin == holder.origin)
    )
    if (count or 0) >= rules.numbers.waiting_per_address:
        raise TooManyWaiting


async def tickets_in(
    session: AsyncSession, rules: QueueRules, states: Sequence[TicketState], *, now: datetime
) -> list[Ticket]:
    """The day's tickets in these states, in the order in which they are called."""
    found = await session.scalars(
        select(Ticket)
        .where(Ticket.hall == rules.hall, Ticket.day == china_date(now), Ticket.state.in_(states))
        .order_by(Ticket.order_at, Ticket.id)
    )
    return list(found)
