"""`make restore FILE=…`: put an archive of `make backup` back, then repeat later deletions.

What was there is moved to `var/before-restore-<time>`, not deleted. Whoever asked for deletion
after the archive was made must stay deleted: the ledger of deletions (`erasures.jsonl` beside the
archives, and the present database's own) is repeated on the restored one, see `ops.replay`.
"""

import argparse
import getpass
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pyrage
from pyrage import x25519
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backoffice.erasures.ledger import NAME, LedgerDamaged, append, as_entry, read_ledger
from backoffice.erasures.models import Erasure
from ops.data import (
    ARCHIVE_FORMAT,
    Installation,
    OperationFailed,
    digest,
    fail,
    run_postgres,
    say,
    sqlite_file,
    sync_url,
)
from ops.env import ROOT, process_environment
from ops.stack import running_supervisor


def unpack(archive: Path, identity: x25519.Identity, folder: Path) -> dict[str, str]:
    """Decrypt and unpack an archive; its manifest's digests are checked.

    Raises:
        OperationFailed: wrong key, altered or incomplete archive, or another format.
    """
    clear = folder / "archive.tar"
    try:
        pyrage.decrypt_file(str(archive), str(clear), [identity])
    except (pyrage.DecryptError, OSError) as exc:
        # pyrage reports an altered or cut archive as OSError, like a full disk
        raise OperationFailed(
            f"The archive cannot be opened: another key, an altered archive, or: {exc}"
        ) from exc
    with tarfile.open(clear) as tar:
        tar.extractall(folder / "content", filter="data")
    clear.unlink()
    try:
        manifest = json.loads((folder / "content" / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise OperationFailed("The archive is incomplete: it has no manifest.") from exc
    if manifest.get("format") != ARCHIVE_FORMAT:
        raise OperationFailed(
            f"The archive has format {manifest.get('format')}; {ARCHIVE_FORMAT} is known."
        )
    digests: dict[str, str] = manifest["sha256"]
    for name, expected in digests.items():
        path = folder / "content" / name
        if not path.is_file() or digest(path) != expected:
            raise OperationFailed(f"The archive is damaged: {name}")
    return digests


def save_erasures(installation: Installation) -> Path:
    """Bring the ledger's file up to date with the present database, before that is replaced."""
    ledger = installation.folder / "backups" / NAME
    known = {entry["id"] for entry in read_ledger(ledger)}
    engine = create_engine(sync_url(installation.database))
    try:
        with Session(engine) as session:
            if inspect(engine).has_table(Erasure.__tablename__):
                rows = session.scalars(select(Erasure).order_by(Erasure.at))
                append(ledger, [as_entry(row) for row in rows if row.id not in known])
    except SQLAlchemyError:
        say(f"the present database cannot be read: later deletions are known only from {ledger}")
    finally:
        engine.dispose()
    return ledger


def move_aside(installation: Installation, aside: Path) -> None:
    """Move the present SQLite files, uploads and keys into `aside`."""
    aside.mkdir(mode=0o700)
    present = [installation.uploads, *installation.keys.values()]
    for file in (_main_file(installation), installation.tracker):
        if file is not None:
            # the write-ahead log belongs to its database and must not meet another one
            present += [file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))]
    for path in present:
        if path.exists():
            shutil.move(path, aside / path.name)


def _main_file(installation: Installation) -> Path | None:
    if installation.database.get_backend_name() == "sqlite":
        return sqlite_file(installation.database)
    return None


def put_in_place(content: Path, installation: Installation, names: dict[str, str]) -> None:
    """Move an unpacked archive to where the installation keeps its data.

    Raises:
        OperationFailed: the archive is of the other kind of database.
    """
    main = _main_file(installation)
    wanted = "database.pgdump" if main is None else "database.sqlite"
    if wanted not in names:
        raise OperationFailed(
            f"The archive has no {wanted}: it was made with another kind of database."
        )
    if main is None:
        run_postgres(
            installation.database,
            "pg_restore",
            *("--clean", "--if-exists", "--no-owner", "--single-transaction"),
            str(content / wanted),
        )
    else:
        _move(content / wanted, main)
    if "tracker.sqlite" in names and installation.tracker is not None:
        _move(content / "tracker.sqlite", installation.tracker)
    for name, path in installation.keys.items():
        if f"keys/{name}" in names:
            _move(content / "keys" / name, path)
    if (content / "uploads").is_dir():
        shutil.move(content / "uploads", installation.uploads)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.move(source, target)


def restore(
    installation: Installation, archive: Path, identity: x25519.Identity, finish: bool = True
) -> Path:
    """Replace the installation's data by the archive's.

    Args:
        finish: also bring the tables up to date and replay deletions.

    Returns:
        The folder that holds what was there before.

    Raises:
        OperationFailed: before anything was changed when the archive is at fault.
    """
    installation.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=installation.folder, prefix=".restore-") as scratch:
        say("decrypt and check the archive …")
        names = unpack(archive, identity, Path(scratch))
        content = Path(scratch) / "content"
        wanted = "database.sqlite" if _main_file(installation) else "database.pgdump"
        if wanted not in names:
            raise OperationFailed(f"The archive has no {wanted}: another kind of database made it.")
        try:
            ledgers = dict.fromkeys([save_erasures(installation), archive.parent / NAME])
            count = len([entry for one in ledgers for entry in read_ledger(one)])
        except LedgerDamaged as exc:
            raise OperationFailed(f"The ledger of deletions cannot be read: {exc}") from exc
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        aside = installation.folder / f"before-restore-{stamp}"
        say(f"move what is there to {aside} …")
        move_aside(installation, aside)
        say("put the archive's data in place …")
        put_in_place(content, installation, names)
    if finish:
        _python("-m", "alembic", "upgrade", "head")
        say(f"repeat later deletions ({count} in the ledger) …")
        _python("-m", "ops.replay", *(str(one) for one in ledgers))
    return aside


def _python(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=process_environment(), check=False
    )
    if done.returncode:
        raise OperationFailed(
            f"`python {' '.join(arguments)}` failed: see above. The data is in place, but do NOT"
            " start before this step has succeeded."
        )


def _identity() -> x25519.Identity:
    key = os.environ.get("XZ_BACKUP_KEY", "")
    if not key.startswith("AGE-SECRET-KEY-"):
        if not sys.stdin.isatty():
            raise OperationFailed(
                "Set XZ_BACKUP_KEY to the archive's secret key (AGE-SECRET-KEY-1…)."
            )
        key = getpass.getpass("Secret key of the archive (AGE-SECRET-KEY-1…): ").strip()
    try:
        return x25519.Identity.from_str(key)
    except pyrage.IdentityError as exc:
        raise OperationFailed("That is not a secret key of the form AGE-SECRET-KEY-1…") from exc


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make restore", description=__doc__)
    parser.add_argument("file", help="the archive")
    parser.add_argument("--force", action="store_true", help="do not ask")
    options = parser.parse_args()
    os.umask(0o077)
    try:
        archive = Path(options.file).resolve()
        if not options.file or not archive.is_file():
            raise OperationFailed("Which archive? make restore FILE=var/backups/….tar.age")
        installation = Installation.from_environment()
        if running_supervisor(installation.folder):
            raise OperationFailed("小政 is running: stop it first (make down).")
        if not options.force and input(f"Replace all data by {archive.name}? [y/N] ") != "y":
            return 1
        aside = restore(installation, archive, _identity())
    except OperationFailed as exc:
        return fail(exc)
    say(f"restored. Check it, then delete {aside}: it holds personal data.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
