"""`make backup`: one encrypted archive of databases, uploads and keys, while everything runs.

The archive is a tar in the age format (https://age-encryption.org). `XZ_BACKUP_KEY` is an age
recipient (`age1…`; the private key then stays elsewhere) or an identity (`AGE-SECRET-KEY-1…`).
Without it a new key is made and shown once.
"""

import argparse
import io
import json
import os
import sys
import tarfile
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import pyrage
from pyrage import x25519

from ops.data import (
    ARCHIVE_FORMAT,
    Installation,
    OperationFailed,
    copy_sqlite,
    digest,
    fail,
    run_postgres,
    say,
    sqlite_file,
)


def recipient_of(key: str) -> x25519.Recipient:
    """The recipient that a backup key names.

    Raises:
        OperationFailed: the key has neither form.
    """
    try:
        if key.startswith("AGE-SECRET-KEY-"):
            return x25519.Identity.from_str(key).to_public()
        return x25519.Recipient.from_str(key)
    except (pyrage.RecipientError, pyrage.IdentityError) as exc:
        raise OperationFailed("XZ_BACKUP_KEY must be age1… or AGE-SECRET-KEY-1…") from exc


def collect(installation: Installation, scratch: Path) -> dict[str, Path]:
    """Snapshot what is being written to; name in the archive → file.

    Databases come first: every upload that they mention then exists when the files are read.
    """
    files: dict[str, Path] = {}
    if installation.database.get_backend_name() == "sqlite":
        source = sqlite_file(installation.database)
        if not source.exists():
            raise OperationFailed(f"There is no database at {source}; nothing to back up.")
        copy_sqlite(source, scratch / "database.sqlite")
        files["database.sqlite"] = scratch / "database.sqlite"
    else:
        dump = scratch / "database.pgdump"
        run_postgres(installation.database, "pg_dump", "--format=custom", "--file", str(dump))
        files["database.pgdump"] = dump
    if installation.tracker is not None and installation.tracker.exists():
        copy_sqlite(installation.tracker, scratch / "tracker.sqlite")
        files["tracker.sqlite"] = scratch / "tracker.sqlite"
    for name, path in installation.keys.items():
        if path.exists():
            files[f"keys/{name}"] = path
    for path in sorted(installation.uploads.rglob("*")):
        if path.is_file():
            files[f"uploads/{path.relative_to(installation.uploads).as_posix()}"] = path
    return files


def write_archive(files: dict[str, Path], target: Path, recipient: x25519.Recipient) -> None:
    """Encrypt a tar of `files` into `target`, never with a clear copy on disk.

    Raises:
        OperationFailed: a file could not be read.
    """
    read_end, write_end = os.pipe()
    fault: list[Exception] = []

    def fill() -> None:
        digests: dict[str, str] = {}
        try:
            with (
                os.fdopen(write_end, "wb") as pipe,
                tarfile.open(fileobj=pipe, mode="w|") as tar,
            ):
                for name, path in files.items():
                    try:
                        content = digest(path)
                        tar.add(path, arcname=name, recursive=False)
                        digests[name] = content
                    except FileNotFoundError:
                        # an upload whose time was over and that the worker deleted meanwhile
                        if not name.startswith("uploads/"):
                            raise
                _add_manifest(tar, digests)
        except Exception as exc:
            fault.append(exc)

    filler = threading.Thread(target=fill)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(read_end, "rb") as reader, os.fdopen(descriptor, "wb") as writer:
        filler.start()
        pyrage.encrypt_io(reader, writer, [recipient])
        filler.join()
    if fault:
        target.unlink(missing_ok=True)
        raise OperationFailed(f"The backup failed: {fault[0]}") from fault[0]


def _add_manifest(tar: tarfile.TarFile, digests: dict[str, str]) -> None:
    manifest = {
        "format": ARCHIVE_FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": digests,
    }
    content = json.dumps(manifest, indent=1).encode()
    info = tarfile.TarInfo("manifest.json")
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def backup(installation: Installation, target: Path, key: str) -> None:
    """Write one archive.

    Raises:
        OperationFailed: no database, an unusable key, or a program's fault.
    """
    recipient = recipient_of(key)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(f"{target.name}.partial")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".snapshot-") as scratch:
        say("take a snapshot of the databases …")
        files = collect(installation, Path(scratch))
        say(f"encrypt {len(files)} files …")
        write_archive(files, partial, recipient)
    partial.rename(target)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.backup", description=__doc__)
    parser.add_argument("--to", type=Path, help="file to write; default var/backups/<time>.tar.age")
    options = parser.parse_args()
    os.umask(0o077)
    key = os.environ.get("XZ_BACKUP_KEY", "")
    made = "" if key else str(x25519.Identity.generate())
    try:
        installation = Installation.from_environment()
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        target = options.to or installation.folder / "backups" / f"xiaozheng-{stamp}.tar.age"
        backup(installation, target.resolve(), key or made)
    except OperationFailed as exc:
        return fail(exc)
    say(f"written: {target} ({target.stat().st_size / 1e6:.1f} MB)")
    if made:
        print(
            "\nThe key of this archive, shown only now. Without it the archive cannot be opened."
            f"\nKeep it apart from the archive:\n\n  {made}\n\n"
            "For the next backups set XZ_BACKUP_KEY to it, or to its public half:\n\n"
            f"  {x25519.Identity.from_str(made).to_public()}\n"
        )
    say("Archives hold personal data and the keys to it: keep them as safe as the hall's safe.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
