"""The end of a day: what is left open is ended, and what names people is forgotten."""

from collections.abc import Sequence
from datetime import datetime, time

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.clock import CHINA, china_date
from backoffice.queue.models import Appointment, Desk, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import OPEN, BookingState, TicketStep
from backoffice.queue.tickets import step
from backoffice.retention import KEPT

_NOBODY = dict.fromkeys(("holder", "conversation_id", "citizen_id", "application_id", "phone"))


async def close_days(session: AsyncSession, rules: QueueRules, *, now: datetime) -> int:
    """End the tickets and desks of earlier days; returns how many tickets.

    Nothing depends on it being done in time: every look at the queue names its day.
    """
    today = china_date(now)
    left = list(
        await session.scalars(
            select(Ticket).where(
                Ticket.hall == rules.hall, Ticket.day < today, Ticket.state.in_(OPEN)
            )
        )
    )
    for ticket in left:
        await step(session, ticket, TicketStep.EXPIRE, now=now)
    await session.execute(
        update(Desk)
        .where(Desk.hall == rules.hall, Desk.day < today, Desk.closed_at.is_(None))
        .values(closed_at=now)
    )
    await session.execute(
        update(Appointment)
        .where(
            Appointment.hall == rules.hall,
            Appointment.state == BookingState.BOOKED,
            Appointment.slot_at < datetime.combine(today, time(), CHINA),
        )
        .values(state=BookingState.MISSED)
    )
    await _forget(session, now)
    return len(left)


async def forget_holder(
    session: AsyncSession, citizen_id: str, conversation_ids: Sequence[str]
) -> None:
    """Somebody asked to be forgotten: tickets and bookings are nobody's, what is to come is free."""
    for table in (Ticket, Appointment):
        whose = or_(table.citizen_id == citizen_id, table.conversation_id.in_(conversation_ids))
        if table is Appointment:
            await session.execute(
                update(Appointment)
                .where(whose, Appointment.state == BookingState.BOOKED)
                .values(state=BookingState.CANCELLED)
            )
        await session.execute(update(table).where(whose).values(**_NOBODY))


async def _forget(session: AsyncSession, now: datetime) -> None:
    """Times are kept to estimate and to count; whose they were is not."""
    past = now - KEPT["queue_holder"]
    await session.execute(
        update(Ticket).where(Ticket.day < china_date(past), _somebodys(Ticket)).values(**_NOBODY)
    )
    await session.execute(
        update(Appointment)
        .where(Appointment.slot_at < past, _somebodys(Appointment))
        .values(**_NOBODY)
    )
    await session.execute(
        delete(Appointment).where(Appointment.slot_at < now - KEPT["queue_times"])
    )
    old = china_date(now - KEPT["queue_times"])
    await session.execute(delete(Ticket).where(Ticket.day < old))


def _somebodys(table: type[Ticket] | type[Appointment]) -> ColumnElement[bool]:
    """What still says whose it was; the rest is not written again."""
    return or_(*(getattr(table, name).is_not(None) for name in _NOBODY))
