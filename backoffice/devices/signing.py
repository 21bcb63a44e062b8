"""Signed HTTP requests of a device: RFC 9421 with Ed25519, and RFC 9530's digest of the body.

One fixed profile: `@method`, `@path`, `@query` and `content-digest` are covered, with `created`,
`nonce`, `keyid` and `alg`. Not `@authority`, which proxies change; a device's key is used for one
installation only. Pure; the kiosk's daemon signs with it, the server checks with it.
"""

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LABEL = "device"
_PARAMETERS = re.compile(
    rf'{LABEL}=(\("@method" "@path" "@query" "content-digest"\)'
    r';created=([0-9]{1,12});nonce="([A-Za-z0-9_-]{16,64})"'
    r';keyid="([0-9a-f]{32})";alg="ed25519")'
)
_SIGNATURE = re.compile(rf"{LABEL}=:([A-Za-z0-9+/]{{86}}==):")


class NotSigned(Exception):
    """No signature of our profile, or one that does not fit the request."""


@dataclass(frozen=True)
class Request:
    """What of an HTTP request is signed.

    Attributes:
        path: as sent, still percent-encoded.
        query: without the question mark; empty when there is none.
    """

    method: str
    path: str
    query: str
    body: bytes


@dataclass(frozen=True)
class Claim:
    """What a signature says of itself; believe it after `check` only.

    Attributes:
        device_id: the key's thumbprint, see `device_id`.
        created: seconds since 1970, by the device's clock.
        nonce: used once in a device's life.
    """

    device_id: str
    created: int
    nonce: str
    parameters: str
    signature: bytes


def device_id(public_key: bytes) -> str:
    """A device's name among devices: the first half of its public key's SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:32]


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    raw = serialization.Encoding.Raw
    return key.public_key().public_bytes(raw, serialization.PublicFormat.Raw)


def sign(request: Request, key: Ed25519PrivateKey, *, created: int) -> dict[str, str]:
    """The headers to send with the request; another nonce each time."""
    keyid, nonce = device_id(public_bytes(key)), secrets.token_urlsafe(18)
    parameters = (
        '("@method" "@path" "@query" "content-digest")'
        f';created={created};nonce="{nonce}";keyid="{keyid}";alg="ed25519"'
    )
    digest = content_digest(request.body)
    signature = key.sign(_base(request, digest, parameters))
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{LABEL}={parameters}",
        "Signature": f"{LABEL}=:{base64.b64encode(signature).decode()}:",
    }


def claim(headers: Mapping[str, str]) -> Claim:
    """Who says to have signed. Raises NotSigned."""
    parameters = _PARAMETERS.fullmatch(headers.get("signature-input", ""))
    signature = _SIGNATURE.fullmatch(headers.get("signature", ""))
    if parameters is None or signature is None:
        raise NotSigned("form")
    try:
        decoded = base64.b64decode(signature[1], validate=True)
    except binascii.Error:
        raise NotSigned("form") from None
    return Claim(parameters[4], int(parameters[2]), parameters[3], parameters[1], decoded)


def check(request: Request, claimed: Claim, public_key: bytes) -> None:
    """Whether this key signed this very request. Raises NotSigned.

    The digest is computed from the body that came, so what its header says does not matter.
    """
    base = _base(request, content_digest(request.body), claimed.parameters)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(claimed.signature, base)
    except (InvalidSignature, ValueError):
        raise NotSigned("signature") from None


def content_digest(body: bytes) -> str:
    """The value of the header `Content-Digest` (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _base(request: Request, digest: str, parameters: str) -> bytes:
    """RFC 9421, section 2.5: what is signed."""
    lines = {
        "@method": request.method,
        "@path": request.path,
        "@query": f"?{request.query}",
        "content-digest": digest,
    }
    return signature_base(lines, parameters)


def signature_base(components: Mapping[str, str], parameters: str) -> bytes:
    """The signature base of these components, in their order."""
    lines = [f'"{name}": {value}' for name, value in components.items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()
