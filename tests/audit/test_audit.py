"""The audit trail: in order under load, and every change to it is noticed."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from backoffice.audit import AuditEntry, Break, record, verify
from backoffice.db import Sessions

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


async def _record(sessions: Sessions, number: int) -> None:
    async with sessions.begin() as session:
        await record(
            session,
            actor="staff:1",
            action="case.viewed",
            subject=f"application:{number}",
            detail={"number": number},
            now=NOW,
        )


async def _unguarded(sessions: Sessions, *statements: str) -> list[Break]:
    """What somebody could do who owns the database itself; then what is noticed."""
    async with sessions.begin() as session:
        if session.get_bind().dialect.name == "sqlite":
            for verb in ("update", "delete"):
                await session.execute(text(f"DROP TRIGGER audit_trail_no_{verb}"))
        else:
            await session.execute(text("DROP TRIGGER audit_trail_append_only ON audit_trail"))
        for statement in statements:
            await session.execute(text(statement))
    async with sessions.begin() as session:
        return await verify(session)


async def test_many_writers_at_once_leave_a_whole_chain(sessions: Sessions) -> None:
    await asyncio.gather(*(_record(sessions, number) for number in range(20)))
    async with sessions.begin() as session:
        entries = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))
        assert [entry.seq for entry in entries] == list(range(1, 21))
        assert await verify(session) == []


async def test_a_transaction_that_fails_leaves_no_gap(sessions: Sessions) -> None:
    await _record(sessions, 1)
    with pytest.raises(ZeroDivisionError):
        async with sessions.begin() as session:
            await record(session, actor="a", action="b", subject="c", now=NOW)
            raise ZeroDivisionError
    await _record(sessions, 2)
    async with sessions.begin() as session:
        assert await verify(session) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_trail SET actor = 'staff:2'", "DELETE FROM audit_trail"],
)
async def test_the_database_itself_refuses_to_change_the_trail(
    sessions: Sessions, statement: str
) -> None:
    await _record(sessions, 1)
    with pytest.raises(DBAPIError, match="append-only"):
        async with sessions.begin() as session:
            await session.execute(text(statement))


async def test_the_mapper_refuses_to_change_an_entry(sessions: Sessions) -> None:
    await _record(sessions, 1)
    with pytest.raises(RuntimeError, match="append-only"):
        async with sessions.begin() as session:
            entry = await session.get_one(AuditEntry, 1)
            entry.actor = "staff:2"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_trail SET actor = 'staff:2' WHERE seq = 2", [Break(2, "altered")]),
        ("UPDATE audit_trail SET detail = '{}' WHERE seq = 3", [Break(3, "altered")]),
        ("DELETE FROM audit_trail WHERE seq = 2", [Break(3, "missing")]),
        ("DELETE FROM audit_trail WHERE seq = 1", [Break(2, "missing")]),
        ("DELETE FROM audit_trail WHERE seq = 4", [Break(3, "cut")]),
        ("DELETE FROM audit_trail", [Break(0, "cut")]),
    ],
)
async def test_every_change_is_noticed_where_it_was_made(
    sessions: Sessions, statement: str, found: list[Break]
) -> None:
    for number in range(4):
        await _record(sessions, number)
    assert await _unguarded(sessions, statement) == found


async def test_swapped_entries_are_noticed(sessions: Sessions) -> None:
    for number in range(4):
        await _record(sessions, number)
    breaks = await _unguarded(
        sessions,
        "UPDATE audit_trail SET seq = 9 WHERE seq = 2",
        "UPDATE audit_trail SET seq = 2 WHERE seq = 3",
        "UPDATE audit_trail SET seq = 3 WHERE seq = 9",
    )
    assert {one.seq for one in breaks} >= {2, 3}
