"""Fifty windows at the same instant, in five processes: no ticket twice, none left out."""

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Base, Sessions, make_engine, make_sessions
from backoffice.queue.models import Appointment, Desk, QueuePeriod, Ticket
from backoffice.queue.states import TicketState, TicketStep
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.staff.models import Role, StaffUser
from tests.queue.conftest import DATA, NOW
from tests.queue.crowd import WINDOWS, large_hall

EACH, WAITING = 10, 120
START_S = 6.0
"""Processes need so long to begin; those that are ready wait for the others."""


async def _hall(url: str, keys: Path) -> Sessions:
    ring = KeyRing.generate()
    ring.save(keys)
    use_keys(ring)
    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return make_sessions(engine)


def _crowd(what: str, url: str, keys: Path, names: list[list[str]]) -> list[list[str]]:
    start = time.time() + START_S
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.queue.crowd", what, url, str(keys), str(start), *some],
            stdout=subprocess.PIPE,
            cwd=DATA.parent,
        )
        for some in names
    ]
    done = [one.communicate(timeout=120)[0] for one in running]
    assert all(one.returncode == 0 for one in running)
    return [each for out in done for each in json.loads(out)]


async def test_fifty_windows_call_everybody_once(database_url: str, tmp_path: Path) -> None:
    rules = large_hall()
    sessions = await _hall(database_url, tmp_path / "keys.json")
    names = [f"clerk{one}" for one in range(WINDOWS)]
    async with sessions.begin() as session:
        for window, name in enumerate(names, 1):
            person = StaffUser(
                username=name,
                display_name=name,
                password_hash="x",
                role=Role.CLERK,
                departments=["*"],
                created_at=NOW,
            )
            session.add(person)
            await session.flush()
            session.add(
                Desk(
                    hall=rules.hall,
                    day=NOW.date(),
                    window=window,
                    staff_id=person.id,
                    opened_at=NOW,
                )
            )
        for place in range(WAITING):
            await take_ticket(
                session,
                rules,
                Wish(business="residence", channel="kiosk"),
                Holder(),
                now=NOW + timedelta(seconds=place),
            )
    split = [names[at : at + EACH] for at in range(0, len(names), EACH)]
    called = _crowd("call", database_url, tmp_path / "keys.json", split)
    everybody = [f"A{number:03d}" for number in range(1, WAITING + 1)]
    assert sorted(one for some in called for one in some) == everybody
    for some in called:
        assert some == sorted(some), "a window went back in the queue"
    assert sum(bool(some) for some in called) > EACH, "they did not call at the same time"
    async with sessions.read() as session:
        calls = await session.execute(
            select(QueuePeriod.ticket_id, func.count())
            .where(QueuePeriod.step == TicketStep.CALL)
            .group_by(QueuePeriod.ticket_id)
        )
        assert {count for _, count in calls} == {1}
        states = Counter(await session.scalars(select(Ticket.state)))
        assert states == {TicketState.DONE: WAITING}


async def test_numbers_taken_at_once_around_midnight_are_all_different(
    database_url: str, tmp_path: Path
) -> None:
    await _hall(database_url, tmp_path / "keys.json")
    taken = _crowd("take", database_url, tmp_path / "keys.json", [["20"] * 4] * 3)
    numbers = sorted(one for some in taken for one in some)
    days = [str(NOW.date()), str(NOW.date() + timedelta(days=1))]
    assert numbers == [f"{day} A{number:03d}" for day in days for number in range(1, 121)]


async def test_a_slot_is_never_overfilled_and_always_filled(
    database_url: str, tmp_path: Path
) -> None:
    sessions = await _hall(database_url, tmp_path / "keys.json")
    names = [[f"citizen-{process}-{one}" for one in range(4)] for process in range(3)]
    booked = [
        one for some in _crowd("book", database_url, tmp_path / "keys.json", names) for one in some
    ]
    places = large_hall().numbers.appointments.places
    assert len(booked) == len(set(booked)) == places
    async with sessions.read() as session:
        taken = await session.scalars(select(Appointment.place).order_by(Appointment.place))
        assert list(taken) == list(range(1, places + 1))
