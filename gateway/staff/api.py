"""JSON interface for staff programs: `/api/v1/staff`. Bearer token, or the browser's session."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, model_validator
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty, json

from backoffice.applications.decisions import Decision, Wanted
from backoffice.applications.models import Application
from backoffice.applications.states import State
from backoffice.clock import china_date
from backoffice.errors import BadRequest
from backoffice.identity.settling import How
from backoffice.staff.acting import ActingLine
from backoffice.staff.cases import CaseView
from backoffice.staff.models import Role
from backoffice.staff.services import log_out
from backoffice.staff.window import Seen
from backoffice.staff.worklist import list_cases
from backoffice.tasks.models import Task, TaskState
from backoffice.tasks.services import finish, list_tasks, take, task_of
from gateway.http import Body, body
from gateway.staff.at_case import decided_case, person_seen, relation_judged, seen_case
from gateway.staff.guard import WALL, logged_in, public, staff_only

api = Blueprint("staff_api", url_prefix="/api/v1/staff")

_CASES = (Role.CLERK, Role.HEAD)
_NO_STORE = {"Cache-Control": "no-store"}


class LogInBody(Body):
    """Who logs in."""

    username: str = Field(max_length=80)
    password: str = Field(max_length=200)


class WantedBody(Body):
    """One thing to correct: either a field or a material."""

    field: str | None = None
    material: str | None = None
    reason: str = Field(max_length=500)

    @model_validator(mode="after")
    def _one_of(self) -> "WantedBody":
        if (self.field is None) == (self.material is None):
            raise ValueError("either field or material")
        return self


class DecisionBody(Body):
    """A decision; `version` protects against deciding on an outdated view.

    `identity`: how the clerk made sure of who the person is, for an approval that needs it.
    """

    decision: Decision
    reason: str = Field(default="", max_length=2000)
    wanted: list[WantedBody] = Field(default_factory=list, max_length=100)
    version: int | None = None
    identity: How | None = None
    late_reason: str = Field(default="", max_length=500)


class SeenBody(Body):
    """What a clerk at the window saw; `version` as for decisions."""

    person: bool
    id_card: bool
    originals: list[str] = Field(default_factory=list, max_length=100)
    version: int | None = None


class RelationBody(Body):
    """A clerk's word on the relation of two people; `papers`: what it rests on, by name."""

    holds: bool
    papers: list[Annotated[str, Field(max_length=80)]] = Field(default_factory=list, max_length=20)


class OutcomeBody(Body):
    """What came of a task."""

    outcome: str = Field(max_length=1000)


@api.post("/session", name="log_in")
@public
async def create_session(request: Request) -> HTTPResponse:
    """`{"username", "password"}` → `{"token", "csrf_token", "role"}`."""
    given = body(request, LogInBody)
    made = await logged_in(request, given.username, given.password, kind="api")
    made_session = {"token": made.token, "csrf_token": made.csrf_token, "role": made.user.role}
    return json(made_session, status=201, headers=_NO_STORE)


@api.delete("/session", name="log_out")
@staff_only(*Role)
async def end_session(request: Request) -> HTTPResponse:
    office = request.app.ctx.office
    async with office.sessions.begin() as session:
        await log_out(session, request.ctx.staff, WALL.now())
    return empty()


@api.get("/cases", name="cases")
@staff_only(*_CASES)
async def cases(request: Request) -> HTTPResponse:
    """`?state=` (may be repeated), `?number=`, `?page=`."""
    office = request.app.ctx.office
    try:
        states = [State(one) for one in request.args.getlist("state", [])]
        page = int(request.args.get("page", "0"))
    except ValueError as exc:
        raise BadRequest from exc
    if not 0 <= page < 10_000:
        raise BadRequest
    async with office.sessions.read() as session:
        lines = await list_cases(
            session,
            staff=request.ctx.staff.user,
            catalogue=office.catalogue,
            calendar=office.calendar,
            today=china_date(office.clock.now()),
            states=states,
            number=request.args.get("number", ""),
            page=page,
        )
    found = [
        _case_head(line.application)
        | {"applicant": line.applicant, "due_on": _plain(line.due_on), "light": line.light}
        for line in lines
    ]
    return json({"cases": found}, headers=_NO_STORE)


@api.get("/cases/<case_id:str>", name="case")
@staff_only(*_CASES)
async def case(request: Request, case_id: str) -> HTTPResponse:
    """Everything of one case, by id or number; the look is audited."""
    return json(_case_body(await seen_case(request, case_id)), headers=_NO_STORE)


@api.post("/cases/<case_id:str>/decision", name="decision")
@staff_only(*_CASES)
async def decision(request: Request, case_id: str) -> HTTPResponse:
    """Decide a case, by id or number; answers its new state and version.

    Where the item wants two people, the first one's word leaves the case open.
    """
    given = body(request, DecisionBody)
    application = await decided_case(
        request,
        case_id,
        given.decision,
        reason=given.reason,
        wanted=[Wanted(one.reason, one.field, one.material) for one in given.wanted],
        version=given.version,
        identity=given.identity,
        late_reason=given.late_reason,
    )
    return json(_case_head(application), headers=_NO_STORE)


@api.post("/cases/<case_id:str>/seen", name="seen")
@staff_only(*_CASES)
async def seen(request: Request, case_id: str) -> HTTPResponse:
    """Person and identity card were seen at the window: hand the draft in, by id or number."""
    given = body(request, SeenBody)
    what = Seen(given.person, given.id_card, given.originals)
    application = await person_seen(request, case_id, what, version=given.version)
    return json(_case_head(application), headers=_NO_STORE)


@api.post("/cases/<case_id:str>/relation", name="relation")
@staff_only(*_CASES)
async def relation(request: Request, case_id: str) -> HTTPResponse:
    """Whether who acts may act for the person, by papers looked at: by id or number."""
    given = body(request, RelationBody)
    application = await relation_judged(request, case_id, holds=given.holds, papers=given.papers)
    return json(_case_head(application), headers=_NO_STORE)


@api.get("/tasks", name="tasks")
@staff_only(*_CASES)
async def tasks(request: Request) -> HTTPResponse:
    """`?state=` open, taken or done (may be repeated; default open and taken)."""
    office = request.app.ctx.office
    try:
        states = tuple(TaskState(one) for one in request.args.getlist("state", []))
    except ValueError as exc:
        raise BadRequest from exc
    async with office.sessions.read() as session:
        found = await list_tasks(
            session,
            staff=request.ctx.staff.user,
            catalogue=office.catalogue,
            states=states or (TaskState.OPEN, TaskState.TAKEN),
        )
    return json({"tasks": [_task_body(task) for task in found]}, headers=_NO_STORE)


@api.get("/tasks/<task_id:str>", name="task")
@staff_only(*_CASES)
async def task(request: Request, task_id: str) -> HTTPResponse:
    office = request.app.ctx.office
    async with office.sessions.read() as session:
        staff = request.ctx.staff.user
        found = await task_of(session, task_id, staff=staff, catalogue=office.catalogue)
    return json(_task_body(found), headers=_NO_STORE)


@api.post("/tasks/<task_id:str>/take", name="take_task")
@staff_only(*_CASES)
async def take_task(request: Request, task_id: str) -> HTTPResponse:
    office = request.app.ctx.office
    async with office.sessions.begin() as session:
        staff = request.ctx.staff.user
        await task_of(session, task_id, staff=staff, catalogue=office.catalogue)
        found = await take(session, task_id, staff=staff, now=office.clock.now())
    return json(_task_body(found), headers=_NO_STORE)


@api.post("/tasks/<task_id:str>/finish", name="finish_task")
@staff_only(*_CASES)
async def finish_task(request: Request, task_id: str) -> HTTPResponse:
    """`{"outcome": words}`."""
    given = body(request, OutcomeBody)
    office, staff = request.app.ctx.office, request.ctx.staff.user
    async with office.sessions.begin() as session:
        now = office.clock.now()
        await task_of(session, task_id, staff=staff, catalogue=office.catalogue)
        found = await finish(session, task_id, staff=staff, outcome=given.outcome, now=now)
    return json(_task_body(found), headers=_NO_STORE)


def _case_head(application: Application) -> dict[str, Any]:
    return {
        "id": application.id,
        "number": application.number,
        "item": application.item_code,
        "state": application.state,
        "version": application.version,
        "channel": application.channel,
        "submitted_at": _plain(application.submitted_at),
        "accepted_at": _plain(application.accepted_at),
        "decided_at": _plain(application.decided_at),
        "due_on": _plain(application.due_on),
        "lawful_on": _plain(application.lawful_on),
        "act_by": _plain(application.act_by),
    }


def _case_body(view: CaseView) -> dict[str, Any]:
    answers = [
        {
            "field": one.field.slug,
            "label": one.field.label,
            "value": one.value,
            "shown": one.shown,
            "source": one.source,
            "at": _plain(one.at),
        }
        for one in view.answers
    ]
    checks = [
        {
            "name": one.name,
            "answer": one.answer,
            "source": one.source,
            "as_of": _plain(one.as_of),
            "asked_at": _plain(one.asked_at),
        }
        for one in view.checks
    ]
    papers = [
        {"material": one.slug, "name": one.name, "state": one.state, "uploads": list(one.pictures)}
        for one in view.papers
    ]
    history = [
        {"at": _plain(one.at), "step": one.step, "by": one.who or one.kind, "note": one.note}
        for one in view.history
    ]
    supplements = [
        {
            "wanted": one.wanted,
            "late_reason": one.late_reason,
            "at": _plain(one.requested_at),
            "answered": _plain(one.answered_at),
        }
        for one in view.supplements
    ]
    opinion = view.opinion and {
        "by": view.opinion.who,
        "decision": view.opinion.decision,
        "reason": view.opinion.reason,
        "at": _plain(view.opinion.at),
    }
    face = view.face and {
        "band": view.face.band,
        "distance": view.face.distance,
        "thresholds": view.face.thresholds,
        "model": view.face.model,
        "why": view.face.why,
        "card": view.face.card,
        "selfie": view.face.selfie,
    }
    return _case_head(view.application) | {
        "item_name": view.item.name,
        "light": view.light,
        "possible": list(view.possible),
        "opinion": opinion,
        "waits_for_person": view.waits_for_person,
        "answers": answers,
        "unanswered": [one.slug for one in view.unanswered],
        "materials": papers,
        "checks": checks,
        "card": view.card.front if view.card else None,
        "card_back": view.card.back if view.card else None,
        "card_expired": view.card is not None and view.card.expired,
        "card_remarks": list(view.card.remarks) if view.card else [],
        "card_differs": list(view.card_differs),
        "face": face,
        "signatures": {key: str(one) for key, one in view.signatures.items()},
        "acting": [_acting(one) for one in view.acting],
        "face_refused": view.face_refused,
        "history": history,
        "department": view.department
        and {
            "system": view.department.system,
            "reference": view.department.reference,
            "state": view.department.state,
            "as_of": _plain(view.department.as_of),
            "reason": view.department.reason,
        },
        "supplements": supplements,
    }


def _acting(line: ActingLine) -> dict[str, Any]:
    row = line.row
    return {
        "relation": row.relation,
        "people": row.people,
        "proved": row.proved,
        "open": line.open,
        "asked": list(line.asked),
        "papers": list(line.papers),
        "at_window": line.at_window,
        "steps": row.steps,
        "child_consent": row.detail.get("child_consent"),
        "judged": row.detail.get("judged"),
        "begun_at": _plain(row.begun_at),
        "expires_on": _plain(row.expires_on),
        "ended_at": _plain(row.ended_at),
        "ended_why": row.ended_why,
    }


def _task_body(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "kind": task.kind,
        "state": task.state,
        "application_id": task.application_id,
        "item": task.item_code,
        "phone": task.phone,
        "summary": task.summary,
        "created_at": _plain(task.created_at),
        "promised_at": _plain(task.promised_at),
        "taken_by": task.taken_by,
        "outcome": task.outcome,
    }


def _plain(value: datetime | date | None) -> str | None:
    return value.isoformat() if value else None
