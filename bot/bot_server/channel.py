"""The only way into the bot: a loopback webhook for the gateway.

`POST /webhooks/gateway/webhook` runs a turn; `POST /webhooks/gateway/forget` erases a
conversation. Both need the header X-Xiaozheng-Secret.
"""

from __future__ import annotations

import hmac
import logging
import re
from typing import Any, Awaitable, Callable, Dict, List, Tuple

from rasa.core.channels.channel import InputChannel
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot_server.acts import ACTS
from bot_server.engine import CHANNEL, TurnFailed

logger = logging.getLogger(__name__)
SECRET_HEADER = "X-Xiaozheng-Secret"
#: Bytes of a whole request, and characters of a message.
MAX_BODY = 32_768
MAX_TEXT = 4_000
#: Single requests of one message that are understood by themselves.
MAX_CLAUSES = 3
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")

Turn = Callable[[str, str, Dict[str, Any]], Awaitable[Dict[str, Any]]]


class BadBody(Exception):
    """The body is not of the agreed shape; the message names the field, never its value."""


def error(code: str, message: str, status: int) -> HTTPResponse:
    """The error body that all our servers share."""
    return json({"error": {"code": code, "message": message}}, status=status)


class GatewayChannel(InputChannel):
    """Checks the secret and the body, and hands the turn on."""

    def __init__(self, secret: str, forget: Callable[[str], int]) -> None:
        self._secret = secret.encode("utf-8")
        self._forget = forget

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    def blueprint(self, on_new_message: Turn) -> Blueprint:
        """The routes; `on_new_message` runs a turn: (sender, text, metadata) → answer."""
        routes = Blueprint("gateway_webhook", url_prefix=f"/webhooks/{CHANNEL}")

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            if not self.allowed(request):
                return error("unauthorized", "wrong secret", 401)
            try:
                sender, text, metadata = turn_of(request.json)
            except BadBody as exc:
                return error("bad_request", str(exc), 400)
            try:
                return json(await on_new_message(sender, text, metadata))
            except TurnFailed as exc:
                logger.error("turn failed: %s", exc.stage, exc_info=exc.__cause__ or exc)
                return error("turn_failed", "nothing was saved; send the turn again", 503)

        @routes.post("/forget")
        async def forget(request: Request) -> HTTPResponse:
            if not self.allowed(request):
                return error("unauthorized", "wrong secret", 401)
            body = request.json
            if not isinstance(body, dict) or set(body) != {"sender"}:
                return error("bad_request", "the body must be {sender}", 400)
            try:
                return json({"events": self._forget(_id(body, "sender"))})
            except BadBody as exc:
                return error("bad_request", str(exc), 400)

        return routes

    def allowed(self, request: Request) -> bool:
        """Whether the request carries the secret."""
        given = request.headers.get(SECRET_HEADER, "")
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._secret)


def turn_of(body: Any) -> Tuple[str, str, Dict[str, Any]]:
    """(sender, message, metadata) of a strict body. Raises BadBody."""
    _keys_are(body, {"sender", "message", "metadata"}, "body")
    metadata = body["metadata"]
    if isinstance(metadata, dict):
        metadata = {"clauses": [], **metadata}
    _keys_are(metadata, {"turn_id", "conversation_id", "hint", "clauses"}, "metadata")
    hint = metadata["hint"]
    _keys_are(hint, {"act", "item"}, "metadata.hint")
    text = body["message"]
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        raise BadBody(f"message must be 1 to {MAX_TEXT} characters")
    if hint["act"] is not None and (not isinstance(hint["act"], str) or hint["act"] not in ACTS):
        raise BadBody("metadata.hint.act is no act")
    if hint["item"] is not None and not _matches(_CODE, hint["item"]):
        raise BadBody("metadata.hint.item is no catalogue code")
    clean = {
        "turn_id": _id(metadata, "turn_id"),
        "conversation_id": _id(metadata, "conversation_id"),
        "hint": {"act": hint["act"], "item": hint["item"]},
        "clauses": _clauses(metadata["clauses"]),
    }
    return _id(body, "sender"), text, clean


def _clauses(value: Any) -> List[str]:
    if not isinstance(value, list) or len(value) > MAX_CLAUSES:
        raise BadBody(f"metadata.clauses must be at most {MAX_CLAUSES} texts")
    for one in value:
        if not isinstance(one, str) or not one.strip() or len(one) > MAX_TEXT:
            raise BadBody(f"metadata.clauses must be texts of 1 to {MAX_TEXT} characters")
    return value


def _keys_are(value: Any, keys: set, name: str) -> None:
    if not isinstance(value, dict) or set(value) != keys:
        raise BadBody(f"{name} must be an object of {sorted(keys)}")


def _id(body: Dict[str, Any], name: str) -> str:
    if not _matches(_ID, body[name]):
        raise BadBody(f"{name} must be 1 to 128 letters, digits or _.:-")
    return body[name]


def _matches(pattern: "re.Pattern[str]", value: Any) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None
