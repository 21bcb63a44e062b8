"""The keys that results are signed with.

One current key signs; retired ones stay published, so that what they signed can still be checked.
Keys of a demonstration say so in their name (`test-…`), which is part of everything they sign.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from verifier.keyset import TEST_PREFIX, PublicKey

_PREFIX = "xz-"
_COORDINATE_BYTES = 32


class SigningKeysUnusable(Exception):
    """The file of signing keys is missing, damaged, or not allowed here; the start must stop."""


@dataclass(frozen=True)
class SigningKeys:
    """The current private key and all public ones.

    Attributes:
        private_pem: PKCS#8, P-256.
        public: kid → published key; contains the current one.
    """

    current: str
    private_pem: bytes = field(repr=False)
    public: Mapping[str, PublicKey]

    @property
    def test(self) -> bool:
        """Whether what is signed now has no legal force."""
        return self.public[self.current].test

    @classmethod
    def generate(cls, *, test: bool, now: datetime) -> Self:
        """A fresh key and no retired ones."""
        pem, key = _new_key(test=test, now=now)
        return cls(key.kid, pem, {key.kid: key})

    def rotate(self, *, now: datetime) -> Self:
        """A new current key; the present one is retired and stays published."""
        test = self.test
        pem, key = _new_key(test=test, now=now)
        old = self.public[self.current]
        retired = PublicKey(old.kid, old.x, old.y, old.created, now)
        return type(self)(key.kid, pem, {**self.public, old.kid: retired, key.kid: key})

    @classmethod
    def load(cls, path: Path, *, allow_test: bool) -> Self:
        """Read what `save` wrote.

        Args:
            allow_test: False in production: results signed by a test key are worthless.

        Raises:
            SigningKeysUnusable: missing, damaged, or a test key where none is allowed.
        """
        try:
            raw = json.loads(path.read_text("utf-8"))
            public = {one["kid"]: _read(one) for one in raw["keys"]}
            keys = cls(str(raw["current"]), str(raw["private_pem"]).encode("ascii"), public)
            same = _coordinates(_open(keys.private_pem)) == (
                public[keys.current].x,
                public[keys.current].y,
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            raise SigningKeysUnusable(f"signing keys {path}: {type(exc).__name__}") from exc
        if not same:
            raise SigningKeysUnusable(f"signing keys {path}: private and public key differ")
        if keys.test and not allow_test:
            raise SigningKeysUnusable(f"signing keys {path}: a test key cannot sign real results")
        return keys

    @classmethod
    def ensure(cls, path: Path, *, now: datetime) -> None:
        """Make test keys for a demonstration unless the file is there.

        Processes that start at the same moment agree: only the first one's keys are kept.
        """
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        cls.generate(test=True, now=now).save(draft)
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()

    def save(self, path: Path) -> None:
        """Write the keys, readable by the owner only, whole or not at all."""
        published = [
            {
                "kid": key.kid,
                "x": key.x.hex(),
                "y": key.y.hex(),
                "created": key.created.isoformat(),
                "retired": key.retired and key.retired.isoformat(),
            }
            for key in self.public.values()
        ]
        text = json.dumps(
            {
                "current": self.current,
                "private_pem": self.private_pem.decode("ascii"),
                "keys": published,
            }
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)

    def private_key(self) -> ec.EllipticCurvePrivateKey:
        """The current private key."""
        return _open(self.private_pem)


def _new_key(*, test: bool, now: datetime) -> tuple[bytes, PublicKey]:
    private = ec.generate_private_key(ec.SECP256R1())
    x, y = _coordinates(private)
    # The name is a fingerprint of the key: two keys cannot go by the same one unnoticed.
    kid = (TEST_PREFIX if test else _PREFIX) + sha256(x + y).hexdigest()[:8]
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, PublicKey(kid, x, y, now.astimezone(UTC), None)


def _open(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError("not a P-256 key")
    return key


def _coordinates(key: ec.EllipticCurvePrivateKey) -> tuple[bytes, bytes]:
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(_COORDINATE_BYTES, "big"), numbers.y.to_bytes(
        _COORDINATE_BYTES, "big"
    )


def _read(raw: Mapping[str, str]) -> PublicKey:
    retired = raw["retired"]
    return PublicKey(
        raw["kid"],
        bytes.fromhex(raw["x"]),
        bytes.fromhex(raw["y"]),
        datetime.fromisoformat(raw["created"]),
        datetime.fromisoformat(retired) if retired else None,
    )
