"""The operator's route: which model answers, and to answer with another one.

`GET /control/model` → `{"id"}`; `POST /control/model` `{"id"}` → `{"id"}` once the new model
answers. Loopback, with the same secret as the gateway.
"""

from __future__ import annotations

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot_server.channel import GatewayChannel, error
from bot_server.live import CannotSwap, LiveModel
from bot_server.registry import is_id


def control(channel: GatewayChannel, live: LiveModel) -> Blueprint:
    """The routes; the channel knows who may call."""
    routes = Blueprint("control", url_prefix="/control")

    @routes.get("/model")
    async def which(request: Request) -> HTTPResponse:
        if not channel.allowed(request):
            return error("unauthorized", "wrong secret", 401)
        return json({"id": live.id})

    @routes.post("/model")
    async def swap(request: Request) -> HTTPResponse:
        if not channel.allowed(request):
            return error("unauthorized", "wrong secret", 401)
        body = request.json
        if not isinstance(body, dict) or set(body) != {"id"} or not is_id(body["id"]):
            return error("bad_request", "the body must be {id}", 400)
        try:
            await live.swap(body["id"])
        except CannotSwap as exc:
            return error("unusable_model", f"the old model goes on answering ({exc})", 409)
        return json({"id": live.id})

    return routes
