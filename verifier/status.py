"""The published list of revoked results: a Token Status List in a CWT (one bit per result)."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from verifier.keyset import KeySet
from verifier.token import STATUS_TYPE, Altered, check_signature

SUB, EXP, IAT = 2, 4, 6
STATUS_LIST, TTL = 65533, 65534
_LARGEST = 4 * 1024 * 1024  # bytes unpacked: 32 million results


@dataclass(frozen=True)
class StatusList:
    """Which results were revoked at a moment.

    Attributes:
        as_of: when the issuer signed it.
        expires_at: after that a newer one must be fetched.
    """

    issuer_uri: str
    as_of: datetime
    expires_at: datetime
    ttl_s: int
    bits: bytes

    def revoked(self, index: int) -> bool | None:
        """Whether the result at that place was revoked; None when the list is too short."""
        if not 0 <= index < len(self.bits) * 8:
            return None
        return bool(self.bits[index // 8] >> (index % 8) & 1)

    def to_map(self) -> dict[int, Any]:
        """The claims under their registered numbers."""
        return {
            SUB: self.issuer_uri,
            IAT: int(self.as_of.timestamp()),
            EXP: int(self.expires_at.timestamp()),
            TTL: self.ttl_s,
            STATUS_LIST: {"bits": 1, "lst": zlib.compress(self.bits, 9)},
        }


def read_status(token: bytes, keys: KeySet) -> StatusList:
    """The list behind a signed token.

    Raises:
        Altered: not signed by this issuer, or not a status list.
        OtherKey: names a key that is not published.
    """
    claims, _key = check_signature(token, keys, STATUS_TYPE)
    try:
        if claims[STATUS_LIST]["bits"] != 1:
            raise ValueError
        unpack = zlib.decompressobj()
        bits = unpack.decompress(claims[STATUS_LIST]["lst"], _LARGEST)
        return StatusList(
            issuer_uri=str(claims[SUB]),
            as_of=datetime.fromtimestamp(claims[IAT], UTC),
            expires_at=datetime.fromtimestamp(claims[EXP], UTC),
            ttl_s=int(claims[TTL]),
            bits=bits,
        )
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as exc:
        raise Altered from exc
