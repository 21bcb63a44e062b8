"""A hall with windows and clerks on an empty database, on a Monday morning."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest

import migrations.tables  # noqa: F401  (every table must be known)
from backoffice.calendar import WorkCalendar
from backoffice.clock import CHINA
from backoffice.db import Sessions
from backoffice.queue.calling import sit_down
from backoffice.queue.models import Ticket
from backoffice.queue.rules import QueueRules, load_queue
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.staff.models import Role, StaffUser
from catalogue.parameters import load_holidays

DATA = Path(__file__).resolve().parents[2] / "data"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=CHINA)

Take = Callable[..., Awaitable[Ticket]]
SeatClerks = Callable[..., Awaitable[list[StaffUser]]]


@pytest.fixture(scope="session")
def rules() -> QueueRules:
    """The hall's own rules."""
    calendar = WorkCalendar(load_holidays(DATA / "parameters" / "holidays.yml"))
    return load_queue(DATA / "queue", calendar)


@pytest.fixture
def take(sessions: Sessions, rules: QueueRules) -> Take:
    """Takes a ticket; keywords `business`, `priority`, `holder`, `at`, `channel`."""

    async def made(
        business: str = "residence",
        *,
        priority: str | None = None,
        holder: Holder | None = None,
        at: datetime = NOW,
        channel: str = "counter",
    ) -> Ticket:
        wish = Wish(business=business, channel=channel, priority=priority)
        async with sessions.begin() as session:
            ticket, _ = await take_ticket(session, rules, wish, holder or Holder(), now=at)
        return ticket

    return made


@pytest.fixture
async def seat_clerks(sessions: Sessions, rules: QueueRules) -> AsyncIterator[SeatClerks]:
    """Puts clerks who may do everything at windows 1, 2, …; returns them by window."""

    async def seated(
        count: int, departments: tuple[str, ...] = ("*",), first: int = 1
    ) -> list[StaffUser]:
        people = []
        async with sessions.begin() as session:
            for window in range(first, first + count):
                person = StaffUser(
                    username=f"clerk{window}",
                    display_name=f"{window}号同事",
                    password_hash="x",
                    role=Role.CLERK,
                    departments=list(departments),
                    created_at=NOW,
                )
                session.add(person)
                await session.flush()
                await sit_down(session, rules, window=window, staff=person, now=NOW)
                people.append(person)
        return people

    yield seated
