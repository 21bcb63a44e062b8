"""The server as the daemon sees it: signed requests, see `backoffice.devices.signing`."""

import base64
from collections.abc import Generator
from dataclasses import asdict

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backoffice.devices import signing
from integrations.ports import ChipCard

WAIT_S = 20.0
_ANSWER_S = 40.0
_NOT_SENT = frozenset({"wlt_photo", "fingers"})
"""Nothing at the server could use them."""


class NotNow(Exception):
    """The server was not reached or could not finish; the same again may succeed."""


class Refused(Exception):
    """The server says no; `status` says which no."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class SignedRequests(httpx.Auth):
    """Signs each request with the device's key."""

    requires_request_body = True

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Called by httpx for each request."""
        target = request.url.raw_path.decode("ascii")
        signed = signing.Request(request.method, target, request.content)
        signing.sign(signed, self._key, created=signing.now())
        request.headers.update(signed.headers)
        yield request


class Server:
    """What the daemon asks of the server."""

    def __init__(
        self,
        url: str,
        key: Ed25519PrivateKey,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/api/v1/devices",
            auth=SignedRequests(key),
            timeout=_ANSWER_S,
            transport=transport,
            trust_env=False,
        )

    async def work(self, *, known: str | None, card_reader: bool, wait_s: float) -> str | None:
        """The widget that waits for a card; answers when it is another than `known`, or after long.

        Raises:
            NotNow, Refused.
        """
        params = {
            "known": known or "",
            "wait": str(wait_s),
            "card_reader": "ok" if card_reader else "none",
        }
        answer = await self._send("GET", "/work", params=params)
        try:
            return next((str(one["widget"]) for one in answer.json()["work"]), None)
        except (ValueError, LookupError, TypeError) as exc:
            raise NotNow("the answer is none of ours") from exc

    async def send_reading(self, widget: str, card: ChipCard, photo: bytes | None) -> None:
        """Hand over what was read. Raises NotNow, Refused."""
        parts = {k: v for k, v in asdict(card).items() if k not in _NOT_SENT}
        reading = {k: str(v) if hasattr(v, "isoformat") else v for k, v in parts.items()}
        body = {"widget": widget, "reading": reading}
        if photo is not None:
            body["photo"] = base64.b64encode(photo).decode("ascii")
        await self._send("POST", "/readings", json=body)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(self, method: str, path: str, **content: object) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **content)  # type: ignore[arg-type]
        except httpx.HTTPError as exc:
            raise NotNow(type(exc).__name__) from exc
        if answer.status_code >= 500 or answer.status_code == 429:
            raise NotNow(f"status {answer.status_code}")
        if answer.status_code >= 400:
            raise Refused(answer.status_code)
        return answer
