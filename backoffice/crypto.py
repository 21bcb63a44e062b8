"""Keys and field-level encryption at rest.

AES-256-GCM with a key id in every value, so that keys can be rotated while old values stay
readable; a keyed hash (`blind_index`) finds an encrypted value without decrypting the table.
What is measured on a body (templates of faces and fingers) has a ring of its own, in a file of its
own: whoever gets the one cannot read what the other seals, and destroying it alone makes all
templates unreadable, also in archives.
"""

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass, replace
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
        index: 32 bytes for blind indexes, which a rotation works out anew.
        root: 32 bytes for what cannot be worked out anew (`keyed_hash`, `derive`: tokens, the
            audit trail's chain); never rotated. The first `index` while None.
        rotating: a rotation has begun and not ended; only it may use the ring.
    """

    current: str
    keys: dict[str, bytes]
    index: bytes
    root: bytes | None = None
    rotating: bool = False

    @classmethod
    def load(cls, path: Path, *, for_rotation: bool = False) -> Self:
        """Read `{"current": id, "keys": {id: base64}, "index": base64, "root"?, "rotating"?}`.

        Raises:
            KeysUnusable: missing file, wrong form, a key that is not 32 bytes long, or a rotation
                that has not ended (look-ups would miss half of what is there).
        """
        try:
            raw = json.loads(path.read_text("utf-8"))
            keys = {k: base64.b64decode(v, validate=True) for k, v in raw["keys"].items()}
            index = base64.b64decode(raw["index"], validate=True)
            root = base64.b64decode(raw["root"], validate=True) if "root" in raw else None
            ring = cls(raw["current"], keys, index, root, raw.get("rotating") is True)
        except (OSError, ValueError, KeyError, AttributeError) as exc:
            raise KeysUnusable(f"key file {path} cannot be used: {type(exc).__name__}") from exc
        every = [*keys.values(), index, index if root is None else root]
        if ring.rotating and not for_rotation:
            raise KeysUnusable(f"key file {path}: a rotation has not ended; run `make rotate-keys`")
        if ring.current not in ring.keys or any(len(k) != 32 for k in every):
            raise KeysUnusable(f"key file {path}: keys must be 32 bytes and `current` one of them")
        return ring

    @classmethod
    def generate(cls, letter: str = "k") -> Self:
        """A fresh ring with one key; ids are this letter and a number."""
        return cls(f"{letter}1", {f"{letter}1": os.urandom(32)}, os.urandom(32))

    def save(self, path: Path) -> None:
        """Write the ring, readable by the owner only; the file is whole, also after a crash."""
        encoded: dict[str, object] = {
            "current": self.current,
            "keys": {k: base64.b64encode(v).decode() for k, v in self.keys.items()},
            "index": base64.b64encode(self.index).decode(),
        }
        if self.root is not None:
            encoded["root"] = base64.b64encode(self.root).decode()
        if self.rotating:
            encoded["rotating"] = True
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(encoded, file)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # whose service may read it stays as it was
            owner = path.stat()
            os.chown(part, owner.st_uid, owner.st_gid)
        part.replace(path)

    def begin_rotation(self) -> Self:
        """The same ring with a new current key and a new index key; old keys still open."""
        letter = self.current[:1]
        numbers = [int(k[1:]) for k in self.keys if k[:1] == letter and k[1:].isdecimal()]
        id = f"{letter}{max(numbers, default=0) + 1}"
        return replace(
            self,
            current=id,
            keys={**self.keys, id: os.urandom(32)},
            index=os.urandom(32),
            root=self.root or self.index,
            rotating=True,
        )

    def end_rotation(self) -> Self:
        """The ring for everybody again."""
        return replace(self, rotating=False)

    def without_old_keys(self) -> Self:
        """Only the current key is left: what an older one sealed never opens again."""
        return replace(self, keys={self.current: self.keys[self.current]})

    def encrypt(self, plain: bytes, context: str) -> bytes:
        """Seal `plain`; it opens only with the same `context` (for instance `citizens.phone`)."""
        nonce = os.urandom(_NONCE_BYTES)
        head = self.head
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

    @property
    def head(self) -> bytes:
        """How every value begins that the current key sealed."""
        return bytes([_FORMAT, len(self.current)]) + self.current.encode()

    def blind_index(self, purpose: str, value: str) -> str:
        """A keyed hash of `value` to look it up by; different for each purpose.

        Its column names the encrypted one that it belongs to (`backoffice.db.blind_of`), from
        which a rotation works it out anew.
        """
        return hmac.new(self.index, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()

    def keyed_hash(self, purpose: str, value: str) -> str:
        """A keyed hash of a `value` that is kept nowhere (a token); no rotation changes it."""
        key = self.root or self.index
        return hmac.new(key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for another use, for instance signing sessions."""
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self.root or self.index)


_ring: KeyRing | None = None
_biometric: KeyRing | None = None


def use_keys(ring: KeyRing, biometric: KeyRing | None = None) -> None:
    """Set the rings of this process; called once by the bootstrap (and by tests).

    Args:
        biometric: for templates of faces and fingers; None where nobody is remembered.
    """
    global _ring, _biometric
    _ring, _biometric = ring, biometric


def keys() -> KeyRing:
    """The ring of this process.

    Raises:
        KeysUnusable: the bootstrap has not set one.
    """
    if _ring is None:
        raise KeysUnusable("no key ring in this process; bootstrap first")
    return _ring


def has_biometric_keys() -> bool:
    """Whether this process can open templates of faces and fingers."""
    return _biometric is not None


def biometric_keys() -> KeyRing:
    """The ring for templates of faces and fingers.

    Raises:
        KeysUnusable: this installation, or this process, has none.
    """
    if _biometric is None:
        raise KeysUnusable("no keys for templates of faces and fingers in this process")
    return _biometric


def blind_index(purpose: str, value: str) -> str:
    """`KeyRing.blind_index` with the ring of this process."""
    return keys().blind_index(purpose, value)


def keyed_hash(purpose: str, value: str) -> str:
    """`KeyRing.keyed_hash` with the ring of this process."""
    return keys().keyed_hash(purpose, value)
