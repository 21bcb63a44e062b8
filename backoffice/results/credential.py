"""The signed form of a result (COSE_Sign1 over a CWT, ES256), its QR code and the status list."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import cbor2
import segno
from cwt import COSE, COSEKey

from backoffice.results.signing import SigningKeys
from verifier import Claims, KeySet, StatusList, encode_text
from verifier.token import ALG, ES256, KID, RESULT_TYPE, STATUS_TYPE, TYP

KEYS_PATH = "/.well-known/xiaozheng-keys.json"
STATUS_PATH = "/.well-known/xiaozheng-status"
STATUS_TTL = timedelta(minutes=15)
STATUS_LIFETIME = timedelta(hours=24)  # an offline checker that was away longer says so
QUIET_ZONE = 4  # modules, ISO/IEC 18004


@dataclass(frozen=True)
class Issuer:
    """Who signs: the hall with its address and keys.

    Attributes:
        public_url: what the QR code opens, for instance `https://xz.example.gov.cn`.
        hall: the hall's name as printed on its documents.
    """

    public_url: str
    hall: str
    keys: SigningKeys

    @property
    def test(self) -> bool:
        """Whether results have no legal force (demonstration)."""
        return self.keys.test

    def key_set(self, papers: Mapping[str, Mapping[str, str]] | None = None) -> KeySet:
        """What is published for offline checking."""
        return KeySet(self.public_url, self.keys.public, papers or {})

    def sign_result(self, claims: Claims) -> bytes:
        """The token of a result."""
        return self._sign(claims.to_map(), RESULT_TYPE)

    def sign_status(self, revoked: Iterable[int], issued: int, now: datetime) -> bytes:
        """The list of revoked results as of now.

        Args:
            revoked: places in the list.
            issued: how many places are taken in all.
        """
        bits = bytearray(issued // 8 + 1)
        for index in revoked:
            bits[index // 8] |= 1 << (index % 8)
        listed = StatusList(
            self.public_url + STATUS_PATH,
            now,
            now + STATUS_LIFETIME,
            int(STATUS_TTL.total_seconds()),
            bytes(bits),
        )
        return self._sign(listed.to_map(), STATUS_TYPE)

    def _sign(self, claims: Mapping[int, Any], kind: str) -> bytes:
        # Key name and kind are signed too (protected), and nothing is left unsigned.
        header = {ALG: ES256, KID: self.keys.current.encode("ascii"), TYP: kind}
        key = COSEKey.from_pem(self.keys.private_pem)
        token: bytes = COSE.new().encode(cbor2.dumps(claims), key, protected=header, unprotected={})
        return token


def qr_text(public_url: str, code: str, token: bytes) -> str:
    """What the QR code holds: the page's address with the token behind `#`."""
    return _address(public_url, code) + "#" + encode_text(token)


def qr_code(public_url: str, code: str, token: bytes) -> segno.QRCode:
    """The QR code: all capitals, so that it packs 5.5 bits into a character instead of 8.

    Error correction M (15 %): for paper that is folded and screens that are scratched.
    """
    parts = [_address(public_url, code), "#", encode_text(token)]
    # a list of segments is documented by segno, but not in its types
    return segno.make_qr(parts, error="m", boost_error=False)  # type: ignore[arg-type]


def qr_png(public_url: str, code: str, token: bytes, *, width_px: int = 600) -> bytes:
    """The QR code as a PNG, at most `width_px` wide, of whole pixels per module."""
    picture = qr_code(public_url, code, token)
    modules = picture.symbol_size(border=QUIET_ZONE)[0]
    out = io.BytesIO()
    picture.save(out, kind="png", scale=max(1, width_px // modules), border=QUIET_ZONE)
    return out.getvalue()


def qr_svg(public_url: str, code: str, token: bytes) -> bytes:
    """The QR code as SVG, for the document."""
    out = io.BytesIO()
    qr_code(public_url, code, token).save(out, kind="svg", scale=1, border=QUIET_ZONE, light="#fff")
    return out.getvalue()


def _address(public_url: str, code: str) -> str:
    parts = urlsplit(public_url)  # scheme and host have no case; a path would have
    return f"{parts.scheme}://{parts.netloc}".upper() + parts.path.rstrip("/") + f"/V/{code}"
