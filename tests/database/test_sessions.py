"""Sessions: whoever only looks waits for nobody; those who write come in turn."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import backoffice.applications.models
import backoffice.identity.models
import backoffice.outbox.models
import backoffice.uploads.models  # noqa: F401
from backoffice import db
from backoffice.conversations.models import Conversation
from backoffice.db import Sessions

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def _visit(token: str) -> Conversation:
    return Conversation(
        channel="phone", token_hash=token, memory={}, created_at=NOW, last_turn_at=NOW
    )


async def _count(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.count()).select_from(Conversation)) or 0)


async def test_a_look_waits_for_no_writer_and_sees_only_what_is_finished(
    sessions: Sessions,
) -> None:
    async with sessions.begin() as writing:
        writing.add(_visit("one"))
        await writing.flush()
        async with asyncio.timeout(2):
            async with sessions.read() as reading:
                assert await _count(reading) == 0
    async with sessions.read() as reading:
        assert await _count(reading) == 1


async def test_nothing_can_be_written_by_a_look(sessions: Sessions) -> None:
    with pytest.raises(RuntimeError, match="used to write"):
        async with sessions.read() as reading:
            reading.add(_visit("one"))
    async with sessions.read() as reading:
        assert await _count(reading) == 0


async def test_writers_come_in_the_order_in_which_they_asked(
    sessions: Sessions, database_url: str
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL lets them write at the same time")
    done: list[int] = []

    async def write(number: int) -> None:
        async with sessions.begin() as session:
            session.add(_visit(f"visit {number}"))
            await session.flush()
            await asyncio.sleep(0.01)
            done.append(number)

    await asyncio.gather(*(write(number) for number in range(12)))
    assert done == list(range(12))


async def test_a_writer_that_never_ends_does_not_stop_the_others_for_ever(
    sessions: Sessions, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL lets them write at the same time")
    monkeypatch.setattr(db, "_BUSY_S", 0.1)
    async with sessions.begin() as first:
        first.add(_visit("one"))
        with pytest.raises(TimeoutError):
            async with sessions.begin():
                raise AssertionError("two write at the same time")
    async with sessions.begin() as after:
        assert await _count(after) == 1
