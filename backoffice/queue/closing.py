"""The end of a day: what is left open is ended, and what names people is forgotten."""

from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.clock import china_date
from backoffice.queue.models import Desk, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import OPEN, TicketStep
from backoffice.queue.tickets import step
from backoffice.retention import KEPT


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
    await _forget(session, now)
    return len(left)


async def _forget(session: AsyncSession, now: datetime) -> None:
    """Times are kept to estimate and to count; whose they were is not."""
    await session.execute(
        update(Ticket)
        .where(
            Ticket.day < china_date(now - KEPT["queue_holder"]),
            or_(
                Ticket.holder.is_not(None),
                Ticket.conversation_id.is_not(None),
                Ticket.citizen_id.is_not(None),
                Ticket.application_id.is_not(None),
                Ticket.phone.is_not(None),
            ),
        )
        .values(holder=None, conversation_id=None, citizen_id=None, application_id=None, phone=None)
    )
    old = china_date(now - KEPT["queue_times"])
    await session.execute(delete(Ticket).where(Ticket.day < old))
