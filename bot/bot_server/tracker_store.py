"""Rasa's tracker in SQL, its event bodies encrypted, its failures visible.

Rasa wraps a tracker store so that a failed save goes to memory and a failed read looks like a
new conversation. Both would lose a citizen's application silently; this store is used bare, and
any failure fails the turn.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Iterator, Optional

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from sqlalchemy.engine.url import make_url
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from bot_server.keys import KeyRing

BUSY_TIMEOUT_MS = 5_000
Base = declarative_base()
_ring: Optional[KeyRing] = None


class SealedText(TypeDecorator):
    """Text that is encrypted on its way into the database and decrypted on its way out."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Optional[str], dialect: Any) -> Optional[str]:
        return None if value is None else _keys().seal(value)

    def process_result_value(self, value: Optional[str], dialect: Any) -> Optional[str]:
        return None if value is None else _keys().open(value)


class SealedEvent(Base):
    """One event of a conversation. `sender_id` is random and means nobody."""

    __tablename__ = "tracker_events"

    id = sa.Column(sa.Integer, primary_key=True)
    sender_id = sa.Column(sa.String(255), nullable=False, index=True)
    type_name = sa.Column(sa.String(255), nullable=False)
    timestamp = sa.Column(sa.Float)
    intent_name = sa.Column(sa.String(255))
    action_name = sa.Column(sa.String(255))
    data = sa.Column(SealedText)


class EncryptedTrackerStore(SQLTrackerStore):
    """SQLTrackerStore on SQLite (WAL) or PostgreSQL. Not to be wrapped in Rasa's fail-safe."""

    Base = Base
    SQLEvent = SealedEvent

    def __init__(self, url: str, ring: KeyRing, domain: Optional[Domain] = None) -> None:
        """Connect and create the table. Raises SQLAlchemyError when the database is not there."""
        global _ring
        _ring = ring
        self.engine = _engine(url)
        Base.metadata.create_all(self.engine)
        self.sessionmaker = sessionmaker(bind=self.engine)
        TrackerStore.__init__(self, domain, None)

    @contextlib.contextmanager
    def session_scope(self) -> Iterator[Session]:
        """A session that is always closed; errors go to the caller (Rasa's would exit)."""
        session = self.sessionmaker()
        try:
            yield session
        finally:
            session.close()

    def forget(self, sender_id: str) -> int:
        """Erase a conversation's events; answers how many there were."""
        with self.session_scope() as session:
            gone = session.query(SealedEvent).filter(SealedEvent.sender_id == sender_id).delete()
            session.commit()
            return gone

    def check(self) -> None:
        """Raise when the database does not answer."""
        with self.session_scope() as session:
            session.execute(sa.text("SELECT 1"))


def _keys() -> KeyRing:
    if _ring is None:
        raise RuntimeError("the tracker store has no key ring")
    return _ring


def _engine(url: str) -> sa.engine.Engine:
    """`hide_parameters`: an error's text must not carry what was being stored."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(parsed, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        # erased rows must not stay readable in free pages
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    return engine
