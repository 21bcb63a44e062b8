"""Who may call a staff route: session, role, CSRF. Every staff route carries one of these marks."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from sanic import HTTPResponse, Request
from sanic.response import redirect

from backoffice.clock import SystemClock
from backoffice.errors import CitizenError, NotSignedIn
from backoffice.staff.models import Role
from backoffice.staff.services import (
    LoggedIn,
    LogInFailed,
    Signed,
    attempt_succeeds,
    count_attempt,
    csrf_matches,
    is_due_again,
    log_in,
    seen_again,
    staff_of,
)
from gateway.http import limit

Handler = Callable[..., Awaitable[HTTPResponse]]

_COOKIE = "xz_staff"
_READING = frozenset({"GET", "HEAD"})
HTMX = "HX-Request"
WALL = SystemClock()
"""Log-ins live by the machine's time: moving the demonstration's clock logs nobody out."""


class NotAllowed(CitizenError):
    """Signed in, but the role does not include this."""

    code = "staff.not_allowed"
    status = 403


class FormExpired(CitizenError):
    """The form's CSRF token is missing or of another session."""

    code = "staff.form_expired"
    status = 403


def public(handler: Handler) -> Handler:
    """Mark a route that is meant for people who are not signed in (the log-in itself)."""
    handler.staff_roles = None  # type: ignore[attr-defined]
    return handler


def staff_only(*roles: Role) -> Callable[[Handler], Handler]:
    """Let in only signed-in staff of these roles; `request.ctx.staff` is who is asking.

    A browser without a session is led to the log-in; the JSON interface answers 401.
    """

    def guard(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: Request, *args: Any, **kwargs: Any) -> HTTPResponse:
            signed = await _who(request)
            if signed is None:
                return _to_log_in(request)
            if signed.user.role not in roles:
                raise NotAllowed
            request.ctx.staff = signed
            return await handler(request, *args, **kwargs)

        guarded.staff_roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return guard


async def logged_in(request: Request, username: str, password: str, *, kind: str) -> LoggedIn:
    """Log in with a password, for pages (`browser`) and interface (`api`) alike.

    Wrong passwords count for the account together with the caller's address.

    Raises:
        LogInFailed: unknown, wrong, closed, or this address must wait.
        TooMany: the address tries too fast, whatever the accounts.
    """
    limit(request, "login")
    office, now = request.app.ctx.office, WALL.now()
    address = request.remote_addr or request.ip
    async with office.sessions.begin() as session:
        attempt = await count_attempt(session, username=username, address=address, now=now)
    if not await asyncio.to_thread(attempt_succeeds, attempt, password):
        raise LogInFailed
    async with office.sessions.begin() as session:
        return await log_in(session, attempt, kind=kind, now=now)


def cookie_name(request: Request) -> str:
    """`__Host-` (Secure, whole site, no subdomain) wherever the public address is https."""
    return f"__Host-{_COOKIE}" if is_secure(request) else _COOKIE


def is_secure(request: Request) -> bool:
    """Whether the public address is https."""
    return str(request.app.ctx.office.settings.public_url).startswith("https://")


def set_session_cookie(
    request: Request, response: HTTPResponse, token: str, *, max_age: int | None = None
) -> None:
    """Hand the session to the browser, out of reach of scripts and of other sites."""
    response.add_cookie(
        _COOKIE,
        token,
        httponly=True,
        samesite="Strict",
        secure=is_secure(request),
        host_prefix=is_secure(request),
        path="/",
        max_age=max_age,
    )


def drop_session_cookie(request: Request, response: HTTPResponse) -> None:
    """Take the session back from the browser."""
    set_session_cookie(request, response, "", max_age=0)


def from_own_page(request: Request) -> bool:
    """Whether a form was sent by our own page; for the log-in, where no session exists yet."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.host


async def _who(request: Request) -> Signed | None:
    office = request.app.ctx.office
    bearer = _bearer(request)
    token = bearer or request.cookies.get(cookie_name(request))
    if not token or not token.isascii():
        return None
    now = WALL.now()
    async with office.sessions.read() as session:
        signed = await staff_of(session, token, now)
    wanted = "api" if bearer else "browser"
    if signed is None or signed.session.kind != wanted:
        return None
    if not bearer and request.method not in _READING:
        _check_csrf(request, signed)
    if is_due_again(signed, now) and not _asks_by_itself(request):
        async with office.sessions.begin() as session:
            await seen_again(session, signed, now)
    return signed


def _asks_by_itself(request: Request) -> bool:
    """A page that looks for news; nobody need be sitting before it."""
    return HTMX in request.headers and request.method in _READING


def _bearer(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.casefold() == "bearer" else None


def _check_csrf(request: Request, signed: Signed) -> None:
    given = request.headers.get("x-csrf-token")
    if given is None and request.form is not None:
        given = request.form.get("csrf_token")
    if not csrf_matches(signed.session, given):
        raise FormExpired


def _to_log_in(request: Request) -> HTTPResponse:
    if request.path.startswith("/api/"):
        raise NotSignedIn
    if request.headers.get(HTMX):
        # htmx would follow a redirect and put the log-in page into the middle of this one
        return HTTPResponse(status=401, headers={"HX-Redirect": "/staff/login"})
    return redirect("/staff/login", status=303)
