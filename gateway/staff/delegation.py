"""Pages for what the robot may decide: grant, sign, suspend, revoke, and "why was this approved?"."""

from datetime import datetime
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.delegation.models import Delegation, RobotDecision
from backoffice.delegation.rechecking import recheck
from backoffice.delegation.services import (
    Rulebook,
    delegation_of,
    delegations_for,
    grant,
    revoke,
    sign,
    stopped_by_itself,
    suspend,
)
from backoffice.delegation.views import explained, shown, used_up
from backoffice.errors import BadRequest, Busy, CitizenError, NotFound
from backoffice.messages import text
from backoffice.staff.factors import has_factor, require_factor
from backoffice.staff.models import Role, StaffUser
from backoffice.staff.tries import forget_tries
from gateway.staff.factor import password_again
from gateway.staff.guard import WALL, staff_only
from gateway.staff.rendering import render

delegation_pages = Blueprint("staff_delegation", url_prefix="/staff")

_LATEST = 50


@delegation_pages.get("/delegations", name="delegations")
@staff_only(Role.HEAD)
async def delegations(request: Request) -> HTTPResponse:
    """All of the head's departments, and what could be granted."""
    staff, rulebook = request.ctx.staff.user, _rulebook(request)
    async with request.app.ctx.office.sessions.read() as session:
        rows = await delegations_for(session, staff)
    lines = [shown(one, rulebook, _now(request)) for one in rows]
    items = [
        item
        for item in rulebook.catalogue.items.values()
        if item.instant and staff.handles(item.department)
    ]
    return render(request, "delegations.html", lines=lines, items=items)


@delegation_pages.get("/delegations/alert", name="delegations_alert")
@staff_only(Role.HEAD)
async def alert(request: Request) -> HTTPResponse:
    """For every page of a head: what stopped without a head, until somebody has acted."""
    async with request.app.ctx.office.sessions.read() as session:
        rows = await stopped_by_itself(session, request.ctx.staff.user)
    lines = [shown(one, _rulebook(request), _now(request)) for one in rows]
    return render(request, "_delegation_alert.html", lines=lines)


@delegation_pages.get("/delegations/new", name="new_delegation")
@staff_only(Role.HEAD)
async def new(request: Request) -> HTTPResponse:
    return _form(request, request.args.get("item", ""))


@delegation_pages.post("/delegations", name="grant_delegation")
@staff_only(Role.HEAD)
async def granted(request: Request) -> HTTPResponse:
    """The limits are written down; the page after it is where they are signed."""
    form = request.form or {}
    code = form.get("item", "")[:64]
    try:
        async with request.app.ctx.office.sessions.begin() as session:
            row = await grant(
                session,
                item_code=code,
                given=_terms(form),
                staff=request.ctx.staff.user,
                rulebook=_rulebook(request),
                now=_now(request),
            )
    except NotFound:
        raise
    except CitizenError as exc:
        problem = text(f"error.{exc.code}", **exc.params)
        return _form(request, code, problem=problem, status=exc.status, kept=form)
    return redirect(f"/staff/delegations/{row.id}", status=303)


@delegation_pages.get("/delegations/<delegation_id:str>", name="delegation")
@staff_only(Role.HEAD)
async def one(request: Request, delegation_id: str) -> HTTPResponse:
    return await _page(request, delegation_id)


@delegation_pages.post("/delegations/<delegation_id:str>/sign", name="sign_delegation")
@staff_only(Role.HEAD)
async def signed(request: Request, delegation_id: str) -> HTTPResponse:
    """Password and second factor, over the hash that was shown."""
    form, staff = request.form or {}, request.ctx.staff.user
    try:
        origin = await password_again(request)
        async with request.app.ctx.office.sessions.begin() as session:
            await require_factor(session, staff, form.get("code", "")[:40], now=WALL.now())
            await forget_tries(session, staff.id, origin=origin)
            await sign(
                session,
                delegation_id,
                shown_hash=form.get("rule_hash", "")[:64],
                staff=staff,
                rulebook=_rulebook(request),
                now=_now(request),
            )
    except NotFound:
        raise
    except CitizenError as exc:
        return await _page(request, delegation_id, problem=exc)
    return redirect(f"/staff/delegations/{delegation_id}?done=signed", status=303)


@delegation_pages.post("/delegations/<delegation_id:str>/suspend", name="suspend_delegation")
@staff_only(Role.HEAD)
async def suspended(request: Request, delegation_id: str) -> HTTPResponse:
    return await _stopped(request, delegation_id, suspend, "suspended")


@delegation_pages.post("/delegations/<delegation_id:str>/revoke", name="revoke_delegation")
@staff_only(Role.HEAD)
async def revoked(request: Request, delegation_id: str) -> HTTPResponse:
    return await _stopped(request, delegation_id, revoke, "revoked")


@delegation_pages.get("/cases/<case_id:str>/why", name="why")
@staff_only(Role.CLERK, Role.HEAD)
async def why(request: Request, case_id: str) -> HTTPResponse:
    """ "Why was this approved?": everything that the robot's decision on a case rests on."""
    return await _why_page(request, case_id)


@delegation_pages.post("/cases/<case_id:str>/recheck", name="recheck")
@staff_only(Role.CLERK, Role.HEAD)
async def rechecked(request: Request, case_id: str) -> HTTPResponse:
    """A person says whether the robot was right."""
    form, office = request.form or {}, request.app.ctx.office
    if form.get("agrees") not in ("yes", "no"):
        raise BadRequest
    try:
        async with office.sessions.begin() as session:
            await recheck(
                session,
                case_id,
                agrees=form.get("agrees") == "yes",
                note=form.get("note", "")[:1000],
                staff=request.ctx.staff.user,
                catalogue=office.catalogue,
                now=_now(request),
            )
    except NotFound:
        raise
    except CitizenError as exc:
        return await _why_page(request, case_id, problem=exc)
    return redirect(f"/staff/cases/{case_id}/why?done=rechecked", status=303)


@delegation_pages.exception(CitizenError)
async def explain(request: Request, exc: CitizenError) -> HTTPResponse:
    """A page that says what happened."""
    said = text(f"error.{exc.code}", **exc.params)
    return render(request, "error.html", said=said, status=exc.status)


async def _stopped(request: Request, id: str, step: Any, done: str) -> HTTPResponse:
    try:
        async with request.app.ctx.office.sessions.begin() as session:
            await step(session, id, staff=request.ctx.staff.user, now=_now(request))
    except NotFound:
        raise
    except CitizenError as exc:
        return await _page(request, id, problem=exc)
    return redirect(f"/staff/delegations/{id}?done={done}", status=303)


async def _page(request: Request, id: str, *, problem: CitizenError | None = None) -> HTTPResponse:
    staff, rulebook = request.ctx.staff.user, _rulebook(request)
    async with request.app.ctx.office.sessions.read() as session:
        row = await delegation_of(session, id, staff=staff)
        decided = await _decisions(session, row)
        enrolled = await has_factor(session, staff.id)
        count = await used_up(session, row, _now(request))
        names = await _names(session, row)
    done = request.args.get("done", "")
    return render(
        request,
        "delegation.html",
        status=problem.status if problem else 200,
        line=shown(row, rulebook, _now(request)),
        decided=decided,
        count=count,
        names=names,
        enrolled=enrolled,
        problem=text(f"error.{problem.code}", **problem.params) if problem else None,
        done=done if done in ("signed", "suspended", "revoked") and not problem else "",
    )


async def _why_page(
    request: Request, case_id: str, *, problem: CitizenError | None = None
) -> HTTPResponse:
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        view = await explained(
            session, case_id, staff=staff, catalogue=office.catalogue, now=_now(request)
        )
    done = request.args.get("done") == "rechecked" and problem is None
    said = None
    if problem is not None:
        key = "staff.conflict" if isinstance(problem, Busy) else f"error.{problem.code}"
        said = text(key, **problem.params)
    return render(
        request,
        "why.html",
        status=problem.status if problem else 200,
        view=view,
        problem=said,
        done=done,
    )


async def _decisions(session: AsyncSession, row: Delegation) -> list[RobotDecision]:
    found = await session.scalars(
        select(RobotDecision)
        .where(RobotDecision.delegation_id == row.id)
        .order_by(RobotDecision.at.desc())
        .limit(_LATEST)
    )
    return list(found)


async def _names(session: AsyncSession, row: Delegation) -> dict[str, str]:
    stopped = (row.stopped_by or "").removeprefix("staff:")
    ids = [one for one in (row.granted_by, row.signed_by, stopped) if one]
    users = await session.scalars(select(StaffUser).where(StaffUser.id.in_(ids)))
    return {one.id: one.display_name for one in users} | {
        one.actor: one.display_name for one in users
    }


def _form(
    request: Request, code: str, *, problem: str | None = None, status: int = 200, kept: Any = None
) -> HTTPResponse:
    item = _rulebook(request).item(code)
    if item is None or not request.ctx.staff.user.handles(item.department):
        raise NotFound
    choices = [one for one in item.fields if one.type == "choice" and one.options]
    return render(
        request,
        "delegation_new.html",
        status=status,
        item=item,
        choices=choices,
        problem=problem,
        kept=kept or {},
    )


def _terms(form: Any) -> dict[str, Any]:
    """The form as `Terms` wants it; what is not a number stays text, which is refused there."""

    def number(name: str) -> int | str:
        given = str(form.get(name, "")).strip()
        return int(given) if given.isdecimal() and len(given) < 7 else given

    terms: dict[str, Any] = {
        name: number(name) for name in ("per_day", "per_person", "fact_days", "recheck_percent")
    }
    terms["until"] = str(form.get("until", ""))
    terms["photographed_papers"] = form.get("photographed_papers") == "yes"
    begin, end = str(form.get("begin", "")), str(form.get("end", ""))
    if begin or end:
        terms["hours"] = {"begin": begin, "end": end}
    fields = {name.removeprefix("only-") for name in form if name.startswith("only-")}
    terms["only"] = {one: form.getlist(f"only-{one}") for one in sorted(fields)}
    return terms


def _rulebook(request: Request) -> Rulebook:
    knowledge = request.app.ctx.office.knowledge
    return Rulebook(knowledge.catalogue, knowledge.policy)


def _now(request: Request) -> datetime:
    moment: datetime = request.app.ctx.office.clock.now()
    return moment
