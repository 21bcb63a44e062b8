"""The hall's screens: the call screen, the display over a window. Numbers only, so no log-in.

Every screen asks for the same answer; it is made once a second, however many ask.
"""

from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sanic import Blueprint, HTTPResponse, Request, html, json

from backoffice.errors import NotFound
from backoffice.messages import text
from backoffice.queue.estimating import Estimate
from backoffice.queue.models import Ticket
from backoffice.queue.views import Screen, screen, spoken
from backoffice.queue.waits import wall_seconds
from bootstrap.container import Office
from gateway.http import limit, office_of

bp = Blueprint("screens")
bp.static("/static/screen", Path(__file__).parent / "static" / "screen", name="screen_static")

_FRESH_S = 1.0
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / "screen"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals["text"] = text


@bp.get("/screen", name="call_screen")
async def call_screen(request: Request) -> HTTPResponse:
    """The page for the hall's TV, 1920×1080."""
    return _page(request, "call.html")


@bp.get("/screen/window/<number:int>", name="window_screen")
async def window_screen(request: Request, number: int) -> HTTPResponse:
    """The page for the display over a window."""
    window = office_of(request).queue.windows.get(number)
    if window is None:
        raise NotFound
    return _page(request, "window.html", window=window)


@bp.get("/api/v1/queue/screen", name="screen_state")
async def state(request: Request) -> HTTPResponse:
    """What the screens show: calls (newest first), lines, who missed the call, every window."""
    limit(request, "screen")
    app = request.app.ctx
    kept: tuple[float, dict[str, Any]] | None = getattr(app, "screen", None)
    if kept is None or monotonic() - kept[0] > _FRESH_S:
        app.screen = kept = (monotonic(), await _state(office_of(request)))
    return json(kept[1], headers={"Cache-Control": "no-store"}, ensure_ascii=False)


def _page(request: Request, template: str, **values: Any) -> HTTPResponse:
    office = office_of(request)
    content = _pages.get_template(template).render(
        demo=office.settings.demo, hall=office.knowledge.hall, **values
    )
    return html(content, headers=_HEADERS)


async def _state(office: Office) -> dict[str, Any]:
    now = office.clock.now()
    async with office.sessions.read() as session:
        seen = await screen(session, office.queue, now=now)
    return {
        "now": now.isoformat(),
        "calls": [_call(one) for one in seen.calls],
        "windows": {str(one.window): _at_window(one) for one in seen.at_windows},
        "lines": _lines(office, seen, now),
        "missed": [one.label for one in seen.missed],
    }


def _call(ticket: Ticket) -> dict[str, Any]:
    called = ticket.called_at or ticket.taken_at
    return {
        "key": f"{ticket.id}:{called.isoformat()}",
        "number": ticket.label,
        "window": ticket.window,
        "state": ticket.state,
        "at": called.isoformat(),
        "say": spoken(ticket),
    }


def _at_window(ticket: Ticket) -> dict[str, Any]:
    return {"number": ticket.label, "state": ticket.state}


def _lines(office: Office, seen: Screen, now: datetime) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "count": one.count, "wait": _wait(office, one.estimate, now)}
        for one in seen.lines
        if one.count
    ]


def _wait(office: Office, estimate: Estimate | None, now: datetime) -> str:
    wall = wall_seconds(office.queue, now, estimate.seconds) if estimate else None
    if wall is None:
        return ""
    return text("queue.screen_wait", minutes=max(1, round(wall / 60)))
