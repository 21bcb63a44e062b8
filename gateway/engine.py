"""The client of the dialogue engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from backoffice.errors import EngineDown
from backoffice.logs import log
from bootstrap.settings import Settings

HEADER = "X-Xiaozheng-Secret"


@dataclass(frozen=True)
class Understood:
    """What the engine made of a turn."""

    act: str
    items: list[str]
    bubbles: list[dict[str, Any]]
    also: list[dict[str, Any]] = field(default_factory=list)
    """`{act, items}` of further requests in the same sentence."""


class Engine:
    """Sends safe texts to the engine; keeps its connections open."""

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=settings.bot_url,
            timeout=settings.bot_timeout_s,
            headers={HEADER: settings.bot_secret.get_secret_value()},
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=50),
            transport=transport,
            trust_env=False,
        )

    async def turn(
        self,
        *,
        conversation_id: str,
        turn_id: str,
        safe_text: str,
        act: str | None,
        item: str | None,
        clauses: Sequence[str] = (),
    ) -> Understood:
        """One turn; `clauses` are the single requests of the text, when it holds several.

        Raises:
            EngineDown: the engine or its action server failed; the same turn may be sent again.
        """
        message = {
            "sender": conversation_id,
            "message": safe_text,
            "metadata": {
                "turn_id": turn_id,
                "conversation_id": conversation_id,
                "hint": {"act": act, "item": item},
                "clauses": list(clauses),
            },
        }
        try:
            answer = await self._http.post("/webhooks/gateway/webhook", json=message)
        except httpx.HTTPError as exc:
            log("engine").error("engine.unreachable", error=type(exc).__name__)
            raise EngineDown from exc
        if answer.status_code != 200:
            log("engine").error("engine.failed", status=answer.status_code)
            raise EngineDown
        try:
            said = answer.json()
            bubbles = [
                one.get("custom") or {"text": one.get("text", "")} for one in said["messages"]
            ]
            also = list(said.get("also", []))
            return Understood(str(said["act"]), list(said["items"]), bubbles, also)
        except (ValueError, LookupError, TypeError, AttributeError) as exc:
            log("engine").error("engine.broken_answer", error=type(exc).__name__)
            raise EngineDown from exc

    async def ready(self) -> bool:
        """Whether the engine would answer."""
        try:
            answer = await self._http.get("/health/ready", timeout=3)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
