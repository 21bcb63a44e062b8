"""The kiosk's private key: made here, never leaves the machine."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KeyUnusable(Exception):
    """The start must stop; the message says why."""


def ensure_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file; a new one when there is none.

    Raises:
        KeyUnusable: something else is in the file, or others may read it.
    """
    if not path.exists():
        return _new_key(path)
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"{path} may be read by others: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as exc:
        raise KeyUnusable(f"{path} holds no private key") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} holds a key of another kind")
    return key


def _new_key(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return key
