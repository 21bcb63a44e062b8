"""Pages for those who keep the machinery: accounts, undelivered effects, the audit trail."""

from datetime import timedelta
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.watching import without_a_day
from backoffice.audit.models import AuditEntry
from backoffice.audit.services import record, verify
from backoffice.calendar import CALENDAR_WARNING_DAYS
from backoffice.clock import china_date
from backoffice.errors import BadRequest, CitizenError, NotFound
from backoffice.identity.alarms import counts
from backoffice.messages import text
from backoffice.outbox.models import OutboxEntry
from backoffice.remembering.services import people_with_faces
from backoffice.results.models import Revocation
from backoffice.staff.factors import enrolled, take_away
from backoffice.staff.models import Role, StaffUser
from backoffice.staff.revoking import revoke_result_by_code
from backoffice.staff.services import list_users, set_active
from backoffice.staff.tries import wrong_tries
from gateway.staff.guard import WALL, staff_only
from gateway.staff.rendering import render

system = Blueprint("staff_system", url_prefix="/staff/system")

_SHOWN = 50


@system.get("/", name="overview", strict_slashes=False)
@staff_only(Role.ADMIN)
async def overview(request: Request) -> HTTPResponse:
    office = request.app.ctx.office
    today = china_date(office.clock.now())
    async with office.sessions.read() as session:
        undelivered = await _undelivered(session)
        users = await list_users(session)
        tries = await wrong_tries(session)
        factors = await enrolled(session)
        faces = await people_with_faces(session)
        unclocked = await without_a_day(session, office.catalogue)
        alarms = await counts(session, now=office.clock.now())
        entries = await session.scalar(select(func.count()).select_from(AuditEntry))
        breaks = await verify(session) if request.args.get("verify") else None
    return render(
        request,
        "system.html",
        undelivered=undelivered,
        users=users,
        tries=tries,
        factors=factors,
        faces=faces,
        remembering=office.knowledge.remembering,
        face_rules=office.knowledge.face_rules,
        alarms=alarms,
        days_left=office.calendar.days_left(today),
        calendar_until=today + timedelta(days=office.calendar.days_left(today)),
        calendar_warning=CALENDAR_WARNING_DAYS,
        unclocked=unclocked,
        entries=entries,
        breaks=breaks,
        reasons=list(Revocation),
        done=request.args.get("done") == "revoke",
    )


@system.post("/outbox/<entry_id:int>/resend", name="resend")
@staff_only(Role.ADMIN)
async def resend(request: Request, entry_id: int) -> HTTPResponse:
    """Put an effect that was given up back into the queue."""
    office = request.app.ctx.office
    now = office.clock.now()
    async with office.sessions.begin() as session:
        entry = await session.get(OutboxEntry, entry_id)
        if entry is None or entry.delivered_at is not None:
            raise NotFound
        entry.given_up_at, entry.attempts, entry.due_at = None, 0, now
        actor = request.ctx.staff.user.actor
        subject, detail = f"outbox:{entry.id}", {"kind": entry.kind}
        await record(
            session, actor=actor, action="outbox.resent", subject=subject, detail=detail, now=now
        )
    return redirect("/staff/system", status=303)


@system.post("/users/<user_id:str>/active", name="set_active")
@staff_only(Role.ADMIN)
async def change_active(request: Request, user_id: str) -> HTTPResponse:
    """Close or reopen an account; nobody closes their own."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    wanted = (request.form or {}).get("active", "")
    if wanted not in ("yes", "no") or user_id == staff.id:
        raise BadRequest
    async with office.sessions.begin() as session:
        now = office.clock.now()
        await set_active(session, user_id, active=wanted == "yes", by=staff, now=now)
    return redirect("/staff/system", status=303)


@system.post("/users/<user_id:str>/factor", name="take_factor")
@staff_only(Role.ADMIN)
async def take_factor(request: Request, user_id: str) -> HTTPResponse:
    """Take away a second factor whose phone is lost; its owner enrols a new one."""
    async with request.app.ctx.office.sessions.begin() as session:
        user = await session.get(StaffUser, user_id)
        if user is None:
            raise NotFound
        await take_away(session, user, by=request.ctx.staff.user, now=WALL.now())
    return redirect("/staff/system", status=303)


@system.post("/revocation", name="revocation")
@staff_only(Role.ADMIN)
async def revocation(request: Request) -> HTTPResponse:
    """Withdraw a result by its code; the administrator does not see whose it is."""
    office, form = request.app.ctx.office, request.form or {}
    async with office.sessions.begin() as session:
        await revoke_result_by_code(
            session,
            code=form.get("code", "")[:80],
            reason=form.get("reason", ""),
            note=form.get("note", "")[:500],
            confirmed=form.get("confirmed") == "yes",
            staff=request.ctx.staff.user,
            now=office.clock.now(),
        )
    return redirect("/staff/system?done=revoke", status=303)


@system.exception(CitizenError)
async def explain(request: Request, exc: CitizenError) -> HTTPResponse:
    said = text(f"error.{exc.code}", **exc.params)
    return render(request, "error.html", said=said, status=exc.status)


async def _undelivered(session: AsyncSession) -> list[Any]:
    rows = await session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.delivered_at.is_(None))
        .order_by(OutboxEntry.given_up_at.is_(None), OutboxEntry.id)
        .limit(_SHOWN)
    )
    return list(rows)
