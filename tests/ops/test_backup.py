"""Backup and restore: what comes back, and what does not leak."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pyrage import x25519
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from ops.backup import backup
from ops.data import Installation, OperationFailed, sync_url
from ops.restore import restore

MARK = b"\xe6\x9d\x8e\xe6\xa2\x85-mark-that-must-not-show"


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    folder = tmp_path / "var"
    (folder / "uploads" / "ab").mkdir(parents=True)
    (folder / "uploads" / "ab" / "one.bin").write_bytes(MARK)
    (folder / "keys.json").write_text('{"current": "k1"}')
    with closing(sqlite3.connect(folder / "tracker.db")) as tracker:
        tracker.execute("CREATE TABLE events (id INTEGER)")
    made = Installation(
        folder,
        make_url(database_url),
        folder / "tracker.db",
        folder / "uploads",
        {"keys.json": folder / "keys.json"},
    )
    _execute(
        made,
        "CREATE TABLE citizens (id INTEGER PRIMARY KEY, name VARCHAR(40))",
        "INSERT INTO citizens VALUES (1, 'before')",
    )
    return made


def _execute(installation: Installation, *statements: str) -> list[tuple[object, ...]]:
    engine = create_engine(sync_url(installation.database))
    try:
        with engine.begin() as connection:
            results = [connection.execute(text(statement)) for statement in statements]
            return [tuple(row) for row in results[-1]] if results[-1].returns_rows else []
    finally:
        engine.dispose()


@pytest.fixture
def key() -> x25519.Identity:
    return x25519.Identity.generate()


@pytest.fixture
def archive(installation: Installation, key: x25519.Identity, tmp_path: Path) -> Path:
    target = tmp_path / "one.tar.age"
    backup(installation, target, str(key.to_public()))
    return target


def test_restore_brings_back_data_uploads_keys_and_keeps_what_was_there(
    installation: Installation, archive: Path, key: x25519.Identity
) -> None:
    _execute(installation, "UPDATE citizens SET name = 'after'")
    (installation.uploads / "ab" / "one.bin").write_bytes(b"after")
    installation.keys["keys.json"].write_text("after")
    aside = restore(installation, archive, key, finish=False)
    assert _execute(installation, "SELECT name FROM citizens") == [("before",)]
    assert (installation.uploads / "ab" / "one.bin").read_bytes() == MARK
    assert installation.keys["keys.json"].read_text() == '{"current": "k1"}'
    assert (aside / "uploads" / "ab" / "one.bin").read_bytes() == b"after"
    assert (aside / "keys.json").read_text() == "after"


def test_archive_shows_nothing_and_only_its_owner_may_read_it(archive: Path) -> None:
    content = archive.read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    assert MARK not in content and b"citizens" not in content
    assert archive.stat().st_mode & 0o077 == 0
    assert [path.name for path in archive.parent.glob(".snapshot-*")] == []


@pytest.mark.parametrize("fault", ["wrong key", "one byte changed", "cut short"])
def test_unusable_archive_changes_nothing(
    fault: str, installation: Installation, archive: Path, key: x25519.Identity
) -> None:
    content = bytearray(archive.read_bytes())
    if fault == "wrong key":
        key = x25519.Identity.generate()
    elif fault == "one byte changed":
        content[-100] ^= 1
    else:
        del content[-5000:]
    archive.write_bytes(content)
    _execute(installation, "UPDATE citizens SET name = 'after'")
    with pytest.raises(OperationFailed):
        restore(installation, archive, key, finish=False)
    assert _execute(installation, "SELECT name FROM citizens") == [("after",)]
    assert (installation.uploads / "ab" / "one.bin").exists()


def test_backup_of_nothing_is_refused(tmp_path: Path, key: x25519.Identity) -> None:
    empty = Installation(
        tmp_path, make_url(f"sqlite:///{tmp_path}/none.db"), None, tmp_path / "uploads", {}
    )
    with pytest.raises(OperationFailed, match="no database"):
        backup(empty, tmp_path / "x.age", str(key))
    assert not (tmp_path / "x.age").exists()


def test_unusable_backup_key_is_refused_without_repeating_it(
    installation: Installation, tmp_path: Path
) -> None:
    with pytest.raises(OperationFailed) as caught:
        backup(installation, tmp_path / "x.age", "hunter2")
    assert "hunter2" not in str(caught.value)
