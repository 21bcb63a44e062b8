"""The window: whose card was seen, that person's matters, and an item filled in for them."""

from collections.abc import Sequence
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from backoffice.errors import BadRequest, CitizenError, NotFound
from backoffice.messages import text
from backoffice.staff.filling import ON_PAPER, Line, begin_for, fill, finish, lines_of
from backoffice.staff.models import Role
from backoffice.staff.person import draft_here, identify, look_at_draft, set_topic, who_is_there
from backoffice.staff.window import DraftIncomplete
from gateway.staff.guard import staff_only
from gateway.staff.rendering import refusal_words, render

window_pages = Blueprint("staff_window", url_prefix="/staff/window")

_CASES = (Role.CLERK, Role.HEAD)
_LONGEST = 500


@window_pages.get("/", name="window")
@staff_only(*_CASES)
async def window(request: Request) -> HTTPResponse:
    """Who is served now; what is theirs, once the card was seen."""
    return await _window(request)


@window_pages.post("/identify", name="identify")
@staff_only(*_CASES)
async def seen(request: Request) -> HTTPResponse:
    """Person and card were looked at, and this is the card's number."""
    office, form = request.app.ctx.office, request.form or {}
    try:
        async with office.sessions.begin() as session:
            await identify(
                session,
                office.queue,
                id_no=form.get("id_no", "")[:30],
                seen=form.get("seen") == "yes",
                staff=request.ctx.staff.user,
                now=office.clock.now(),
            )
    except CitizenError as exc:
        return await _window(request, problem=refusal_words(exc), status=exc.status, kept=form)
    return redirect("/staff/window/", status=303)


@window_pages.post("/topic", name="topic")
@staff_only(*_CASES)
async def topic(request: Request) -> HTTPResponse:
    """What was asked for that the catalogue does not have."""
    office, form = request.app.ctx.office, request.form or {}
    try:
        async with office.sessions.begin() as session:
            await set_topic(
                session,
                office.queue,
                office.catalogue,
                topic=form.get("topic", "")[:40],
                staff=request.ctx.staff.user,
                now=office.clock.now(),
            )
    except CitizenError as exc:
        return await _window(request, problem=refusal_words(exc), status=exc.status, kept=form)
    return redirect("/staff/window/", status=303)


@window_pages.post("/start", name="start")
@staff_only(*_CASES)
async def start(request: Request) -> HTTPResponse:
    """Begin an item for the person whose card was seen."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    now, catalogue = office.clock.now(), office.catalogue
    item = catalogue.find((request.form or {}).get("item", ""))
    if item is None or not staff.handles(item.department):
        raise BadRequest
    try:
        async with office.sessions.begin() as session:
            there = await who_is_there(session, office.queue, catalogue, staff=staff, now=now)
            if there is None:
                raise NotFound
            made = await begin_for(
                session, item, there, item_version=catalogue.fingerprint, staff=staff, now=now
            )
    except CitizenError as exc:
        return await _window(request, problem=refusal_words(exc), status=exc.status)
    return redirect(f"/staff/window/drafts/{made.id}", status=303)


@window_pages.get("/drafts/<draft_id:str>", name="draft")
@staff_only(*_CASES)
async def draft(request: Request, draft_id: str) -> HTTPResponse:
    """The form of a draft, with what is filled in so far."""
    return await _form(request, draft_id)


@window_pages.post("/drafts/<draft_id:str>", name="fill")
@staff_only(*_CASES)
async def save(request: Request, draft_id: str) -> HTTPResponse:
    """Take what was filled in; with `finish=yes` and nothing missing, on to the look at papers."""
    office, staff, form = request.app.ctx.office, request.ctx.staff.user, request.form or {}
    now, version = office.clock.now(), form.get("version", "")
    if not version.isdecimal():
        raise BadRequest
    given = {slug: _typed(form, slug) for slug in form if slug.startswith("f-")}
    try:
        async with office.sessions.begin() as session:
            matter = await draft_here(
                session, office.queue, office.catalogue, draft_id, staff=staff, now=now
            )
            lines = await fill(
                session,
                matter.application,
                matter.item,
                {slug.removeprefix("f-"): typed for slug, typed in given.items()},
                person=matter.person,
                version=int(version),
                staff=staff,
                now=now,
            )
        refused = [one for one in lines if one.fault is not None]
        if form.get("finish") != "yes" or refused:
            return await _form(request, draft_id, lines=lines, saved=not refused)
        async with office.sessions.begin() as session:
            matter = await draft_here(
                session, office.queue, office.catalogue, draft_id, staff=staff, now=now
            )
            await finish(session, matter.application, matter.item, now=now)
    except DraftIncomplete as exc:
        problem = text("staff.window.incomplete", **exc.params)
        return await _form(request, draft_id, problem=problem, status=exc.status)
    except NotFound:
        raise
    except CitizenError as exc:
        return await _form(request, draft_id, problem=refusal_words(exc), status=exc.status)
    return redirect(f"/staff/cases/{draft_id}", status=303)


@window_pages.exception(CitizenError)
async def explain(request: Request, exc: CitizenError) -> HTTPResponse:
    return render(request, "error.html", said=refusal_words(exc), status=exc.status)


def _typed(form: Any, slug: str) -> list[str]:
    return [one[:_LONGEST] for one in form.getlist(slug, [])]


async def _window(
    request: Request, *, problem: str | None = None, status: int = 200, kept: Any = None
) -> HTTPResponse:
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.read() as session:
        there = await who_is_there(
            session, office.queue, office.catalogue, staff=staff, now=office.clock.now()
        )
    return render(
        request,
        "window.html",
        status=status,
        there=there,
        rules=office.queue,
        items=[one for one in office.catalogue.items.values() if staff.handles(one.department)],
        elsewhere=office.catalogue.guides.elsewhere,
        problem=problem,
        kept=kept or {},
    )


async def _form(
    request: Request,
    draft_id: str,
    *,
    lines: Sequence[Line] | None = None,
    saved: bool = False,
    problem: str | None = None,
    status: int = 200,
) -> HTTPResponse:
    office, staff = request.app.ctx.office, request.ctx.staff.user
    now = office.clock.now()
    async with office.sessions.begin() as session:
        matter, draft = await look_at_draft(
            session, office.queue, office.catalogue, draft_id, staff=staff, now=now
        )
    shown = lines if lines is not None else lines_of(draft)
    refused = [one for one in shown if one.fault is not None]
    return render(
        request,
        "draft.html",
        status=status,
        matter=matter,
        lines=shown,
        refused=refused,
        on_paper=ON_PAPER,
        fault=lambda one: text(one.code, **one.params),
        saved=saved,
        problem=problem,
    )
