"""Which messages were handed to the provider, so that a repeated key sends once.

The provider's call has no idempotency key. A call that ended in a time-out may have been carried
out; this small file remembers that it was tried, so that the next try asks first.
"""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, Literal, NamedTuple

TRIED: Final = "tried"
SENT: Final = "sent"


class Entry(NamedTuple):
    """What is known of a key. `reference`: the provider's, once sent. `day`: of the first try."""

    state: Literal["tried", "sent"]
    reference: str
    day: str


class Ledger:
    """Keys (as hashes) with what became of them; no numbers, no texts."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, key: str) -> Entry | None:
        """What is known of this key."""
        with closing(self._open()) as db:
            row = db.execute(
                "select state, reference, day from sent where key = ?", (_hash(key),)
            ).fetchone()
        return Entry(*row) if row else None

    def note(self, key: str, entry: Entry) -> None:
        """Remember; the first try's day stays."""
        with closing(self._open()) as db, db:
            db.execute(
                "insert into sent (key, state, reference, day) values (?, ?, ?, ?)"
                " on conflict (key) do update set state = excluded.state, reference = excluded.reference",
                (_hash(key), *entry),
            )

    def has_reference(self, reference: str) -> bool:
        """Whether the provider gave us this reference for a message of ours."""
        with closing(self._open()) as db:
            row = db.execute("select 1 from sent where reference = ?", (reference,)).fetchone()
        return row is not None

    def forget(self, key: str) -> None:
        """The provider refused: it was certainly not sent."""
        with closing(self._open()) as db, db:
            db.execute("delete from sent where key = ?", (_hash(key),))

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._file, timeout=10)
        db.execute(
            "create table if not exists sent"
            " (key text primary key, state text not null, reference text not null, day text not null)"
        )
        return db


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def out_id(key: str) -> str:
    """The name under which the provider files a message of ours; says nothing about it."""
    return _hash(key)[:32]
