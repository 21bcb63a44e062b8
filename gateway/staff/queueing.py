"""The queue for staff: what a request asks of it, for pages and interface alike."""

from collections.abc import Sequence

from sanic import Request
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.errors import BadRequest
from backoffice.queue.booking import check_in
from backoffice.queue.calling import act, call_next, sit_down, stand_up, transfer
from backoffice.queue.models import Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import TicketStep
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.queue.views import Bar, bar
from backoffice.queue.waits import Hall, hall_now, keep_estimate
from backoffice.understanding.digits import type_of, without_country_code


async def seat(request: Request, window: int) -> None:
    """Sit down at a window. Raises what `sit_down` raises."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        await sit_down(session, office.queue, window=window, staff=staff, now=office.clock.now())


async def leave(request: Request) -> None:
    """Leave one's window. Raises what `stand_up` raises."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        await stand_up(session, office.queue, staff=staff, now=office.clock.now())


async def next_ticket(request: Request) -> Ticket | None:
    """Call whoever is next. Raises what `call_next` raises."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        called: Ticket | None = await call_next(
            session, office.queue, staff=staff, now=office.clock.now()
        )
        return called


async def step_of(
    request: Request, ticket_id: int, what: str, *, business: str = "", window: int | None = None
) -> Ticket:
    """One step with a ticket. Raises BadRequest, and what `act` and `transfer` raise."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    try:
        wanted = TicketStep(what)
    except ValueError as exc:
        raise BadRequest from exc
    now = office.clock.now()
    async with office.sessions.begin() as session:
        if wanted == TicketStep.TRANSFER:
            return await transfer(
                session,
                office.queue,
                ticket_id,
                business=business,
                window=window,
                staff=staff,
                now=now,
            )
        return await act(session, office.queue, ticket_id, wanted, staff=staff, now=now)


async def hand_out(
    request: Request, *, business: str, priority: str | None, phone: str | None, slip: str | None
) -> tuple[Ticket, bool, Hall]:
    """A number for somebody at the counter; whether it is new; the hall as it then is.

    Args:
        slip: the same again gives the same number.

    Raises:
        BadRequest: no such business or priority, or no phone number.
        QueueClosed
    """
    office = request.app.ctx.office
    rules: QueueRules = office.queue
    unknown = priority is not None and priority not in rules.priorities
    if business not in rules.businesses or unknown or (phone and type_of(phone) != "phone"):
        raise BadRequest
    now = office.clock.now()
    async with office.sessions.begin() as session:
        wish = Wish(business=business, channel="counter", priority=priority)
        holder = Holder(phone=without_country_code(phone) if phone else None, slip=slip)
        ticket, new = await take_ticket(session, rules, wish, holder, now=now)
        hall = await hall_now(session, rules, now=now)
        if new:
            keep_estimate(hall, ticket)
        return ticket, new, hall


async def arrived(request: Request, number: str) -> Ticket:
    """The person with this number has come. Raises what `check_in` raises."""
    office = request.app.ctx.office
    async with office.sessions.begin() as session:
        return await check_in(
            session, office.queue, office.catalogue, number, now=office.clock.now()
        )


async def bar_of(request: Request) -> Bar:
    """The calling bar of whoever is asking."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    session: AsyncSession
    async with office.sessions.read() as session:
        return await bar(session, office.queue, staff=staff, now=office.clock.now())


def number_of(given: str, known: Sequence[int]) -> int | None:
    """A window's number from a form; None when nothing was chosen. Raises BadRequest."""
    if not given:
        return None
    if not given.isdecimal() or int(given) not in known:
        raise BadRequest
    return int(given)
