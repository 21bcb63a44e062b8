"""The database: base class, column types, engine and sessions."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from backoffice.crypto import KeyRing, biometric_keys, keys

_BUSY_S = 15
"""How long a transaction waits for another one that writes, before it fails."""
_ONLY_READS = "xz_only_reads"

# Constraint names are fixed, so that migrations can name them on every database.
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=_NAMING)


class Utc(TypeDecorator[datetime]):
    """An aware moment, stored as UTC (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone must not be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Encrypted(TypeDecorator[Any]):
    """Any JSON value, encrypted at rest and bound to its column.

    Args:
        context: `table.column`; a value copied into another column does not open there.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def ring(self) -> KeyRing:
        """The keys that seal this column."""
        return keys()

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return self.ring().encrypt(plain, self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return json.loads(self.ring().decrypt(bytes(value), self.context))


class EncryptedTemplate(Encrypted):
    """Bytes measured on somebody's body, sealed with the ring that is kept for these alone."""

    cache_ok = True

    def ring(self) -> KeyRing:
        """See `Encrypted.ring`."""
        return biometric_keys()

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else self.ring().encrypt(value, self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else self.ring().decrypt(bytes(value), self.context)


def blind_of(column: str, purpose: str) -> dict[str, Any]:
    """What a blind index's column says of itself (`info`): which encrypted one it is worked out of.

    Args:
        column: the encrypted column, in the same table.
        purpose: as for `crypto.blind_index`.
    """
    return {"blind_of": column, "purpose": purpose}


def new_id() -> str:
    """An identifier that cannot be guessed (128 bits, safe in URLs)."""
    return secrets.token_urlsafe(16)


def make_engine(url: str) -> AsyncEngine:
    """The engine for SQLite (one box, WAL) or PostgreSQL, by URL."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    engine = create_async_engine(url, connect_args={"timeout": _BUSY_S})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us, below
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_S * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    # A transaction that reads first and writes later would fail with "database is locked" when
    # another process wrote in between; taking the write lock at once makes it wait instead.
    only_reads = connection.get_execution_options().get(_ONLY_READS)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


class _OnlyReading(Session):
    """A session in which nothing may be changed."""


@event.listens_for(_OnlyReading, "before_flush")
def _refuse(*_: object) -> None:
    raise RuntimeError("a session opened by Sessions.read was used to write")


class Sessions:
    """Where the entry points get their sessions.

    On SQLite one transaction writes at a time. Those of one process queue here, first come, first
    served: SQLite itself lets the waiting ones sleep and try again, and some wait for seconds.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._write = async_sessionmaker(engine, expire_on_commit=False)
        self._read = async_sessionmaker(
            engine.execution_options(**{_ONLY_READS: True}),
            sync_session_class=_OnlyReading,
            expire_on_commit=False,
        )
        alone = engine.dialect.name == "sqlite"
        self._queue: asyncio.Lock | None = asyncio.Lock() if alone else None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction, committed at the end, undone by an exception.

        Raises:
            TimeoutError: another transaction of this process did not end in time.
        """
        if self._queue is None:
            async with self._write.begin() as session:
                yield session
            return
        async with asyncio.timeout(_BUSY_S):
            await self._queue.acquire()
        try:
            async with self._write.begin() as session:
                yield session
        finally:
            self._queue.release()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only looks; it waits for nobody and nobody waits for it.

        Raises:
            RuntimeError: something was to be written.
        """
        async with self._read.begin() as session:
            yield session


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions for the entry points: `async with sessions.begin() as session: ...`."""
    return Sessions(engine)
