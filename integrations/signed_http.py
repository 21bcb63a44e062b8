"""Signed questions over HTTPS and JSON, for every authority's gateway.

No public specification of such gateways exists and each province has its own; this is our
assumption, written down in `docs/authorities.md` and to be adapted with the authority's document
in hand. What is signed follows RFC 9421 (HTTP Message Signatures) and RFC 9530 (Content-Digest).

A question bears an Idempotency-Key, so that it may be asked again when no answer came and changes
nothing twice; a refusal is never repeated.
"""

import asyncio
import hashlib
import json
import re
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519, HMAC_SHA256
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from integrations.ports import Rejected, Unavailable

TAG = "xiaozheng"
COVERED = (
    "@method",
    "@authority",
    "@path",
    "content-type",
    "content-digest",
    "idempotency-key",
)


@dataclass(frozen=True)
class Signer:
    """With what requests are signed.

    Attributes:
        key_id: how the authority calls the key.
        secret: of both sides (HMAC-SHA256), or ours alone (Ed25519).
    """

    key_id: str
    secret: bytes | Ed25519PrivateKey


def load_private_key(file: Path) -> Ed25519PrivateKey:
    """Read an Ed25519 key in PEM, without a password.

    Raises:
        ValueError: another kind of key, or no key at all.
        OSError: the file cannot be read.
    """
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError):
        raise ValueError("not a private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return key


def make_client(
    *,
    timeout_s: float,
    ca_file: Path | None = None,
    cert_file: Path | None = None,
    key_file: Path | None = None,
) -> httpx.AsyncClient:
    """A client, with mutual TLS when a certificate of ours is given.

    Raises:
        OSError, ssl.SSLError: a file that cannot be read or does not fit the other.
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if cert_file is not None:
        context.load_cert_chain(cert_file, key_file)
    return httpx.AsyncClient(timeout=timeout_s, verify=context, follow_redirects=False)


class Breaker:
    """Spares a gateway that is down, and whoever would wait for it.

    After `limit` failures in a row nothing is tried for `pause_s`; then one call may try.
    """

    def __init__(
        self, limit: int = 5, pause_s: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._pause_s = pause_s
        self._clock = clock
        self._failures = 0
        self._closed_until = 0.0

    def admits(self) -> bool:
        """Whether a call may be made now; the first one after a pause holds the others off."""
        if self._failures < self._limit:
            return True
        if self._clock() < self._closed_until:
            return False
        self._closed_until = self._clock() + self._pause_s
        return True

    def note(self, *, answered: bool) -> None:
        """What became of a call; a refusal is an answer."""
        if answered:
            self._failures = 0
            return
        self._failures += 1
        if self._failures >= self._limit:
            self._closed_until = self._clock() + self._pause_s


class SignedHttp:
    """One authority's gateway.

    Args:
        name: ours for it, in error texts.
        base_url: with the path prefix, without a slash at the end; https in production.
        client: time-outs are set on it.
        attempts: how often a question is asked when no answer comes.
        longest_s: for all attempts together.
    """

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        signer: Signer,
        client: httpx.AsyncClient,
        attempts: int = 3,
        longest_s: float = 20.0,
        wait_s: float = 0.3,
        breaker: Breaker | None = None,
    ) -> None:
        self._name = name
        self._base_url = base_url
        self._key_id = signer.key_id
        self._signer = HTTPMessageSigner(
            signature_algorithm=HMAC_SHA256 if isinstance(signer.secret, bytes) else ED25519,
            key_resolver=_OneKey(signer.secret),
        )
        self._client = client
        self._longest_s = longest_s
        self._breaker = breaker or Breaker()
        self._retrying = AsyncRetrying(
            retry=retry_if_exception_type(Unavailable),
            stop=stop_after_attempt(attempts),
            wait=wait_random_exponential(multiplier=wait_s, max=2.0),
            reraise=True,
        )

    async def ask(
        self, way: str, question: Mapping[str, Any], *, key: str | None = None
    ) -> Mapping[str, Any] | None:
        """Put one question; returns the answer's `data`, or None where they know nothing of it.

        Args:
            way: the path after the base, with a slash; no personal data.
            key: the same for the same question; only its hash leaves the house.

        Raises Unavailable, Rejected.
        """
        if not self._breaker.admits():
            raise Unavailable(f"{self._name}: paused after repeated failures")
        content = json.dumps(question, ensure_ascii=False, separators=(",", ":")).encode()
        name = hashlib.sha256((key or secrets.token_hex(16)).encode()).hexdigest()[:32]
        try:
            async with asyncio.timeout(self._longest_s):
                answer: Mapping[str, Any] | None = await self._retrying(
                    self._once, way, content, name
                )
        except TimeoutError:
            self._breaker.note(answered=False)
            raise Unavailable(f"{self._name}: time-out") from None
        except Unavailable:
            self._breaker.note(answered=False)
            raise
        except Rejected:
            self._breaker.note(answered=True)
            raise
        self._breaker.note(answered=True)
        return answer

    async def _once(self, way: str, content: bytes, name: str) -> Mapping[str, Any] | None:
        request = self._client.build_request(
            "POST",
            f"{self._base_url}{way}",
            content=content,
            headers={"Content-Type": "application/json", "Idempotency-Key": name},
        )
        self._signer.sign(
            request,
            key_id=self._key_id,
            created=datetime.now(UTC),  # compared with their clock, not with a demo's
            nonce=secrets.token_hex(16),
            label="sig1",
            tag=TAG,
            covered_component_ids=COVERED,
            body=content,
        )
        try:
            response = await self._client.send(request)
        except (httpx.HTTPError, OSError) as exc:  # a refused certificate may come as it is
            raise Unavailable(f"{self._name}: {type(exc).__name__}") from None
        return self._read(response)

    def _read(self, response: httpx.Response) -> Mapping[str, Any] | None:
        if response.status_code >= 500 or response.status_code == 429:
            raise Unavailable(f"{self._name}: HTTP {response.status_code}")
        if response.status_code != 200:
            raise Rejected(f"{self._name}: HTTP {response.status_code}")
        try:
            answer = response.json()
            code = str(answer["code"])
            data: dict[str, Any] | None = answer["data"] if code == "0" else None
            if code == "0" and not isinstance(data, dict):
                raise ValueError("no data")
        except (ValueError, KeyError, TypeError):
            raise self.senseless() from None
        if code in ("0", "404"):
            return data
        told = code if re.fullmatch(r"\w{1,8}", code, re.ASCII) else "unreadable"
        if code.startswith(("429", "5")):
            raise Unavailable(f"{self._name}: code {told}")
        raise Rejected(f"{self._name}: code {told}")

    def senseless(self) -> Unavailable:
        """The fault of an answer that cannot be understood, which is no answer."""
        return Unavailable(f"{self._name}: an answer that makes no sense")


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, secret: bytes | Ed25519PrivateKey) -> None:
        self._secret = secret

    def resolve_private_key(self, key_id: str) -> bytes | Ed25519PrivateKey:
        return self._secret

    def resolve_public_key(self, key_id: str) -> Any:
        raise NotImplementedError  # answers are not signed; TLS vouches for them
