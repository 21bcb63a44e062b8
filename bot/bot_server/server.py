"""The Sanic application: our channel and the health routes, nothing of Rasa's HTTP API."""

from __future__ import annotations

import logging

from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sqlalchemy.exc import SQLAlchemyError

from bot_server.action_endpoint import ActionEndpoint
from bot_server.channel import MAX_BODY, GatewayChannel, error
from bot_server.control import control
from bot_server.keys import KeyRing, KeyRingError
from bot_server.live import UNUSABLE, LiveModel
from bot_server.settings import Settings
from bot_server.tracker_store import EncryptedTrackerStore

logger = logging.getLogger(__name__)


class StartError(Exception):
    """The bot cannot start; the message says what to do."""


def build_app(settings: Settings) -> Sanic:
    """Load the model, open the tracker store, make the application. Raises StartError."""
    try:
        store = EncryptedTrackerStore(settings.tracker_url, KeyRing.read(settings.keys_file))
    except KeyRingError as exc:
        raise StartError(str(exc)) from exc
    except (SQLAlchemyError, OSError) as exc:
        raise StartError(f"the tracker database cannot be opened ({type(exc).__name__})") from exc
    endpoint = ActionEndpoint(settings.actions_url, settings.actions_secret, settings.action_timeout)
    try:
        live = LiveModel(settings.models, store, endpoint)
    except UNUSABLE as exc:
        raise StartError(f"no usable model in {settings.models}: run make train") from exc

    app = Sanic("xiaozheng_bot", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = MAX_BODY
    # longer than the slowest turn: a form's turn makes up to four action calls
    app.config.RESPONSE_TIMEOUT = settings.action_timeout * 5
    app.config.KEEP_ALIVE_TIMEOUT = 75
    app.config.FALLBACK_ERROR_FORMAT = "json"
    channel = GatewayChannel(settings.secret, store.forget)
    app.blueprint(channel.blueprint(live.turn))
    app.blueprint(control(channel, live))
    _add_health(app, store)
    app.exception(Exception)(_on_error)

    @app.before_server_start
    async def warm_up(*_: object) -> None:
        await live.warm_up()

    @app.after_server_stop
    async def close(*_: object) -> None:
        await endpoint.close()

    return app


def _add_health(app: Sanic, store: EncryptedTrackerStore) -> None:
    @app.get("/health/live")
    async def live(_request: Request) -> HTTPResponse:
        return json({"status": "live"})

    @app.get("/health/ready")
    async def ready(_request: Request) -> HTTPResponse:
        # the model is loaded and warm before the port is opened
        try:
            store.check()
        except SQLAlchemyError:
            return error("tracker_unavailable", "the tracker database does not answer", 503)
        return json({"status": "ready"})


def _on_error(_request: Request, exc: Exception) -> HTTPResponse:
    if isinstance(exc, SanicException):
        return error("bad_request", type(exc).__name__, exc.status_code)
    logger.error("unexpected error", exc_info=exc)
    return error("internal", "unexpected error", 500)
