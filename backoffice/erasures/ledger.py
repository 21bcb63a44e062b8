"""The ledger as a file beside the archives: a restore must not bring back what was deleted.

One JSON object per line, only ever appended to. An archive holds the ledger as it was when the
archive was made; the file knows what came after.
"""

import asyncio
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.erasures.models import Erasure, ErasureKind
from backoffice.erasures.services import carry_out

NAME = "erasures.jsonl"


class LedgerDamaged(Exception):
    """A line of the file cannot be read: deletions may be missing. Names the line."""


Entry = Mapping[str, str]


def as_entry(row: Erasure) -> Entry:
    """A row as it stands in the file."""
    return {"id": row.id, "kind": row.kind, "subject": row.subject, "at": row.at.isoformat()}


def read_ledger(path: Path) -> Iterator[Entry]:
    """The file's entries; none when there is no file.

    Raises:
        LedgerDamaged: a line that is no entry (a last line cut short by a crash is none either,
            but stands in the database still and is written again).
    """
    if not path.exists():
        return
    lines = path.read_text("utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            if line:
                raw = json.loads(line)
                yield {name: str(raw[name]) for name in ("id", "kind", "subject", "at")}
        except (ValueError, KeyError, TypeError) as exc:
            if number < len(lines):
                raise LedgerDamaged(f"{path.name}, line {number}") from exc


def append(path: Path, entries: Iterable[Entry]) -> None:
    """Add entries, safe on disk when this returns; only the owner may read them."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "rb+") as file:
        if file.seek(0, os.SEEK_END) and not _ends_whole(file.fileno()):
            file.truncate(_whole_bytes(path))
        for entry in entries:
            file.write(json.dumps(dict(entry), separators=(",", ":")).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(descriptor: int) -> bool:
    return os.pread(descriptor, 1, os.fstat(descriptor).st_size - 1) == b"\n"


def _whole_bytes(path: Path) -> int:
    """Size up to the last whole line; what follows was cut short by a crash."""
    return path.read_bytes().rfind(b"\n") + 1


async def export(session: AsyncSession, path: Path, *, now: datetime) -> int:
    """Write what is not in the file yet; how many. A crash in between writes a line twice."""
    rows = list(
        await session.scalars(
            select(Erasure).where(Erasure.exported_at.is_(None)).order_by(Erasure.at)
        )
    )
    if rows:
        await asyncio.to_thread(append, path, [as_entry(row) for row in rows])
    for row in rows:
        row.exported_at = now
    return len(rows)


async def replay_erasures(
    session: AsyncSession, uploads: Path, entries: Iterable[Entry], *, now: datetime
) -> int:
    """Repeat the deletions that this database does not know; how many.

    Those it knows were done before its archive was made, and what the person gave since is theirs.
    """
    known = set(await session.scalars(select(Erasure.id)))
    count = 0
    for entry in entries:
        if entry["id"] in known:
            continue
        known.add(entry["id"])
        row = Erasure(
            id=entry["id"],
            kind=ErasureKind(entry["kind"]),
            subject=entry["subject"],
            at=datetime.fromisoformat(entry["at"]),
        )
        session.add(row)
        await session.flush()
        await carry_out(session, uploads, row, now=now, actor="system")
        count += 1
    return count
