"""Looking at the hall: what is read, what is told once, and a business that the rules lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.calendar import WorkCalendar
from backoffice.db import Sessions
from backoffice.queue.calling import call_next
from backoffice.queue.rules import QueueRules, load_queue
from backoffice.queue.tickets import Holder
from backoffice.queue.views import bar, lines_of, screen, windows_now
from backoffice.queue.waits import hall_now, keep_estimate, tell, to_tell, wait_words, wall_seconds
from catalogue.parameters import load_holidays
from tests.queue.conftest import DATA, NOW, SeatClerks, Take

MINUTE = timedelta(minutes=1)


@contextmanager
def _counted(session: AsyncSession) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def test_the_whole_hall_is_seen_in_one_look(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    await seat_clerks(3)
    for _ in range(5):
        await take()
    async with sessions.read() as session:
        await hall_now(session, rules, now=NOW)  # service times are kept from now on
        with _counted(session) as sent:
            hall = await hall_now(session, rules, now=NOW)
            assert [one.clerk for one in windows_now(hall)][:4] == [
                *(f"{n}号同事" for n in (1, 2, 3)),
                None,
            ]
            assert [one.count for one in lines_of(hall)][0] == 5
        assert len(sent) == 3, "tickets, desks, clerks"
        with _counted(session) as sent:
            await screen(session, rules, now=NOW)
        assert len(sent) == 4, "the hall, and who missed the call"


async def test_who_is_near_is_told_once_and_nothing_is_written_for_it(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    await seat_clerks(1)
    ticket = await take(holder=Holder(conversation_id="v1"))
    await take(holder=Holder(slip="no way to tell this one"))
    async with sessions.read() as session:
        with _counted(session) as sent:
            found = await to_tell(session, rules, now=NOW)
        assert {one.split()[0] for one in sent} <= {"BEGIN", "SELECT"}, sent
        assert "BEGIN IMMEDIATE" not in sent
    assert [(one.id, before) for one, before in found] == [(ticket.id, 0)]
    for _ in range(2):
        async with sessions.begin() as session:
            await tell(session, found, now=NOW)
    async with sessions.read() as session:
        assert await to_tell(session, rules, now=NOW + MINUTE) == []


async def test_waits_are_told_by_the_clock(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    """A minute before noon the next hour of work is over at three."""
    await seat_clerks(1)
    noon = NOW.replace(hour=11, minute=59)
    for _ in range(8):
        await take(at=noon)
    mine = await take(at=noon)
    async with sessions.begin() as session:
        hall = await hall_now(session, rules, now=noon)
        estimate = keep_estimate(hall, await session.merge(mine))
    assert estimate is not None
    wall = wall_seconds(rules, noon, estimate.seconds)
    assert wall == pytest.approx(estimate.seconds + 2 * 3600)
    assert f"{round(wall / 60)} 分钟" in wait_words(rules, noon, estimate)
    async with sessions.read() as session:
        kept = (await hall_now(session, rules, now=noon)).waiting[-1].estimate_s
    assert kept == round(wall)


@pytest.fixture
def fewer(tmp_path: Path) -> QueueRules:
    """The rules after a business was taken out of them."""
    folder = copytree(DATA / "queue", tmp_path / "queue")
    for name in ("businesses.yml", "windows.yml"):
        lines = (folder / name).read_text("utf-8").splitlines()
        kept = [one for one in lines if "code: market" not in one and "number: 12" not in one]
        assert len(kept) < len(lines)
        (folder / name).write_text("\n".join(kept), "utf-8")
    calendar = WorkCalendar(load_holidays(DATA / "parameters" / "holidays.yml"))
    return load_queue(folder, calendar)


async def test_who_waits_for_what_is_no_longer_there_is_seen_and_called(
    sessions: Sessions, rules: QueueRules, fewer: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    one, two = await seat_clerks(2)
    served, waits = await take("market"), await take("market")
    async with sessions.begin() as session:
        await call_next(session, rules, staff=one, now=NOW)
    async with sessions.begin() as session:
        hall = await hall_now(session, fewer, now=NOW + MINUTE)
        assert hall.estimate(hall.waiting[0]) is not None
        assert {one.code: one.count for one in lines_of(hall)}[fewer.anything_else] == 1
        seen = await bar(session, fewer, staff=one, now=NOW + MINUTE)
        assert seen.current is not None and seen.current.id == served.id
        assert fewer.name_of(seen.current.business) == "其他业务"
        called = await call_next(session, fewer, staff=two, now=NOW + MINUTE)
        assert called is not None and called.id == waits.id
