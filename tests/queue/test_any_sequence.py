"""Whatever is done in whatever order: the queue stays sound, and refusals change nothing."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import migrations.tables  # noqa: F401
from backoffice.clock import china_date
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Base, Sessions, make_engine, make_sessions
from backoffice.errors import CitizenError
from backoffice.queue.calling import act, call_next, open_desks, sit_down, stand_up, takes, transfer
from backoffice.queue.closing import close_days
from backoffice.queue.models import QueuePeriod, Ticket
from backoffice.queue.rules import Businesses, HallRules, QueueRules, Windows
from backoffice.queue.states import AT_WINDOW, OPEN, PERIOD_OF, TicketState, TicketStep
from backoffice.queue.tickets import Holder, Wish, cancel_ticket, take_ticket
from backoffice.staff.models import Role, StaffUser
from catalogue.parameters import load_strict
from tests.queue.conftest import DATA, NOW

_CLERKS = 3
_WINDOWS = (1, 2, 11)
_BUSINESSES = ("residence", "social")
_HALLS = itertools.count(1)

_actions = st.lists(
    st.tuples(
        st.sampled_from(
            ["take", "take", "take", "next", "next", "act", "act", "act", "transfer"]
            + ["cancel", "sit", "stand", "night"]
        ),
        st.integers(0, 5),
        st.integers(0, 7),
        st.sampled_from(
            [one for one in TicketStep if one not in (TicketStep.TAKE, TicketStep.CALL)]
        ),
    ),
    min_size=5,
    max_size=40,
)


class Play:
    """One hall of its own in a database that all examples share."""

    def __init__(self, sessions: Sessions, rules: QueueRules, staff: list[StaffUser]) -> None:
        self.sessions, self.rules, self.staff = sessions, rules, staff
        self.now: datetime = NOW

    async def do(self, session: AsyncSession, what: str, a: int, b: int, step: TicketStep) -> None:
        """One action of somebody; whatever it may not do is refused by the services."""
        clerk, rules, now = self.staff[a % _CLERKS], self.rules, self.now
        business = _BUSINESSES[b % 2]
        if what == "take":
            wish = Wish(business, "kiosk", priority="elderly" if b == 3 else None)
            await take_ticket(session, rules, wish, _person(a), now=now)
        elif what == "next":
            await self._next(session, clerk)
        elif what == "sit":
            window = _WINDOWS[b % len(_WINDOWS)]
            await sit_down(session, rules, window=window, staff=clerk, now=now)
        elif what == "stand":
            await stand_up(session, rules, staff=clerk, now=now)
        elif what == "night":
            self.now += timedelta(days=1)
        elif (ticket := await self._some_ticket(session, b)) is None:
            return
        elif what == "act":
            await act(session, rules, ticket, step, staff=clerk, now=now)
        elif what == "transfer":
            window = _WINDOWS[b % 2] if b > 4 else None
            await transfer(
                session, rules, ticket, business=business, window=window, staff=clerk, now=now
            )
        else:
            await cancel_ticket(session, rules, ticket, _person(a), now=now)

    async def _next(self, session: AsyncSession, clerk: StaffUser) -> None:
        """Who is called is the first of all who may be called there."""
        rules, now = self.rules, self.now
        waiting = list(
            await session.scalars(
                select(Ticket)
                .where(
                    Ticket.hall == rules.hall,
                    Ticket.day == china_date(now),
                    Ticket.state == TicketState.WAITING,
                )
                .order_by(Ticket.order_at, Ticket.id)
            )
        )
        desks = {one.staff_id: one.window for one in await open_desks(session, rules, now=now)}
        window = desks.get(clerk.id)
        fit = [
            one.id
            for one in waiting
            if window is not None
            and (
                one.only_window == window
                or (one.only_window is None and one.business in takes(rules, window, clerk))
            )
        ]
        called = await call_next(session, rules, staff=clerk, now=now)
        assert (called.id if called else None) == next(iter(fit), None)

    async def _some_ticket(self, session: AsyncSession, place: int) -> int | None:
        found = list(
            await session.scalars(
                select(Ticket.id).where(Ticket.hall == self.rules.hall).order_by(Ticket.id.desc())
            )
        )
        return found[place % len(found)] if found else None

    async def rows(self) -> tuple[list[Ticket], list[QueuePeriod]]:
        async with self.sessions.read() as session:
            tickets = list(
                await session.scalars(select(Ticket).where(Ticket.hall == self.rules.hall))
            )
            periods = await session.scalars(
                select(QueuePeriod)
                .where(QueuePeriod.ticket_id.in_([one.id for one in tickets]))
                .order_by(QueuePeriod.id)
            )
            return tickets, list(periods)


def _person(number: int) -> Holder:
    return Holder(citizen_id=f"citizen-{number}")


def _check(tickets: list[Ticket], periods: list[QueuePeriod]) -> None:
    busy = Counter((one.day, one.window) for one in tickets if one.state in AT_WINDOW)
    assert not busy or max(busy.values()) == 1, "two at one window"
    held = Counter((one.day, one.holder, one.business) for one in tickets if one.state in OPEN)
    assert not held or max(held.values()) == 1, "two open tickets of one person and business"
    numbers: dict[Any, list[int]] = {}
    for one in tickets:
        numbers.setdefault((one.day, one.series), []).append(one.number)
    for given_out in numbers.values():
        assert sorted(given_out) == list(range(1, len(given_out) + 1)), "a number twice or left out"
    for one in tickets:
        mine = [period for period in periods if period.ticket_id == one.id]
        assert mine[0].began_at == one.taken_at
        for earlier, later in itertools.pairwise(mine):
            assert earlier.ended_at == later.began_at, "a gap in somebody's time"
        running = [period for period in mine if period.ended_at is None]
        assert len(running) == (one.state in OPEN)
        if running:
            assert running == mine[-1:] and running[0].kind == PERIOD_OF[one.state]
        else:
            assert mine[-1].ended_at == one.ended_at


Run = Callable[[Awaitable[None]], None]


@pytest.fixture(scope="module")
def hall(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[asyncio.Runner, Sessions, Path]]:
    use_keys(KeyRing.generate())
    path = tmp_path_factory.mktemp("any") / "queue.db"
    engine = make_engine(f"sqlite+aiosqlite:///{path}")
    with asyncio.Runner() as runner:

        async def made() -> Sessions:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            return make_sessions(engine)

        yield runner, runner.run(made()), path
        runner.run(engine.dispose())


async def _play(sessions: Sessions, rules: QueueRules, actions: list[Any]) -> None:
    staff = []
    async with sessions.begin() as session:
        for place in range(_CLERKS):
            person = StaffUser(
                username=f"{rules.hall}-{place}",
                display_name="同事",
                password_hash="x",
                role=Role.CLERK,
                departments=["*"] if place else ["ga_ldrk"],
                created_at=NOW,
            )
            session.add(person)
            staff.append(person)
    play = Play(sessions, rules, staff)
    for what, a, b, step in actions:
        play.now += timedelta(seconds=1)
        before = await play.rows()
        try:
            async with sessions.begin() as session:
                await play.do(session, what, a, b, step)
        except CitizenError:
            after = await play.rows()
            assert [one.version for one in after[0]] == [one.version for one in before[0]]
            assert len(after[1]) == len(before[1]), "a refusal changed something"
        if what == "night":
            async with sessions.begin() as session:
                await close_days(session, rules, now=play.now)
        _check(*await play.rows())


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=_actions)
def test_any_sequence_keeps_the_queue_sound(
    hall: tuple[asyncio.Runner, Sessions, Path], rules: QueueRules, actions: list[Any]
) -> None:
    runner, sessions, _ = hall
    folder = DATA / "queue"
    numbers = load_strict(folder / "hall.yml", HallRules)
    own = numbers.model_copy(update={"hall": f"hall_{next(_HALLS)}"})
    kinds = load_strict(folder / "businesses.yml", Businesses)
    windows = load_strict(folder / "windows.yml", Windows)
    sit = [("sit", 0, 0, TicketStep.START), ("sit", 1, 1, TicketStep.START)]
    own_rules = QueueRules(own, kinds, windows, rules._calendar)
    runner.run(_play(sessions, own_rules, [*sit, *actions]))
