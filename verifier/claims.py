"""What a signed result says: a CBOR Web Token (RFC 8392) with one claim of our own.

The holder shows the token himself, but whoever scans it may keep it. So it carries only what is
needed to compare with the identity card in the holder's hand: the name with its middle hidden
and the last four characters of the number. (A hash of the whole number would not hide it: there
are too few possible numbers.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

ISS, EXP, IAT, CTI = 1, 4, 6, 7
STATUS = 65535  # Token Status List: {"status_list": {"idx", "uri"}}
PAPER = -70001  # our own, from the private range: {1: item, 2: title, 3: authority, ...}
_ITEM, _TITLE, _AUTHORITY, _NAME, _ID_TAIL = 1, 2, 3, 4, 5


class NotOurClaims(Exception):
    """Well signed, but not in the form of a result."""


@dataclass(frozen=True)
class Claims:
    """The content of a token.

    Attributes:
        issuer: the hall's public address.
        code: the result's code, normalised.
        status_index: place in the status list.
        item: the catalogue's code of the item.
        holder: masked name.
        id_tail: last four characters of the identity number.
    """

    issuer: str
    code: str
    issued_at: datetime
    expires_at: datetime | None
    status_index: int
    item: str
    title: str
    authority: str
    holder: str
    id_tail: str

    def to_map(self) -> dict[int, Any]:
        """The claims under their registered numbers."""
        claims: dict[int, Any] = {
            ISS: self.issuer,
            IAT: int(self.issued_at.timestamp()),
            CTI: self.code.encode("ascii"),
            # `uri` is left out: it is always the issuer's /.well-known/xiaozheng-status.
            STATUS: {"status_list": {"idx": self.status_index}},
            PAPER: {
                _ITEM: self.item,
                _TITLE: self.title,
                _AUTHORITY: self.authority,
                _NAME: self.holder,
                _ID_TAIL: self.id_tail,
            },
        }
        if self.expires_at is not None:
            claims[EXP] = int(self.expires_at.timestamp())
        return claims

    @classmethod
    def from_map(cls, claims: Any) -> "Claims":
        """The claims of a token whose signature was found good.

        Raises:
            NotOurClaims: a part is missing or of another type.
        """
        try:
            return cls._read(claims)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as exc:
            raise NotOurClaims(type(exc).__name__) from exc

    @classmethod
    def _read(cls, claims: Mapping[int, Any]) -> "Claims":
        paper, expires = claims[PAPER], claims.get(EXP)
        index = claims[STATUS]["status_list"]["idx"]
        texts = [claims[ISS], *(paper[n] for n in (_ITEM, _TITLE, _AUTHORITY, _NAME, _ID_TAIL))]
        if not all(isinstance(one, str) for one in texts) or not isinstance(index, int):
            raise TypeError
        issuer, item, title, authority, holder, tail = texts
        return cls(
            issuer=issuer,
            code=claims[CTI].decode("ascii"),
            issued_at=datetime.fromtimestamp(claims[IAT], UTC),
            expires_at=None if expires is None else datetime.fromtimestamp(expires, UTC),
            status_index=index,
            item=item,
            title=title,
            authority=authority,
            holder=holder,
            id_tail=tail,
        )
