"""Many at once, from a process of their own: `python -m tests.queue.crowd call|take|book …`.

Prints one JSON list when done: what each of its windows called, which numbers were taken, or booked.
"""

import asyncio
import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

import migrations.tables  # noqa: F401
from backoffice.calendar import WorkCalendar
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Sessions, make_engine, make_sessions
from backoffice.queue.booking import book
from backoffice.queue.calling import act, call_next
from backoffice.queue.errors import SlotTaken
from backoffice.queue.rules import Businesses, HallRules, QueueRules, Window, Windows
from backoffice.queue.states import TicketStep
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.staff.models import StaffUser
from catalogue.parameters import load_holidays, load_strict
from tests.queue.conftest import DATA, NOW

WINDOWS = 50


def large_hall() -> QueueRules:
    """The hall's rules with fifty windows."""
    folder = DATA / "queue"
    windows = [Window(number=n, name="综合窗口", takes="any") for n in range(1, WINDOWS + 1)]
    return QueueRules(
        load_strict(folder / "hall.yml", HallRules),
        load_strict(folder / "businesses.yml", Businesses),
        Windows(windows=tuple(windows)),
        WorkCalendar(load_holidays(DATA / "parameters" / "holidays.yml")),
    )


async def _window(sessions: Sessions, rules: QueueRules, name: str) -> list[str]:
    """Call until nobody is left."""
    async with sessions.read() as session:
        staff = await session.scalar(select(StaffUser).where(StaffUser.username == name))
        assert staff is not None
    called = []
    while True:
        now = NOW + timedelta(minutes=30)
        async with sessions.begin() as session:
            ticket = await call_next(session, rules, staff=staff, now=now)
        if ticket is None:
            return called
        called.append(ticket.label)
        async with sessions.begin() as session:
            await act(session, rules, ticket.id, TicketStep.START, staff=staff, now=now)


async def _machine(sessions: Sessions, rules: QueueRules, count: int) -> list[str]:
    """Take numbers at the end of one day and at the beginning of the next."""
    taken = []
    for place in range(count):
        at: datetime = NOW.replace(hour=17, minute=29) if place % 2 else NOW + timedelta(days=1)
        async with sessions.begin() as session:
            ticket, _ = await take_ticket(
                session, rules, Wish(business="residence", channel="kiosk"), Holder(), now=at
            )
        taken.append(f"{ticket.day} {ticket.label}")
    return taken


async def _caller(sessions: Sessions, rules: QueueRules, name: str) -> list[str]:
    """Want the first slot of tomorrow."""
    slot = rules.slots_on((NOW + timedelta(days=1)).date())[0]
    try:
        async with sessions.begin() as session:
            wish = Wish(business="residence", channel="appointment")
            booking = await book(session, rules, wish, Holder(citizen_id=name), slot, now=NOW)
            return [booking.number]
    except SlotTaken:
        return []


async def _run(what: str, url: str, names: list[str]) -> list[list[str]]:
    engine = make_engine(url)
    sessions = make_sessions(engine)
    rules = large_hall()
    if what == "call":
        work = [_window(sessions, rules, name) for name in names]
    elif what == "book":
        work = [_caller(sessions, rules, name) for name in names]
    else:
        work = [_machine(sessions, rules, int(name)) for name in names]
    done = await asyncio.gather(*work)
    await engine.dispose()
    return list(done)


def main() -> None:
    """Arguments: call|take|book, database, key file, start (seconds since 1970), names or counts."""
    what, url, keys, start, *names = sys.argv[1:]
    use_keys(KeyRing.load(Path(keys)))
    time.sleep(max(0.0, float(start) - time.time()))
    sys.stdout.write(json.dumps(asyncio.run(_run(what, url, names))))


if __name__ == "__main__":
    main()
