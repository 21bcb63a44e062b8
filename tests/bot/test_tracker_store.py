"""What lies on the disk, and what happens when it cannot be read."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest
from bot_server.keys import KeyRing, KeyRingError
from bot_server.tracker_store import EncryptedTrackerStore
from conftest import new_key
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import SQLAlchemyError

CANARY = "住在石湾某路8号的李梅canary"


def store_at(path, ring) -> EncryptedTrackerStore:
    return EncryptedTrackerStore(f"sqlite:///{path}", ring, Domain.empty())


def save(store, sender="c1") -> None:
    tracker = DialogueStateTracker.from_events(
        sender, [UserUttered(CANARY), BotUttered(CANARY, {"custom": {"text": CANARY}})]
    )
    asyncio.run(store.save(tracker))


def test_no_text_on_the_disk_and_back_again(tmp_path, keys_file):
    store = store_at(tmp_path / "t.db", KeyRing.read(keys_file))
    save(store)
    assert asyncio.run(store.retrieve("c1")).latest_message.text == CANARY
    escaped = json.dumps(CANARY).strip('"').encode()
    on_disk = b"".join(p.read_bytes() for p in tmp_path.glob("t.db*"))
    assert b"tracker_events" in on_disk
    assert CANARY.encode() not in on_disk and escaped not in on_disk and b"canary" not in on_disk


def test_sqlite_is_in_wal_mode(tmp_path, keys_file):
    store_at(tmp_path / "t.db", KeyRing.read(keys_file))
    assert sqlite3.connect(tmp_path / "t.db").execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_old_keys_stay_readable_and_new_texts_use_the_current_one(tmp_path, keys_file):
    save(store_at(tmp_path / "t.db", KeyRing.read(keys_file)))
    ring = json.loads(keys_file.read_text())
    ring["keys"]["k2"], ring["current"] = new_key(), "k2"
    keys_file.write_text(json.dumps(ring))
    store = store_at(tmp_path / "t.db", KeyRing.read(keys_file))
    assert asyncio.run(store.retrieve("c1")).latest_message.text == CANARY
    save(store, "c2")
    rows = sqlite3.connect(tmp_path / "t.db").execute("SELECT sender_id, data FROM tracker_events")
    assert {(s, d.split(":")[0]) for s, d in rows} == {("c1", "k1"), ("c2", "k2")}


def test_a_lost_key_or_a_changed_byte_is_an_error_not_a_new_conversation(tmp_path, keys_file):
    path = tmp_path / "t.db"
    save(store_at(path, KeyRing.read(keys_file)))
    other = {"current": "k1", "keys": {"k1": new_key()}}
    keys_file.write_text(json.dumps(other))
    with pytest.raises(KeyRingError):
        asyncio.run(store_at(path, KeyRing.read(keys_file)).retrieve("c1"))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"current": "k1", "keys": {}}', '{"current": "k1", "keys": {"k1": "c2hvcnQ="}}']
)
def test_a_faulty_key_ring_is_refused_without_being_quoted(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(KeyRingError) as caught:
        KeyRing.read(path)
    assert "c2hvcnQ" not in str(caught.value)


def test_forget_erases_one_conversation(tmp_path, keys_file):
    store = store_at(tmp_path / "t.db", KeyRing.read(keys_file))
    save(store, "c1")
    save(store, "c2")
    assert store.forget("c1") == 2
    assert asyncio.run(store.retrieve("c1")) is None
    assert asyncio.run(store.retrieve("c2")) is not None


def test_an_unreachable_database_stops_the_start(tmp_path, keys_file):
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(SQLAlchemyError):
        store_at(tmp_path / "folder.db", KeyRing.read(keys_file))
