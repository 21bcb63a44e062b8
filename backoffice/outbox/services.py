"""Asking for an outward effect, and delivering what is due."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from backoffice.db import Sessions
from backoffice.logs import log
from backoffice.outbox.models import OutboxEntry
from integrations.ports import IntegrationError

Handler = Callable[[Mapping[str, Any], str], Awaitable[None]]

_FIRST_RETRY = timedelta(seconds=2)
_LAST_RETRY = timedelta(minutes=30)
MAX_ATTEMPTS = 12


async def put(
    session: AsyncSession, *, kind: str, key: str, payload: Mapping[str, Any], now: datetime
) -> None:
    """Ask for an effect in the caller's transaction; the same key twice asks once."""
    if await session.scalar(select(OutboxEntry.id).where(OutboxEntry.key == key)) is not None:
        return
    session.add(OutboxEntry(kind=kind, key=key, payload=dict(payload), created_at=now, due_at=now))


async def asked_for(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    """Which of these keys an effect was asked for already."""
    if not keys:
        return set()
    return set(await session.scalars(select(OutboxEntry.key).where(OutboxEntry.key.in_(keys))))


async def deliver_due(
    sessions: Sessions, handlers: Mapping[str, Handler], *, now: datetime, limit: int = 50
) -> int:
    """Deliver what is due, each entry in a step of its own; returns how many were delivered.

    A handler gets the payload and the entry's key, which it hands on to the outside system, so
    that a delivery repeated after a crash is recognised there. No transaction is open meanwhile.
    """
    async with sessions.read() as session:
        # Only ids: one entry that does not decrypt must not hold up all the others.
        due = list(
            await session.scalars(
                select(OutboxEntry.id)
                .where(
                    OutboxEntry.delivered_at.is_(None),
                    OutboxEntry.given_up_at.is_(None),
                    OutboxEntry.due_at <= now,
                )
                .order_by(OutboxEntry.id)
                .limit(limit)
            )
        )
    delivered = 0
    for id in due:
        failure = await _try(sessions, handlers, id)
        async with sessions.begin() as session:
            row = await session.get_one(OutboxEntry, id, options=[defer(OutboxEntry.payload)])
            _record(row, failure, now)
        delivered += failure is None
    return delivered


async def _try(sessions: Sessions, handlers: Mapping[str, Handler], id: int) -> Exception | None:
    try:
        async with sessions.read() as session:
            entry = await session.get_one(OutboxEntry, id)
        await handlers[entry.kind](entry.payload, entry.key)
    except Exception as exc:
        # A failing effect must not stop the others; it is recorded and tried again.
        log("outbox").warning("outbox.failed", entry=id, error=type(exc).__name__)
        return exc
    return None


def _record(row: OutboxEntry, failure: Exception | None, now: datetime) -> None:
    row.attempts += 1
    if failure is None:
        row.delivered_at, row.last_failure = now, None
        return
    row.last_failure = f"{type(failure).__name__}"[:200]
    hopeless = isinstance(failure, IntegrationError) and not failure.retryable
    if hopeless or row.attempts >= MAX_ATTEMPTS:
        row.given_up_at = now
        log("outbox").error("outbox.given_up", entry=row.id, kind=row.kind, attempts=row.attempts)
        return
    row.due_at = now + min(_FIRST_RETRY * 2 ** (row.attempts - 1), _LAST_RETRY)
