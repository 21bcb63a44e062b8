"""The encrypted files of uploads: `<folder>/<aa>/<id>`, sealed for that id only."""

import contextlib
import os
import re
from pathlib import Path

from backoffice.crypto import keys

_ID = re.compile(r"[A-Za-z0-9_-]{10,40}")


def path_of(folder: Path, upload_id: str) -> Path:
    """Where an upload's file lies.

    Raises:
        ValueError: not an id of ours (it could lead out of the folder).
    """
    if not _ID.fullmatch(upload_id):
        raise ValueError("not an upload id")
    return folder / upload_id[:2] / upload_id


def write(folder: Path, upload_id: str, data: bytes) -> None:
    """Seal and write; the file is whole or absent, also after a crash."""
    path = path_of(folder, upload_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(keys().encrypt(data, f"upload:{upload_id}"))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read(folder: Path, upload_id: str) -> bytes:
    """Open what `write` sealed.

    Raises:
        FileNotFoundError: no such file.
        DecryptionFailed: altered, or moved from another id.
    """
    return keys().decrypt(path_of(folder, upload_id).read_bytes(), f"upload:{upload_id}")


def is_current(folder: Path, upload_id: str) -> bool:
    """Whether the current key sealed the file."""
    head = keys().head
    with path_of(folder, upload_id).open("rb") as file:
        return file.read(len(head)) == head


def reseal(folder: Path, upload_id: str) -> bool:
    """Seal a file anew with the current key; False when it was already."""
    if is_current(folder, upload_id):
        return False
    write(folder, upload_id, read(folder, upload_id))
    return True


def remove(folder: Path, upload_id: str) -> None:
    """Delete the file; absent is fine."""
    with contextlib.suppress(FileNotFoundError):
        path_of(folder, upload_id).unlink()


def stored_ids(folder: Path) -> list[tuple[str, float]]:
    """Every file's id and moment of writing (seconds since 1970); `.part` files included."""
    found = []
    for path in folder.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):
            found.append((path.name, path.stat().st_mtime))
    return found
