"""Pages of the queue: the calling bar, the counter, the manager's view of the hall."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from backoffice.db import new_id
from backoffice.errors import BadRequest, CitizenError, NotFound
from backoffice.messages import text
from backoffice.queue.booking import bookings_on
from backoffice.queue.states import OPEN, TicketState
from backoffice.queue.tickets import tickets_in
from backoffice.queue.views import day_so_far, lines_of, windows_now
from backoffice.queue.waits import hall_now, wait_words
from backoffice.staff.models import Role
from gateway.staff.guard import HTMX, staff_only
from gateway.staff.queueing import (
    arrived,
    bar_of,
    hand_out,
    leave,
    next_ticket,
    number_of,
    seat,
    step_of,
)
from gateway.staff.rendering import refusal_words, render

queue_pages = Blueprint("staff_queue", url_prefix="/staff/queue")

_WINDOWS = (Role.CLERK, Role.HEAD)
_LATE_S = 20 * 60
"""From this wait on a line is shown as long."""


@queue_pages.get("/bar", name="bar")
@staff_only(*_WINDOWS)
async def bar(request: Request) -> HTTPResponse:
    """The calling bar that stands below every page of a clerk."""
    return await _bar(request)


@queue_pages.post("/desk", name="desk")
@staff_only(*_WINDOWS)
async def desk(request: Request) -> HTTPResponse:
    """Sit down at the chosen window, or leave it (`leave=yes`)."""
    form = request.form or {}
    if form.get("leave") == "yes":
        return await _done(request, leave(request))
    window = number_of(form.get("window", ""), list(request.app.ctx.office.queue.windows))
    if window is None:
        raise BadRequest
    return await _done(request, seat(request, window))


@queue_pages.post("/next", name="next")
@staff_only(*_WINDOWS)
async def next_(request: Request) -> HTTPResponse:
    """Call the next one; who is being served is finished by it."""
    return await _done(request, next_ticket(request), empty=text("staff.queue.nobody"))


@queue_pages.post("/tickets/<ticket_id:int>/<what:str>", name="step")
@staff_only(*_WINDOWS)
async def step(request: Request, ticket_id: int, what: str) -> HTTPResponse:
    """A step with a ticket, from the bar or the counter."""
    form, office = request.form or {}, request.app.ctx.office
    window = number_of(form.get("window", ""), list(office.queue.windows))
    business = form.get("business", "")
    doing = step_of(request, ticket_id, what, business=business, window=window)
    if form.get("from") != "counter":
        return await _done(request, doing)
    try:
        await doing
    except CitizenError as exc:
        return await _counter(request, problem=refusal_words(exc), status=exc.status)
    return await _counter(request)


@queue_pages.get("/counter", name="counter")
@staff_only(*_WINDOWS)
async def counter(request: Request) -> HTTPResponse:
    return await _counter(request)


@queue_pages.post("/counter", name="hand_out")
@staff_only(*_WINDOWS)
async def give(request: Request) -> HTTPResponse:
    """Hand out a number to somebody at the counter."""
    form = request.form or {}
    phone = "".join(form.get("phone", "").split())
    try:
        ticket, new, _ = await hand_out(
            request,
            business=form.get("business", ""),
            priority=form.get("priority") or None,
            phone=phone or None,
            slip=form.get("slip", "")[:64] or None,
        )
    except BadRequest as exc:
        problem = text("staff.queue.phone_wrong") if phone else refusal_words(exc)
        return await _counter(request, problem=problem, status=exc.status, kept=form)
    except CitizenError as exc:
        return await _counter(request, problem=refusal_words(exc), status=exc.status, kept=form)
    # Led away, so that a page shown again hands out nothing.
    return redirect(f"/staff/queue/counter?given={ticket.id}&new={int(new)}", status=303)


@queue_pages.post("/check-in", name="check_in")
@staff_only(*_WINDOWS)
async def check_in(request: Request) -> HTTPResponse:
    """Somebody with a booking's or a case's number has come."""
    form = request.form or {}
    try:
        ticket = await arrived(request, form.get("number", "")[:40])
    except NotFound:
        return await _counter(
            request, problem=text("staff.queue.number_unknown"), status=404, kept=form
        )
    except CitizenError as exc:
        return await _counter(request, problem=refusal_words(exc), status=exc.status, kept=form)
    return redirect(f"/staff/queue/counter?given={ticket.id}&new=1", status=303)


@queue_pages.get("/hall", name="hall")
@staff_only(Role.HEAD)
async def hall(request: Request) -> HTTPResponse:
    """The hall now; asked for again by itself every few seconds."""
    office = request.app.ctx.office
    now = office.clock.now()
    async with office.sessions.read() as session:
        seen = await hall_now(session, office.queue, now=now)
        day = await day_so_far(session, office.queue, now=now)
    template = "_queue_hall.html" if request.headers.get(HTMX) else "queue_hall.html"
    return render(
        request,
        template,
        rules=office.queue,
        lines=[
            (one, wait_words(office.queue, now, one.estimate, form="short"))
            for one in lines_of(seen)
        ],
        windows=windows_now(seen),
        day=day,
        waiting=len(seen.waiting),
        late_s=_LATE_S,
    )


@queue_pages.exception(CitizenError)
async def explain(request: Request, exc: CitizenError) -> HTTPResponse:
    return render(request, "error.html", said=refusal_words(exc), status=exc.status)


async def _done(request: Request, doing: Any, *, empty: str | None = None) -> HTTPResponse:
    """Do it, and show the bar as it then is, with what went wrong."""
    try:
        done = await doing
    except CitizenError as exc:
        # 200, because htmx shows nothing of an answer that says it failed
        return await _bar(request, problem=refusal_words(exc))
    return await _bar(request, problem=empty if done is None else None)


async def _bar(request: Request, *, problem: str | None = None) -> HTTPResponse:
    seen = await bar_of(request)
    rules = request.app.ctx.office.queue
    return render(request, "_queue_bar.html", bar=seen, rules=rules, problem=problem)


async def _counter(
    request: Request,
    *,
    problem: str | None = None,
    status: int = 200,
    kept: Any = None,
) -> HTTPResponse:
    office = request.app.ctx.office
    now = office.clock.now()
    shown = [*OPEN, TicketState.NO_SHOW]
    async with office.sessions.read() as session:
        tickets = await tickets_in(session, office.queue, shown, now=now)
        bookings = await bookings_on(session, office.queue, now=now)
        wanted = request.args.get("given", "")
        ticket = next((one for one in tickets if str(one.id) == wanted), None)
        hall = await hall_now(session, office.queue, now=now) if ticket else None
    return render(
        request,
        "queue_counter.html",
        status=status,
        rules=office.queue,
        tickets=tickets,
        bookings=bookings,
        open=office.queue.gives_tickets(now),
        given=ticket,
        new=request.args.get("new") != "0",
        before=hall.before(ticket) if hall else 0,
        wait=wait_words(office.queue, now, hall.estimate(ticket)) if hall else "",
        slip=new_id(),
        problem=problem,
        kept=kept or {},
    )
