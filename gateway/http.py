"""What all handlers share: bodies, errors, tokens, limits."""

import secrets
import time
from typing import Any, TypeVar
from urllib.parse import unquote

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, ConfigDict, ValidationError
from sanic import HTTPResponse, Request, Sanic, json
from sanic.exceptions import MethodNotAllowed, PayloadTooLarge, SanicException
from sanic.exceptions import NotFound as NoSuchRoute
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from backoffice import messages
from backoffice.errors import BadRequest, Busy, CitizenError, EngineDown, NotFound
from backoffice.identity.alarms import AlarmKind, sound
from backoffice.logs import log, places
from bootstrap.container import Office
from integrations.ports import Unavailable

M = TypeVar("M", bound=BaseModel)

LIMITS = {
    "production": {
        "open": "30/minute",
        "turn": "60/minute",
        "upload": "20/minute",
        "liveness": "60/hour",
        "login": "10/minute",
        "device": "600/minute",
        "screen": "6000/minute",
    },
    "demo": {
        "open": "6000/minute",
        "turn": "6000/minute",
        "upload": "600/minute",
        "liveness": "600/minute",
        "login": "300/minute",
        "device": "6000/minute",
        "screen": "60000/minute",
    },
}
_LONGEST_PART = 255
"""Bytes of one part of a path: the longest name of a file."""
_LONGEST_ID = 32
_LONGEST_WIDGET = 64
_limiter = MovingWindowRateLimiter(MemoryStorage())


class Body(BaseModel):
    """A JSON body: unknown keys are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TooMany(CitizenError):
    """More requests than allowed."""

    code = "too_many_requests"
    status = 429


class TooLarge(CitizenError):
    """More bytes than any request needs."""

    code = "too_large"
    status = 413


def body(request: Request, model: type[M]) -> M:
    """The request's JSON body as a model. Raises BadRequest; what was sent is logged nowhere."""
    try:
        return model.model_validate_json(request.body)
    except ValidationError:
        raise BadRequest from None


def office_of(request: Request) -> Office:
    """This server's installation."""
    return request.app.ctx.office  # type: ignore[no-any-return]


def bearer(request: Request) -> str:
    """The bearer token; empty when there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    # Ours are ASCII; anything else cannot be one and would not even encode.
    return token.strip() if kind.lower() == "bearer" and token.isascii() else ""


def widget_of(request: Request) -> str:
    """The widget that a request is for. Raises BadRequest."""
    widget = str(request.args.get("widget", ""))
    if not widget or len(widget) > _LONGEST_WIDGET:
        raise BadRequest
    return widget


def limit(request: Request, what: str, who: str | None = None) -> None:
    """Count one use of `what` by this address (or `who`). Raises TooMany."""
    settings = office_of(request).settings
    allowed = parse(LIMITS[settings.mode][what])
    key = who or request.remote_addr or request.ip
    if not _limiter.hit(allowed, what, key):
        window = _limiter.get_window_stats(allowed, what, key)
        raise TooMany(wait_s=max(1, int(window.reset_time - time.time())))


def refusal(code: str, status: int, **params: Any) -> HTTPResponse:
    """An error as all interfaces give it: `{"error": {"code", "message"}}`."""
    return json(
        {"error": {"code": code, "message": messages.text(f"error.{code}", **params)}},
        status=status,
    )


async def refuse_odd_paths(request: Request) -> None:
    """No address of ours has control characters or endless parts; file systems fail over them."""
    path = unquote(request.path)
    if not path.isprintable() or any(
        len(part.encode()) > _LONGEST_PART for part in path.split("/")
    ):
        raise NotFound


def install_errors(app: Sanic) -> None:
    """One place where exceptions become answers."""

    @app.exception(CitizenError)
    async def _citizen(request: Request, exc: CitizenError) -> HTTPResponse:
        await _sound(request, exc)
        return refusal(exc.code, exc.status, **exc.params)

    @app.exception(PayloadTooLarge)
    async def _large(request: Request, exc: PayloadTooLarge) -> HTTPResponse:
        return refusal(TooLarge.code, TooLarge.status)

    @app.exception(NoSuchRoute, IsADirectoryError)  # the latter: a folder of static files
    async def _nowhere(request: Request, exc: Exception) -> HTTPResponse:
        return refusal(NotFound.code, NotFound.status)

    @app.exception(MethodNotAllowed)
    async def _method(request: Request, exc: MethodNotAllowed) -> HTTPResponse:
        return refusal("method_not_allowed", 405)

    @app.exception(StaleDataError, IntegrityError)
    async def _busy(request: Request, exc: Exception) -> HTTPResponse:
        log("gateway").warning("request.clash", error=type(exc).__name__)
        return refusal(Busy.code, Busy.status)

    @app.exception(DataError)
    async def _unstorable(request: Request, exc: DataError) -> HTTPResponse:
        """PostgreSQL knows no NUL in a text; nothing else of what is sent reaches it unchecked."""
        log("gateway").warning("request.unstorable", where=places(exc))
        return refusal(BadRequest.code, BadRequest.status)

    @app.exception(OperationalError, TimeoutError, Unavailable)
    async def _down(request: Request, exc: Exception) -> HTTPResponse:
        log("gateway").error("request.unavailable", error=type(exc).__name__)
        return refusal(EngineDown.code, EngineDown.status)

    @app.exception(SanicException)
    async def _form(request: Request, exc: SanicException) -> HTTPResponse:
        status = exc.status_code if 400 <= exc.status_code < 500 else 500
        return refusal(BadRequest.code, status) if status < 500 else _unexpected(exc)

    @app.exception(Exception)
    async def _any(request: Request, exc: Exception) -> HTTPResponse:
        return _unexpected(exc)


async def _sound(request: Request, exc: CitizenError) -> None:
    """Count an attempt in a transaction of its own: the one it was made in was rolled back."""
    if exc.alarm is None:
        return
    kind, office = AlarmKind(exc.alarm), office_of(request)
    visit = request.match_info.get("conversation_id")
    try:
        async with office.sessions.begin() as session:
            known = visit if isinstance(visit, str) and len(visit) <= _LONGEST_ID else None
            await sound(session, kind, now=office.clock.now(), conversation_id=known)
    except SQLAlchemyError as exc:
        log("gateway").error("identity.alarm_lost", kind=str(kind), error=type(exc).__name__)


def _unexpected(exc: Exception) -> HTTPResponse:
    reference = secrets.token_hex(4)
    # The message of an unknown exception may quote what was sent: only its type and place are kept.
    log("gateway").error(
        "request.failed", reference=reference, error=type(exc).__name__, where=places(exc)
    )
    return refusal("unexpected", 500, reference=reference)
