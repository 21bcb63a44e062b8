"""The published keys: a JWK set (RFC 7517) with when each key was in use, as the hall serves it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cwt import COSEKey
from cwt.cose_key_interface import COSEKeyInterface

TEST_PREFIX = "test-"


class UnusableKeys(Exception):
    """The key file is not a set of published keys."""


@dataclass(frozen=True)
class PublicKey:
    """One published key (EC, P-256).

    Attributes:
        kid: its name; begins with `test-` for keys of a demonstration.
        created, retired: when it was in use; retired is None for the current one.
    """

    kid: str
    x: bytes
    y: bytes
    created: datetime
    retired: datetime | None

    @property
    def test(self) -> bool:
        """Whether results signed with it have no legal force."""
        return self.kid.startswith(TEST_PREFIX)

    def to_jwk(self) -> dict[str, Any]:
        """Published form."""
        jwk: dict[str, Any] = {
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": _b64(self.x), "y": _b64(self.y), "nbf": int(self.created.timestamp()),
            "test": self.test,
        }  # fmt: skip
        if self.retired is not None:
            jwk["retired"] = int(self.retired.timestamp())
        return jwk

    def to_cose(self) -> COSEKeyInterface:
        """For checking a signature."""
        return COSEKey.new(
            {1: 2, 2: self.kid.encode(), 3: -7, 4: [2], -1: 1, -2: self.x, -3: self.y}
        )


@dataclass(frozen=True)
class KeySet:
    """All keys of one issuer, with what its kinds of paper mean.

    Attributes:
        papers: item code → `{"legal_status", "accepted_by"}`, in words for people.
    """

    issuer: str
    keys: Mapping[str, PublicKey]
    papers: Mapping[str, Mapping[str, str]]

    @classmethod
    def parse(cls, text: str) -> "KeySet":
        """Read what `/.well-known/xiaozheng-keys.json` serves.

        Raises:
            UnusableKeys: not such a document.
        """
        try:
            raw = json.loads(text)
            keys = [_read_jwk(one) for one in raw["keys"] if one.get("kty") == "EC"]
            return cls(str(raw["issuer"]), {key.kid: key for key in keys}, dict(raw["papers"]))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as exc:
            raise UnusableKeys(type(exc).__name__) from exc

    def to_json(self) -> dict[str, Any]:
        """Published form."""
        return {
            "issuer": self.issuer,
            "keys": [key.to_jwk() for key in self.keys.values()],
            "papers": {item: dict(words) for item, words in self.papers.items()},
        }


def _read_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    retired = jwk.get("retired")
    return PublicKey(
        kid=str(jwk["kid"]),
        x=_unb64(jwk["x"]),
        y=_unb64(jwk["y"]),
        created=datetime.fromtimestamp(jwk["nbf"], UTC),
        retired=None if retired is None else datetime.fromtimestamp(retired, UTC),
    )


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
