"""One case for a staff request: looking at it and deciding it, for pages and interface alike."""

from collections.abc import Sequence

from sanic import Request

from backoffice.applications.decisions import Bench, Decision, Wanted, case_of, decide
from backoffice.applications.models import Application
from backoffice.identity.settling import How
from backoffice.representation.services import judge
from backoffice.staff.cases import CaseView, view_case
from backoffice.staff.window import Seen, hand_in_seen


async def seen_case(request: Request, case_id: str) -> CaseView:
    """Everything of one case, by id or number; the look is audited. Raises NotFound."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        application = await case_of(session, id=case_id, staff=staff, catalogue=office.catalogue)
        return await view_case(
            session,
            application,
            office.catalogue.items[application.item_code],
            staff=staff,
            calendar=office.calendar,
            now=office.clock.now(),
        )


async def person_seen(
    request: Request, case_id: str, seen: Seen, *, version: int | None
) -> Application:
    """The draft, handed in at the window. Raises what `case_of` and `hand_in_seen` raise."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        application = await case_of(session, id=case_id, staff=staff, catalogue=office.catalogue)
        bench = Bench(session, office.catalogue, office.calendar, office.clock.now())
        return await hand_in_seen(bench, application, seen, staff=staff, version=version)


async def relation_judged(
    request: Request, case_id: str, *, holds: bool, papers: Sequence[str]
) -> Application:
    """A clerk's word on whether who acts may act. Raises what `case_of` and `judge` raise."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        application = await case_of(session, id=case_id, staff=staff, catalogue=office.catalogue)
        await judge(
            session,
            office.knowledge.acting,
            application.id,
            holds=holds,
            papers=papers,
            actor=staff.actor,
            now=office.clock.now(),
        )
        return application


async def decided_case(
    request: Request,
    case_id: str,
    decision: Decision,
    *,
    reason: str,
    wanted: Sequence[Wanted],
    version: int | None,
    identity: How | None = None,
    late_reason: str = "",
) -> Application:
    """The case after this decision. Raises what `case_of` and `decide` raise."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        application = await case_of(session, id=case_id, staff=staff, catalogue=office.catalogue)
        bench = Bench(session, office.catalogue, office.calendar, office.clock.now())
        return await decide(
            bench,
            application,
            decision,
            staff=staff,
            reason=reason,
            wanted=wanted,
            version=version,
            identity=identity,
            late_reason=late_reason,
        )
