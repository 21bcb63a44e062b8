"""Changing the keys at rest: every row sealed anew with the current key, blind indexes with it.

In batches, each a transaction of its own: whatever stops it, it goes on where it was. Nothing else
may use the database meanwhile.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, and_, column, func, or_, select, table, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from backoffice.crypto import KeyRing, has_biometric_keys
from backoffice.db import Base, Encrypted, EncryptedTemplate, Sessions
from backoffice.uploads import store

BATCH = 200
Progress = Callable[[str, int], None]
"""Told the table (or `uploads`) and how many of its rows are done so far."""


class _Sealed:
    """One table as the rotation sees it: encrypted columns as bytes, not as values."""

    def __init__(self, model: Table) -> None:
        self.name = model.name
        self.contexts = {one.name: kind.context for one, kind in _encrypted(model)}
        self.rings: dict[str, KeyRing] = {one.name: kind.ring() for one, kind in _encrypted(model)}
        self.blind = {
            one.name: (one.info["blind_of"], one.info["purpose"])
            for one in model.columns
            if "blind_of" in one.info
        }
        self.key: list[Column[Any]] = list(model.primary_key.columns)
        kept = [column(one.name, one.type) for one in self.key]
        raw = [column(name, LargeBinary) for name in self.contexts]
        self.table = table(model.name, *kept, *raw, *(column(name) for name in self.blind))

    def not_current(self) -> ColumnElement[bool]:
        """Rows that hold something that another key sealed."""
        heads = [(self.table.c[name], self.rings[name].head) for name in self.contexts]
        return or_(
            *(and_(one.is_not(None), func.substr(one, 1, len(head)) != head) for one, head in heads)
        )

    def after(self, last: tuple[Any, ...] | None) -> ColumnElement[bool] | None:
        if last is None:
            return None
        return tuple_(*(self.table.c[one.name] for one in self.key)) > tuple_(*last)

    def anew(self, row: Any) -> dict[str, Any]:
        """The row's changed columns; empty when all is as it should be."""
        changed, plain = dict[str, Any](), dict[str, bytes]()
        for name, context in self.contexts.items():
            sealed = row[name]
            if sealed is None:
                continue
            sealed, ring = bytes(sealed), self.rings[name]
            if not sealed.startswith(ring.head) or name in {of for of, _ in self.blind.values()}:
                plain[name] = ring.decrypt(sealed, context)
            if not sealed.startswith(ring.head):
                changed[name] = ring.encrypt(plain[name], context)
        for name, (source, purpose) in self.blind.items():
            if source in plain:
                hashed = self.rings[source].blind_index(purpose, str(json.loads(plain[source])))
                if hashed != row[name]:
                    changed[name] = hashed
        return changed


async def reseal_all(sessions: Sessions, uploads: Path, progress: Progress) -> None:
    """Seal everything anew with the current keys of this process's rings.

    Templates stay as they are where this process has no ring for them.

    Raises:
        DecryptionFailed: a value that no key of the ring opens; nothing of its batch was changed.
    """
    for sealed in _sealed_tables():
        last: tuple[Any, ...] | None = None
        done = 0
        while True:
            async with sessions.begin() as session:
                last, count = await _one_batch(session, sealed, last)
            done += count
            if last is None:
                break
            progress(sealed.name, done)
    for number, name in enumerate(_files(uploads), start=1):
        await asyncio.to_thread(store.reseal, uploads, name)
        if number % BATCH == 0:
            progress("uploads", number)


async def sealed_otherwise(session: AsyncSession, uploads: Path) -> dict[str, int]:
    """Table (or `uploads`) → how many rows another than the current key sealed; {} is the goal."""
    found = {}
    for sealed in _sealed_tables():
        counted = select(func.count()).select_from(sealed.table).where(sealed.not_current())
        if count := await session.scalar(counted):
            found[sealed.name] = count
    if count := sum(not store.is_current(uploads, name) for name in _files(uploads)):
        found["uploads"] = count
    return found


def _files(uploads: Path) -> list[str]:
    """Ids of the uploads' files; a `.part` was never finished and belongs to nothing."""
    return [name for name, _ in store.stored_ids(uploads) if not name.endswith(".part")]


def _sealed_tables() -> Iterator[_Sealed]:
    for model in Base.metadata.sorted_tables:
        if _encrypted(model):
            yield _Sealed(model)


def _encrypted(model: Table) -> list[tuple[Column[Any], Encrypted]]:
    """The encrypted columns that this process has keys for."""
    return [
        (one, one.type)
        for one in model.columns
        if isinstance(one.type, Encrypted)
        and (has_biometric_keys() or not isinstance(one.type, EncryptedTemplate))
    ]


async def _one_batch(
    session: AsyncSession, sealed: _Sealed, last: tuple[Any, ...] | None
) -> tuple[tuple[Any, ...] | None, int]:
    """Seal the next rows anew; the last row's key (None: there were none) and how many."""
    key = [sealed.table.c[one.name] for one in sealed.key]
    query = select(sealed.table).order_by(*key).limit(BATCH)
    if (following := sealed.after(last)) is not None:
        query = query.where(following)
    if not sealed.blind:  # a blind index does not show which key it was made with
        query = query.where(sealed.not_current())
    rows = (await session.execute(query)).mappings().all()
    for row in rows:
        here = tuple(row[one.name] for one in sealed.key)
        changed = sealed.anew(row)
        if changed:
            same = and_(*(one == value for one, value in zip(key, here, strict=True)))
            await session.execute(sealed.table.update().where(same).values(changed))
        last = here
    return (last if rows else None), len(rows)
