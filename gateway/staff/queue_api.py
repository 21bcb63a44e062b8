"""JSON interface of the queue for staff programs: `/api/v1/staff/queue`."""

from datetime import UTC
from typing import Any

from pydantic import Field
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty, json

from backoffice.queue.models import Ticket
from backoffice.queue.views import lines_of, windows_now
from backoffice.queue.waits import hall_now, wall_seconds
from backoffice.staff.models import Role
from gateway.http import Body, body
from gateway.staff.guard import staff_only
from gateway.staff.queueing import arrived, hand_out, leave, next_ticket, seat, step_of

queue_api = Blueprint("staff_queue_api", url_prefix="/api/v1/staff/queue")

_WINDOWS = (Role.CLERK, Role.HEAD)
_NO_STORE = {"Cache-Control": "no-store"}


class DeskBody(Body):
    """Where to sit."""

    window: int


class TicketBody(Body):
    """A number for somebody at the counter."""

    business: str = Field(max_length=64)
    priority: str | None = Field(default=None, max_length=64)
    phone: str | None = Field(default=None, max_length=20)
    slip: str | None = Field(default=None, max_length=64)


class NumberBody(Body):
    """Somebody who has come."""

    number: str = Field(max_length=40)


class StepBody(Body):
    """What a transfer needs; empty for every other step."""

    business: str = Field(default="", max_length=64)
    window: int | None = None


@queue_api.get("/", name="hall")
@staff_only(*_WINDOWS)
async def hall(request: Request) -> HTTPResponse:
    """The lines and the windows now; `wait_s` by the clock, null when it cannot be said."""
    office = request.app.ctx.office
    now = office.clock.now()
    async with office.sessions.read() as session:
        seen = await hall_now(session, office.queue, now=now)
    lines = [
        {
            "business": one.code,
            "waiting": one.count,
            "wait_s": one.estimate and wall_seconds(office.queue, now, one.estimate.seconds),
        }
        for one in lines_of(seen)
    ]
    places = [
        {"window": one.number, "clerk": one.clerk, "ticket": _ticket(one.ticket)}
        for one in windows_now(seen)
    ]
    return json({"lines": lines, "windows": places}, headers=_NO_STORE)


@queue_api.post("/desk", name="sit")
@staff_only(*_WINDOWS)
async def sit(request: Request) -> HTTPResponse:
    """`{"window"}`: begin to work there."""
    await seat(request, body(request, DeskBody).window)
    return empty()


@queue_api.delete("/desk", name="leave")
@staff_only(*_WINDOWS)
async def stand(request: Request) -> HTTPResponse:
    """Stop working at one's window."""
    await leave(request)
    return empty()


@queue_api.post("/next", name="next")
@staff_only(*_WINDOWS)
async def next_(request: Request) -> HTTPResponse:
    """Call the next one: `{"ticket"}`, null when nobody waits."""
    return json({"ticket": _ticket(await next_ticket(request))}, headers=_NO_STORE)


@queue_api.post("/tickets", name="hand_out")
@staff_only(*_WINDOWS)
async def give(request: Request) -> HTTPResponse:
    """A number for somebody at the counter; 200 when the phone has one already."""
    given = body(request, TicketBody)
    ticket, new, seen = await hand_out(
        request,
        business=given.business,
        priority=given.priority,
        phone=given.phone,
        slip=given.slip,
    )
    made = {"ticket": _ticket(ticket), "before": seen.before(ticket)}
    return json(made, status=201 if new else 200, headers=_NO_STORE)


@queue_api.post("/check-in", name="check_in")
@staff_only(*_WINDOWS)
async def check_in(request: Request) -> HTTPResponse:
    """`{"number"}` of a booking or of a draft that waits for its person: the ticket."""
    ticket = await arrived(request, body(request, NumberBody).number)
    return json({"ticket": _ticket(ticket)}, headers=_NO_STORE)


@queue_api.post("/tickets/<ticket_id:int>/<what:str>", name="step")
@staff_only(*_WINDOWS)
async def step(request: Request, ticket_id: int, what: str) -> HTTPResponse:
    """recall, start, finish, hold, resume, no_show, put_back, return, cancel, transfer."""
    given = body(request, StepBody) if request.body else StepBody()
    ticket = await step_of(request, ticket_id, what, business=given.business, window=given.window)
    return json({"ticket": _ticket(ticket)}, headers=_NO_STORE)


def _ticket(ticket: Ticket | None) -> dict[str, Any] | None:
    if ticket is None:
        return None
    return {
        "id": ticket.id,
        "number": ticket.label,
        "business": ticket.business,
        "priority": ticket.priority,
        "state": ticket.state,
        "window": ticket.window,
        "calls": ticket.calls,
        "taken_at": ticket.taken_at.astimezone(UTC).isoformat(),
    }
