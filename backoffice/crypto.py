"""Keys and field-level encryption at rest.

AES-256-GCM with a key id in every value, so that keys can be rotated while old values stay
readable; a keyed hash (`blind_index`) finds an encrypted value without decrypting the table.
"""

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_FORMAT = 1


class KeysUnusable(Exception):
    """The key file is missing or not in the documented form; the start must stop."""


class DecryptionFailed(Exception):
    """A stored value was altered, moved to another column, or its key is gone."""


@dataclass(frozen=True)
class KeyRing:
    """The keys of one installation.

    Attributes:
        current: id of the key that encrypts new values.
        keys: key id → 32 bytes; old ones stay until nothing is encrypted with them.
        index: 32 bytes for blind indexes; not rotated, since that would lose all look-ups.
    """

    current: str
    keys: dict[str, bytes]
    index: bytes

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read `{"current": id, "keys": {id: base64}, "index": base64}`.

        Raises:
            KeysUnusable: missing file, wrong form, or a key that is not 32 bytes long.
        """
        try:
            raw = json.loads(path.read_text("utf-8"))
            keys = {k: base64.b64decode(v, validate=True) for k, v in raw["keys"].items()}
            ring = cls(raw["current"], keys, base64.b64decode(raw["index"], validate=True))
        except (OSError, ValueError, KeyError, AttributeError) as exc:
            raise KeysUnusable(f"key file {path} cannot be used: {type(exc).__name__}") from exc
        if ring.current not in ring.keys or any(len(k) != 32 for k in [*keys.values(), ring.index]):
            raise KeysUnusable(f"key file {path}: keys must be 32 bytes and `current` one of them")
        return ring

    @classmethod
    def generate(cls) -> Self:
        """A fresh ring with one key."""
        return cls("k1", {"k1": os.urandom(32)}, os.urandom(32))

    def save(self, path: Path) -> None:
        """Write the ring, readable by the owner only."""
        encoded = {
            "current": self.current,
            "keys": {k: base64.b64encode(v).decode() for k, v in self.keys.items()},
            "index": base64.b64encode(self.index).decode(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(encoded, file)

    def encrypt(self, plain: bytes, context: str) -> bytes:
        """Seal `plain`; it opens only with the same `context` (for instance `citizens.phone`)."""
        nonce = os.urandom(_NONCE_BYTES)
        head = bytes([_FORMAT, len(self.current)]) + self.current.encode()
        sealed = AESGCM(self.keys[self.current]).encrypt(nonce, plain, head + context.encode())
        return head + nonce + sealed

    def decrypt(self, sealed: bytes, context: str) -> bytes:
        """Open what `encrypt` sealed for the same context.

        Raises:
            DecryptionFailed: altered, from another context, or its key is not in the ring.
        """
        try:
            length = sealed[1]
            head, rest = sealed[: 2 + length], sealed[2 + length :]
            key = self.keys[head[2:].decode()]
            nonce, body = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, body, head + context.encode())
        except (InvalidTag, KeyError, IndexError, UnicodeDecodeError, ValueError) as exc:
            raise DecryptionFailed(f"a value of {context} cannot be decrypted") from exc

    def key_id(self, sealed: bytes) -> str:
        """Which key sealed this value (for rotation)."""
        return sealed[2 : 2 + sealed[1]].decode()

    def blind_index(self, purpose: str, value: str) -> str:
        """A keyed hash of `value` to look it up by; different for each purpose."""
        return hmac.new(self.index, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for another use, for instance signing sessions."""
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self.index)


_ring: KeyRing | None = None


def use_keys(ring: KeyRing) -> None:
    """Set the ring of this process; called once by the bootstrap (and by tests)."""
    global _ring
    _ring = ring


def keys() -> KeyRing:
    """The ring of this process.

    Raises:
        KeysUnusable: the bootstrap has not set one.
    """
    if _ring is None:
        raise KeysUnusable("no key ring in this process; bootstrap first")
    return _ring


def blind_index(purpose: str, value: str) -> str:
    """`KeyRing.blind_index` with the ring of this process."""
    return keys().blind_index(purpose, value)
