"""Signed HTTP requests of a device: RFC 9421 with Ed25519, and RFC 9530's digest of the body.

One fixed profile: `@method`, `@path`, `@query` and `content-digest` are covered, with `created`,
`nonce`, `keyid`, `alg` and `tag`. Not `@authority`, which proxies change; a device's key is used
for one installation only. Pure; the kiosk's daemon signs with it, the server checks with it.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

TAG = "xiaozheng-device"
COVERED = ("@method", "@path", "@query", "content-digest")
FRESH = timedelta(seconds=60)
"""How far a device's clock may be off, either way, and how long a request may travel."""

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_KEY_ID = re.compile(r';keyid="([0-9a-f]{32})"(?:;|$)')
_SIGNED = ("signature", "signature-input", "content-digest")


class NotSigned(Exception):
    """No signature of our profile, or one that does not fit the request."""


@dataclass
class Request:
    """What of an HTTP request is signed, and the headers that say so.

    Attributes:
        target: path and query as sent, still percent-encoded.
        headers: `sign` adds its own; names in any case.
    """

    method: str
    target: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """With a host that is never signed: the library wants one."""
        return f"http://device.invalid{self.target}"


def device_id(public_key: bytes) -> str:
    """A device's name among devices: the first half of its public key's SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:32]


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    raw = serialization.Encoding.Raw
    return key.public_key().public_bytes(raw, serialization.PublicFormat.Raw)


def sign(request: Request, key: Ed25519PrivateKey, *, created: datetime) -> None:
    """Add the headers of a signature to the request; another nonce each time."""
    id = device_id(public_bytes(key))
    HTTPMessageSigner(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={id: key}),
    ).sign(
        request,
        key_id=id,
        created=created,
        nonce=secrets.token_urlsafe(18),
        label="device",
        tag=TAG,
        covered_component_ids=COVERED,
        body=request.body,
    )


def claimed_by(headers: Mapping[str, str]) -> str:
    """The `device_id` of who says to have signed; believe it after `check` only. Raises NotSigned.

    Args:
        headers: with names in lower case.
    """
    named = _KEY_ID.findall(headers.get("signature-input", ""))
    if len(named) != 1:
        raise NotSigned("form")
    return str(named[0])


def check(request: Request, public_key: bytes) -> str:
    """The nonce of a request that this key signed, just now. Raises NotSigned.

    That the nonce was never used is for the caller to see. Time is the machine's own, that of a
    demonstration may be another.
    """
    id = device_id(public_key)
    keys = {id: Ed25519PublicKey.from_public_bytes(public_key)}
    verifier = _Verifier(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys=keys, private_keys={}),
    )
    signed = Request(request.method, request.target, request.body)
    signed.headers = {n: v for n, v in request.headers.items() if n.lower() in _SIGNED}
    try:
        [result] = verifier.verify(
            signed,
            max_age=timedelta(0),
            expect_tag=TAG,
            require_components=COVERED,
            body=request.body,
        )
    except (HTTPMessageSignaturesException, ValueError) as exc:
        raise NotSigned("signature") from exc
    if result.nonce is None or not _NONCE.fullmatch(result.nonce):
        raise NotSigned("nonce")
    return result.nonce


class _Verifier(HTTPMessageVerifier):
    max_clock_skew = FRESH


def now() -> datetime:
    """The machine's own time, which signatures are dated with."""
    return datetime.now(UTC)
