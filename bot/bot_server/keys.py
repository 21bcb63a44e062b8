"""The key ring, read from the file that the back office writes.

Format: {"current": "k1", "keys": {"k1": "<base64, 32 bytes>"}, ...}. The tracker's keys are
derived from it by HKDF with the info "tracker", so no key is used for two purposes.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

INFO = b"tracker"
AAD = b"tracker.events.data"
NONCE_BYTES = 12


class KeyRingError(RuntimeError):
    """The key ring cannot be used, or does not fit what was stored."""


@dataclass(frozen=True)
class KeyRing:
    """AES-GCM keys by id; new texts are sealed with `current`, old ones stay readable."""

    current: str
    keys: Dict[str, AESGCM] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> "KeyRing":
        """Read the ring. Raises KeyRingError without quoting the file."""
        try:
            raw = json.loads(Path(path).read_text("utf-8"))
            keys = {key_id: _derive(value) for key_id, value in raw["keys"].items()}
            current = raw["current"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            raise KeyRingError(f"key ring unreadable ({type(exc).__name__})") from None
        if current not in keys:
            raise KeyRingError("the key ring has no key of its current id")
        return cls(current, keys)

    def seal(self, text: str) -> str:
        """Encrypt; the answer is `<key id>:<base64 of nonce and ciphertext>`."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self.keys[self.current].encrypt(nonce, text.encode("utf-8"), AAD)
        return f"{self.current}:{base64.b64encode(nonce + sealed).decode('ascii')}"

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` made with any key of the ring. Raises KeyRingError."""
        key_id, _, body = sealed.partition(":")
        key = self.keys.get(key_id)
        if key is None:
            raise KeyRingError("stored with a key that is not in the ring")
        try:
            raw = base64.b64decode(body, validate=True)
            return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], AAD).decode("utf-8")
        except (InvalidTag, binascii.Error, ValueError):
            raise KeyRingError("stored text is damaged") from None


def _derive(value: str) -> AESGCM:
    master = base64.b64decode(value, validate=True)
    if len(master) != 32:
        raise ValueError("key length")
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=INFO).derive(master))
