"""Registers behind a province's data-sharing gateway (政务数据共享平台) over HTTPS and JSON.

No public specification of such a gateway exists; this is our assumption, to be adapted with the
authority's document in hand. All of it is in this module.

Request: `POST {base}/registers/{register}/{question}` (both with - for _) with
`{"idNumber", "on": "YYYY-MM-DD", "months"?, "withinMonths"?, "facts"?: {name: text}}`.
Headers: `X-App-Id`; `X-Timestamp`, seconds since 1970; `X-Nonce`, 32 hexadecimal digits, new for
each call; `X-Signature`, hexadecimal HMAC-SHA256 under the shared secret over the lines method,
path, application, timestamp, nonce and the hexadecimal SHA-256 of the body, joined by line feeds.

Answer: HTTP 200 `{"code": "0", "data": {"result": "yes"|"no"|"unknown", "asOf": ISO 8601}}`. Code
`404` means that the register does not know the person: UNKNOWN, since "not in our copy" is no
certain no. `429…` and `5…` are temporary. Anything else is a refusal.
"""

import hashlib
import hmac
import json
import secrets
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from integrations.ports import Answer, Question, RegisterAnswer, Rejected, Unavailable
from integrations.registers.people import is_id_number

SOURCE = "省政务数据共享平台"


class HttpRegisters:
    """The `Registers` port: signed calls to the gateway.

    Args:
        base_url: with the path prefix, without a slash at the end; must be https in production.
        client: time-outs are set on it.
    """

    def __init__(
        self, *, base_url: str, app_id: str, secret: str, client: httpx.AsyncClient
    ) -> None:
        self._base_url = base_url
        self._app_id = app_id
        self._secret = secret
        self._client = client

    async def ask(self, question: Question) -> RegisterAnswer:
        """See `Registers.ask`."""
        if not is_id_number(question.id_no):
            raise Rejected("registers: not an identity number")
        way = f"/registers/{question.register}/{question.name}".replace("_", "-")
        url = f"{self._base_url}{way}"
        body = json.dumps(_wire(question), ensure_ascii=False, separators=(",", ":")).encode()
        headers = self._headers(urlsplit(url).path, body)
        try:
            response = await self._client.post(url, content=body, headers=headers)
        except httpx.HTTPError as exc:
            raise Unavailable(f"registers: {type(exc).__name__}") from None
        return _read(response, f"{SOURCE}·{question.register}")

    def check_config(self) -> list[str]:
        """What is missing in the settings."""
        missing = []
        if not self._base_url.startswith("https://"):
            missing.append("registers: the gateway's address must begin with https://")
        if not self._app_id or not self._secret:
            missing.append("registers: application id or secret is not set")
        return missing

    def _headers(self, path: str, body: bytes) -> dict[str, str]:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        lines = ["POST", path, self._app_id, timestamp, nonce, hashlib.sha256(body).hexdigest()]
        signature = hmac.new(self._secret.encode(), "\n".join(lines).encode(), hashlib.sha256)
        return {
            "Content-Type": "application/json",
            "X-App-Id": self._app_id,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": signature.hexdigest(),
        }


def _wire(question: Question) -> dict[str, Any]:
    given = {
        "idNumber": question.id_no,
        "on": question.on.isoformat(),
        "months": question.months,
        "withinMonths": question.within_months,
        "facts": dict(question.facts) or None,
    }
    return {key: value for key, value in given.items() if value is not None}


def _read(response: httpx.Response, source: str) -> RegisterAnswer:
    if response.status_code >= 500 or response.status_code == 429:
        raise Unavailable(f"registers: HTTP {response.status_code}")
    if response.status_code != 200:
        raise Rejected(f"registers: HTTP {response.status_code}")
    try:
        answer = response.json()
        code = str(answer["code"])
        if code == "0":
            result = Answer(answer["data"]["result"])
            as_of = datetime.fromisoformat(answer["data"]["asOf"]) if result != "unknown" else None
            if as_of is not None and as_of.tzinfo is None:
                raise ValueError("a moment without a time zone")
            return RegisterAnswer(result, source, as_of)
    except (ValueError, KeyError, TypeError):
        raise Unavailable("registers: an answer that makes no sense") from None
    if code == "404":
        return RegisterAnswer(Answer.UNKNOWN, source, None)
    if code.startswith(("429", "5")):
        raise Unavailable(f"registers: code {code[:8]}")
    raise Rejected(f"registers: code {code[:8]}")
