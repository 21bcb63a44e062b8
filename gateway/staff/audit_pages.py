"""The audit trail for those who check it: who did what to which matter, and whether it is whole."""

import json
from typing import Any

from sanic import Blueprint, HTTPResponse, Request

from backoffice.audit.services import Filter, entries_of, verify
from backoffice.errors import CitizenError
from backoffice.messages import text
from backoffice.staff.models import Role
from backoffice.staff.services import list_users
from gateway.staff.guard import staff_only
from gateway.staff.rendering import render

audit_pages = Blueprint("staff_audit", url_prefix="/staff/audit")

_PAGE = 100


@audit_pages.get("/", name="trail", strict_slashes=False)
@staff_only(Role.AUDITOR)
async def trail(request: Request) -> HTTPResponse:
    """`?actor=&action=&subject=` filter, `?before=` pages back; `?verify=1` checks the chain."""
    given = {one: request.args.get(one, "").strip()[:80] for one in ("actor", "action", "subject")}
    before = request.args.get("before", "")
    before_seq = int(before) if before.isdecimal() and len(before) < 12 else None
    async with request.app.ctx.office.sessions.read() as session:
        rows = await entries_of(session, Filter(**given), before=before_seq, limit=_PAGE)
        users = {user.actor: user.display_name for user in await list_users(session)}
        breaks = await verify(session) if request.args.get("verify") else None
    lines = [(row, users.get(row.actor, row.actor), _said(row.detail)) for row in rows]
    return render(
        request,
        "audit.html",
        lines=lines,
        given=given,
        breaks=breaks,
        older=rows[-1].seq if len(rows) == _PAGE else None,
    )


@audit_pages.exception(CitizenError)
async def explain(request: Request, exc: CitizenError) -> HTTPResponse:
    said = text(f"error.{exc.code}", **exc.params)
    return render(request, "error.html", said=said, status=exc.status)


def _said(detail: str) -> list[tuple[str, Any]]:
    found: dict[str, Any] = json.loads(detail)
    return [
        (key, "、".join(map(str, value)) if isinstance(value, list) else value)
        for key, value in found.items()
        if value not in (None, "", [])
    ]
