"""What clerks do at their windows. Every call is one transaction and atomic in the database.

On PostgreSQL a caller locks the ticket it takes and passes over those that others are taking
(`SKIP LOCKED`); on SQLite writers follow each other. In both, a ticket is taken by an UPDATE that
only succeeds while it still waits: no ticket is ever called twice, none is lost.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.clock import china_date
from backoffice.errors import BadRequest, NotFound
from backoffice.outbox import services as outbox
from backoffice.queue.errors import CalledTooSeldom, NoWindow, WindowBusy, WindowTaken
from backoffice.queue.models import Desk, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import AT_WINDOW, TicketState, TicketStep
from backoffice.queue.tickets import end_period, locked, period, step
from backoffice.staff.models import StaffUser

_A_MOMENT = timedelta(milliseconds=1)


async def sit_down(
    session: AsyncSession, rules: QueueRules, *, window: int, staff: StaffUser, now: datetime
) -> Desk:
    """Begin to work at a window; another one is left for it.

    Raises:
        NotFound: no such window.
        WindowTaken: somebody else sits there.
        WindowBusy: somebody is still being served at the window that would be left.
    """
    if window not in rules.windows:
        raise NotFound
    mine = await desk_of(session, rules, staff=staff, now=now)
    if mine is not None and mine.window == window:
        return mine
    if mine is not None:
        await stand_up(session, rules, staff=staff, now=now)
    desk = Desk(
        hall=rules.hall, day=china_date(now), window=window, staff_id=staff.id, opened_at=now
    )
    session.add(desk)
    try:
        await session.flush()
    except IntegrityError as exc:
        raise WindowTaken(window=window) from exc
    return desk


async def stand_up(
    session: AsyncSession, rules: QueueRules, *, staff: StaffUser, now: datetime
) -> None:
    """Stop working at one's window. Raises NoWindow, WindowBusy."""
    desk = await _own_desk(session, rules, staff, now)
    current = await at_window(session, rules, window=desk.window, now=now)
    if current is not None:
        raise WindowBusy(number=current.label)
    desk.closed_at = now
    await session.flush()


async def desk_of(
    session: AsyncSession, rules: QueueRules, *, staff: StaffUser, now: datetime
) -> Desk | None:
    """Where this clerk sits today."""
    found: Desk | None = await session.scalar(
        select(Desk).where(
            Desk.hall == rules.hall,
            Desk.day == china_date(now),
            Desk.staff_id == staff.id,
            Desk.closed_at.is_(None),
        )
    )
    return found


async def open_desks(session: AsyncSession, rules: QueueRules, *, now: datetime) -> list[Desk]:
    """Who sits where, by window."""
    found = await session.scalars(
        select(Desk)
        .where(Desk.hall == rules.hall, Desk.day == china_date(now), Desk.closed_at.is_(None))
        .order_by(Desk.window)
    )
    return list(found)


def takes(rules: QueueRules, window: int, staff: StaffUser) -> frozenset[str]:
    """What this clerk may call to this window: what both can do."""
    return frozenset(
        code
        for code in rules.taken_at(window)
        if not rules.businesses[code].departments
        or any(staff.handles(one) for one in rules.businesses[code].departments)
    )


async def at_window(
    session: AsyncSession, rules: QueueRules, *, window: int, now: datetime
) -> Ticket | None:
    """The ticket that keeps a window busy."""
    found: Ticket | None = await session.scalar(
        select(Ticket).where(
            Ticket.hall == rules.hall,
            Ticket.day == china_date(now),
            Ticket.window == window,
            Ticket.state.in_(AT_WINDOW),
        )
    )
    return found


async def call_next(
    session: AsyncSession, rules: QueueRules, *, staff: StaffUser, now: datetime
) -> Ticket | None:
    """Call whoever is next for this clerk; None when nobody waits.

    Who is being served at the window is finished by it. Pressed twice, the second press finds
    somebody called and does nothing but say so.

    Raises:
        NoWindow: the clerk sits nowhere.
        WindowBusy: the one who was called has neither come nor been passed over.
    """
    desk = await _own_desk(session, rules, staff, now)
    current = await at_window(session, rules, window=desk.window, now=now)
    if current is not None and current.state == TicketState.CALLED:
        raise WindowBusy(number=current.label)
    if current is not None:
        await step(session, current, TicketStep.FINISH, now=now)
    while (id := await _next_id(session, rules, desk, staff, now)) is not None:
        ticket = await _claim(session, id, desk, now)
        if ticket is not None:
            await end_period(session, ticket.id, now)
            session.add(period(ticket, TicketStep.CALL, now, window=desk.window, staff_id=staff.id))
            await _announce(session, ticket, now)
            return ticket
    return None


async def _own_desk(
    session: AsyncSession, rules: QueueRules, staff: StaffUser, now: datetime
) -> Desk:
    """The clerk's desk, locked: what is done at one window is done one after the other."""
    desk: Desk | None = await session.scalar(
        select(Desk)
        .where(
            Desk.hall == rules.hall,
            Desk.day == china_date(now),
            Desk.staff_id == staff.id,
            Desk.closed_at.is_(None),
        )
        .with_for_update()
    )
    if desk is None:
        raise NoWindow
    return desk


async def _next_id(
    session: AsyncSession, rules: QueueRules, desk: Desk, staff: StaffUser, now: datetime
) -> int | None:
    able = takes(rules, desk.window, staff)
    business: ColumnElement[bool] = Ticket.business.in_(able)
    if rules.anything_else in able:  # and whoever waits for what was taken out of the rules
        business = or_(business, Ticket.business.not_in(rules.businesses))
    found: int | None = await session.scalar(
        select(Ticket.id)
        .where(
            Ticket.hall == rules.hall,
            Ticket.day == china_date(now),
            Ticket.state == TicketState.WAITING,
            or_(
                Ticket.only_window == desk.window,
                and_(Ticket.only_window.is_(None), business),
            ),
        )
        .order_by(Ticket.order_at, Ticket.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return found


async def _claim(session: AsyncSession, id: int, desk: Desk, now: datetime) -> Ticket | None:
    """The ticket, called to this window; None when somebody else was quicker."""
    claimed = await session.execute(
        update(Ticket)
        .where(Ticket.id == id, Ticket.state == TicketState.WAITING)
        .values(
            state=TicketState.CALLED,
            window=desk.window,
            calls=1,
            called_at=now,
            version=Ticket.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    return await session.get_one(Ticket, id, populate_existing=True)


async def _announce(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """Ask for the holder to be told; the screens look for themselves."""
    await outbox.put(
        session,
        kind="queue.tell",
        key=f"queue.called:{ticket.id}:{ticket.version}",
        payload={
            "ticket": ticket.id,
            "what": "called",
            "window": ticket.window,
            "at": now.astimezone(UTC).isoformat(),
        },
        now=now,
    )


async def act(
    session: AsyncSession,
    rules: QueueRules,
    ticket_id: int,
    what: TicketStep,
    *,
    staff: StaffUser,
    now: datetime,
) -> Ticket:
    """One of a clerk's steps with a ticket: at the own window, or one that waits for a return.

    Args:
        what: recall, start, finish, hold, resume, no_show, put_back, return or cancel;
            `transfer` and `call_next` have functions of their own.

    Raises:
        NotFound: no ticket of this day, or it is at another window.
        NoWindow, WindowBusy, TicketStepNotAllowed, CalledTooSeldom, Busy.
    """
    if what == TicketStep.RETURN:
        return await _take_back(session, rules, ticket_id, now=now)
    if what == TicketStep.CANCEL:
        ticket = await locked(session, rules, ticket_id, now=now)
        return await step(session, ticket, what, now=now, staff_id=staff.id)
    if what not in _AT_OWN_WINDOW:
        raise BadRequest
    desk = await _own_desk(session, rules, staff, now)
    ticket = await locked(session, rules, ticket_id, now=now)
    if what != TicketStep.RESUME and ticket.window != desk.window:
        raise NotFound
    if what == TicketStep.NO_SHOW and ticket.state == TicketState.CALLED:
        times = rules.numbers.calls_before_no_show
        if ticket.calls < times:
            raise CalledTooSeldom(times=times)
    if what in (TicketStep.RESUME, TicketStep.RECALL) and ticket.state != TicketState.WAITING:
        await _call_again(session, rules, ticket, what, desk, now)
    done = await step(session, ticket, what, now=now, window=desk.window, staff_id=staff.id)
    if done.state == TicketState.CALLED:
        await _announce(session, done, now)
    return done


_AT_OWN_WINDOW = frozenset(
    {
        TicketStep.RECALL,
        TicketStep.START,
        TicketStep.FINISH,
        TicketStep.HOLD,
        TicketStep.RESUME,
        TicketStep.NO_SHOW,
        TicketStep.PUT_BACK,
    }
)


async def _call_again(
    session: AsyncSession,
    rules: QueueRules,
    ticket: Ticket,
    what: TicketStep,
    desk: Desk,
    now: datetime,
) -> None:
    if what == TicketStep.RECALL:
        ticket.calls, ticket.called_at = ticket.calls + 1, now
        return
    if (current := await at_window(session, rules, window=desk.window, now=now)) is not None:
        raise WindowBusy(number=current.label)
    ticket.window, ticket.calls, ticket.called_at = desk.window, 1, now


async def transfer(
    session: AsyncSession,
    rules: QueueRules,
    ticket_id: int,
    *,
    business: str,
    window: int | None,
    staff: StaffUser,
    now: datetime,
) -> Ticket:
    """Pass somebody on to another business or window: next in turn there, the wait is not lost.

    Raises:
        NotFound: no such ticket at this window, no such business or window.
        BadRequest: that window does not take that business.
        NoWindow, TicketStepNotAllowed, Busy.
    """
    if business not in rules.businesses or (window is not None and window not in rules.windows):
        raise NotFound
    if window is not None and business not in rules.taken_at(window):
        raise BadRequest
    desk = await _own_desk(session, rules, staff, now)
    ticket = await locked(session, rules, ticket_id, now=now)
    if ticket.window != desk.window:
        raise NotFound
    ticket.business, ticket.only_window = business, window
    return await step(session, ticket, TicketStep.TRANSFER, now=now)


async def _take_back(
    session: AsyncSession, rules: QueueRules, ticket_id: int, *, now: datetime
) -> Ticket:
    """Somebody comes back: from fetching something to the old place, after a no-show behind a few."""
    ticket = await locked(session, rules, ticket_id, now=now)
    if ticket.state == TicketState.NO_SHOW:
        ticket.order_at = await _behind_a_few(session, rules, now)
    return await step(session, ticket, TicketStep.RETURN, now=now)


async def _behind_a_few(session: AsyncSession, rules: QueueRules, now: datetime) -> datetime:
    place = await session.scalar(
        select(Ticket.order_at)
        .where(
            Ticket.hall == rules.hall,
            Ticket.day == china_date(now),
            Ticket.state == TicketState.WAITING,
        )
        .order_by(Ticket.order_at, Ticket.id)
        .offset(rules.numbers.back_behind - 1)
        .limit(1)
    )
    return place + _A_MOMENT if place is not None else now
