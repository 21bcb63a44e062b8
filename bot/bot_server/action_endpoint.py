"""Calls of the action server: with our secret, one kept connection, a bounded time."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import aiohttp
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

SECRET_HEADER = "X-Xiaozheng-Secret"


def check_results_quickly() -> None:
    """Check what actions answer by a validator that is made once.

    Rasa makes a new one for every answer and first checks the schema itself: most of a turn's
    time, and the schema never changes.
    """
    schema = RemoteAction.action_response_format_spec()
    checker = validator_for(schema)(schema)

    def validate(_action: RemoteAction, result: Dict[str, Any]) -> bool:
        checker.validate(result)
        return True

    RemoteAction._validate_action_result = validate


class ActionEndpoint(EndpointConfig):
    """Rasa's endpoint, except that it

    * sends the shared secret and keeps its connection open,
    * ignores Rasa's five minutes and waits `timeout` seconds,
    * sends only the events of the current turn. The state of the dialogue lives in the back
      office, and the whole history grows with every turn.
    """

    def __init__(self, url: str, secret: str, timeout: float) -> None:
        super().__init__(url=url)
        self._secret = secret
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: Optional[aiohttp.ClientSession] = None

    async def request(
        self,
        method: str = "post",
        subpath: Optional[str] = None,
        content_type: Optional[str] = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        """POST the action call. Raises ClientResponseError, aiohttp.ClientError, TimeoutError."""
        body = _this_turn_only(kwargs["json"])
        try:
            return await self._post(body)
        except aiohttp.ServerDisconnectedError:
            # a kept connection that the other side had closed; an action repeated in the same
            # turn answers what it answered before, so once more is safe
            return await self._post(body)

    async def _post(self, body: Dict[str, Any]) -> Any:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                headers={SECRET_HEADER: self._secret}, timeout=self._timeout
            )
        async with self._session.post(self.url, json=body) as response:
            if response.status >= 400:
                raise ClientResponseError(
                    response.status, response.reason, await response.content.read()
                )
            return await response.json()

    async def close(self) -> None:
        """Close the kept connection."""
        if self._session is not None:
            await self._session.close()


def _this_turn_only(body: Dict[str, Any]) -> Dict[str, Any]:
    tracker = body.get("tracker") or {}
    events: List[Dict[str, Any]] = tracker.get("events") or []
    last = max((i for i, e in enumerate(events) if e.get("event") == "user"), default=0)
    return {**body, "tracker": {**tracker, "events": events[last:]}}
