"""Adding to the audit trail, and checking that nobody changed it."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.audit.models import AuditEntry, AuditHead
from backoffice.canonical import canonical
from backoffice.crypto import keys

NOTHING_BEFORE = "0" * 64
_BATCH = 1000

Detail = Mapping[str, str | int | bool | None | list[str]]


@dataclass(frozen=True)
class Break:
    """A place where the chain does not hold.

    Attributes:
        seq: number of the entry at which it was noticed.
        fault: `altered` (its own hash is wrong), `unlinked` (it does not follow the entry before),
            `missing` (a number was left out), `cut` (entries after the last one are gone).
    """

    seq: int
    fault: Literal["altered", "unlinked", "missing", "cut"]


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted: whose, of what kind (`case.` finds all of cases), about what.

    An empty part means any; `actor` and `subject` are whole, `action` is a beginning.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""


async def entries_of(
    session: AsyncSession, wanted: Filter, *, before: int | None, limit: int
) -> list[AuditEntry]:
    """Entries, newest first; `before` is the number that all of them are below."""
    query = select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.seq < before)
    if wanted.actor:
        query = query.where(AuditEntry.actor == wanted.actor)
    if wanted.action:
        query = query.where(AuditEntry.action.startswith(wanted.action, autoescape=True))
    if wanted.subject:
        query = query.where(AuditEntry.subject == wanted.subject)
    return list(await session.scalars(query))


async def record(
    session: AsyncSession,
    *,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    detail: Detail | None = None,
) -> None:
    """Append one entry in the caller's transaction.

    Writers queue at the chain's end until the one before commits, so call this last in a
    transaction. `detail` takes ids, codes and counts, never what a citizen said.
    """
    head = await _locked_head(session)
    entry = AuditEntry(
        seq=head.seq + 1,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        detail=canonical(dict(detail or {})),
        prev_hash=head.hash,
        hash="",
    )
    entry.hash = _hash(entry)
    session.add(entry)
    head.seq, head.hash = entry.seq, entry.hash
    await session.flush()


async def verify(session: AsyncSession) -> list[Break]:
    """Every place where the chain does not hold; empty when it is whole."""
    breaks: list[Break] = []
    seq, last = 0, NOTHING_BEFORE
    while rows := await _entries_after(session, seq):
        for entry in rows:
            if entry.seq != seq + 1:
                breaks.append(Break(entry.seq, "missing"))
            elif entry.prev_hash != last:
                breaks.append(Break(entry.seq, "unlinked"))
            if not hmac.compare_digest(entry.hash, _hash(entry)):
                breaks.append(Break(entry.seq, "altered"))
            seq, last = entry.seq, entry.hash
    head = await session.get(AuditHead, 1, populate_existing=True)
    if (head.seq, head.hash) != (seq, last) if head else seq:
        breaks.append(Break(seq, "cut"))
    return breaks


async def _entries_after(session: AsyncSession, seq: int) -> list[AuditEntry]:
    found = await session.scalars(
        select(AuditEntry).where(AuditEntry.seq > seq).order_by(AuditEntry.seq).limit(_BATCH)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return list(found)


async def _locked_head(session: AsyncSession) -> AuditHead:
    query = select(AuditHead).where(AuditHead.id == 1).with_for_update()
    # populate_existing: a head seen earlier in this session may have moved on since
    head = await session.scalar(query.execution_options(populate_existing=True))
    if head is not None:
        return head
    first = {"id": 1, "seq": 0, "hash": NOTHING_BEFORE}
    dialect = session.get_bind().dialect.name
    upsert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    await session.execute(upsert(AuditHead).values(first).on_conflict_do_nothing())
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


def _hash(entry: AuditEntry) -> str:
    content = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "prev_hash": entry.prev_hash,
    }
    # Keyed, so that somebody who can write the database but has no keys cannot rebuild the chain.
    return hmac.new(keys().derive("audit"), canonical(content).encode(), hashlib.sha256).hexdigest()
