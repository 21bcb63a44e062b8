"""Pages for clerks and heads: log-in, work list, one case, call-backs."""

from pathlib import Path
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import raw, redirect

from backoffice.applications.decisions import CONCLUDING, Decision, Wanted
from backoffice.applications.states import AT_THE_AUTHORITY, State
from backoffice.clock import china_date
from backoffice.errors import BadRequest, Busy, CitizenError, NotFound
from backoffice.identity.settling import How
from backoffice.messages import text
from backoffice.results.models import Revocation
from backoffice.staff.models import Role, StaffUser
from backoffice.staff.pictures import picture_for_staff
from backoffice.staff.revoking import revoke_result_of_case
from backoffice.staff.services import LogInFailed, log_out
from backoffice.staff.window import Seen
from backoffice.staff.worklist import PAGE, WAITING, count_by_state, list_cases
from backoffice.tasks.models import CLOCK_KINDS, PEOPLE_KINDS, Task, TaskKind, TaskState
from backoffice.tasks.services import finish, list_tasks, take, task_of
from backoffice.uploads.services import load_upload
from gateway.staff.at_case import decided_case, person_seen, relation_judged, seen_case
from gateway.staff.guard import (
    HTMX,
    WALL,
    FormExpired,
    drop_session_cookie,
    from_own_page,
    logged_in,
    public,
    set_session_cookie,
    staff_only,
)
from gateway.staff.rendering import HEADERS, HOMES, refusal_words, render

pages = Blueprint("staff_pages", url_prefix="/staff")
pages.static("/static", Path(__file__).resolve().parent.parent / "static" / "staff", name="static")

_CASES = (Role.CLERK, Role.HEAD)
_DONE = {*Decision, "opinion", "relation", "revoke", "seen"}
_TABS: dict[str, tuple[State, ...]] = {
    "todo": (State.SUBMITTED, State.ACCEPTED),
    "submitted": (State.SUBMITTED,),
    "accepted": (State.ACCEPTED,),
    "window": (State.DRAFT,),
    "supplement": (State.SUPPLEMENT_DUE,),
    "concluded": (
        State.APPROVED,
        State.REFUSED,
        State.NOT_ACCEPTED,
        State.WITHDRAWN,
        State.EXPIRED,
    ),
}


@pages.get("/login", name="login_page")
@public
async def login_page(request: Request) -> HTTPResponse:
    return render(request, "login.html", failed=None, username="")


@pages.post("/login", name="login")
@public
async def login(request: Request) -> HTTPResponse:
    if not from_own_page(request):
        raise FormExpired
    form = request.form or {}
    username, password = form.get("username", "")[:80], form.get("password", "")[:200]
    try:
        made = await logged_in(request, username, password, kind="browser")
    except LogInFailed as exc:
        failed = text(f"error.{exc.code}")
        return render(request, "login.html", failed=failed, username=username, status=exc.status)
    response = redirect(HOMES.get(made.user.role, "/staff"), status=303)
    set_session_cookie(request, response, made.token)
    return response


@pages.post("/logout", name="logout")
@staff_only(*Role)
async def logout(request: Request) -> HTTPResponse:
    office = request.app.ctx.office
    async with office.sessions.begin() as session:
        await log_out(session, request.ctx.staff, WALL.now())
    response = redirect("/staff/login", status=303)
    drop_session_cookie(request, response)
    return response


@pages.get("/", name="work_list", strict_slashes=False)
@staff_only(*_CASES)
async def work_list(request: Request) -> HTTPResponse:
    """Tabs by state; `part=1` gives only the rows, for the page's own refresh."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    tab = request.args.get("tab", "todo")
    number = request.args.get("number", "").strip()[:32]
    page = _page(request)
    async with office.sessions.read() as session:
        lines = await list_cases(
            session,
            staff=staff,
            catalogue=office.catalogue,
            calendar=office.calendar,
            today=china_date(office.clock.now()),
            states=() if number else _TABS.get(tab, _TABS["todo"]),
            number=number,
            page=page,
        )
        counts = await count_by_state(session, staff=staff, catalogue=office.catalogue)
        seen = {"staff": staff, "catalogue": office.catalogue, "states": (TaskState.OPEN,)}
        waiting = await list_tasks(session, kinds=PEOPLE_KINDS, **seen)
        clocks = await list_tasks(session, kinds=CLOCK_KINDS, **seen)
    tabs = [
        (name, sum(counts.get(one, 0) for one in states) if WAITING.issuperset(states) else None)
        for name, states in _TABS.items()
    ]
    template = "_cases.html" if request.headers.get(HTMX) else "work_list.html"
    return render(
        request,
        template,
        lines=lines,
        tabs=tabs,
        tab=tab,
        number=number,
        page=page,
        more=len(lines) == PAGE,
        waiting=len(waiting),
        near=_cases_of(clocks, TaskKind.REMINDER),
        overdue=_cases_of(clocks, TaskKind.OVERDUE),
        late=sum(_late(task, office.clock.now()) for task in waiting),
    )


@pages.get("/cases/<case_id:str>", name="case")
@staff_only(*_CASES)
async def case(request: Request, case_id: str) -> HTTPResponse:
    return await _case_page(request, case_id)


@pages.post("/cases/<case_id:str>/decision", name="decision")
@staff_only(*_CASES)
async def decision(request: Request, case_id: str) -> HTTPResponse:
    """A clerk's decision; what went wrong is said above the case as it stands now."""
    form = request.form or {}
    try:
        wanted_decision = Decision(form.get("decision", ""))
        identity = How(str(form.get("identity"))) if form.get("identity") else None
        version = int(form.get("version", ""))
    except ValueError as exc:
        raise BadRequest from exc
    try:
        decided = await decided_case(
            request,
            case_id,
            wanted_decision,
            reason=form.get("reason", "")[:2000],
            wanted=_ticked(form),
            version=version,
            identity=identity,
            late_reason=form.get("late_reason", "")[:500],
        )
    except NotFound:
        raise
    except CitizenError as exc:
        return await _refused(request, case_id, exc, form)
    first = wanted_decision in CONCLUDING and decided.state in AT_THE_AUTHORITY
    done = "opinion" if first else wanted_decision
    return redirect(f"/staff/cases/{case_id}?done={done}", status=303)


@pages.post("/cases/<case_id:str>/seen", name="seen")
@staff_only(*_CASES)
async def seen(request: Request, case_id: str) -> HTTPResponse:
    """Person and identity card were seen at the window: the draft becomes a case."""
    form = request.form or {}
    ticked = [form.get(one) == "yes" for one in ("person", "id_card")]
    originals = form.getlist("original", []) if form else []
    try:
        version = int(form.get("version", ""))
    except ValueError as exc:
        raise BadRequest from exc
    try:
        await person_seen(request, case_id, Seen(*ticked, originals), version=version)
    except NotFound:
        raise
    except CitizenError as exc:
        return await _refused(request, case_id, exc, form)
    return redirect(f"/staff/cases/{case_id}?done=seen", status=303)


@pages.post("/cases/<case_id:str>/relation", name="relation")
@staff_only(*_CASES)
async def relation(request: Request, case_id: str) -> HTTPResponse:
    """Whether who acts may act for the person, by papers looked at."""
    form = request.form or {}
    if form.get("holds") not in ("yes", "no"):
        raise BadRequest
    papers = [form.get("papers", "")[:80]]
    try:
        await relation_judged(request, case_id, holds=form.get("holds") == "yes", papers=papers)
    except NotFound:
        raise
    except CitizenError as exc:
        return await _refused(request, case_id, exc, form)
    return redirect(f"/staff/cases/{case_id}?done=relation", status=303)


async def _refused(request: Request, case_id: str, exc: CitizenError, form: Any) -> HTTPResponse:
    """The case as it stands now, what was typed, and above it why nothing was done."""
    problem = refusal_words(exc)
    return await _case_page(request, case_id, problem=problem, status=exc.status, kept=form)


@pages.post("/cases/<case_id:str>/revocation", name="revocation")
@staff_only(Role.HEAD)
async def revocation(request: Request, case_id: str) -> HTTPResponse:
    """Withdraw the case's result, with a reason and a confirmation."""
    office, form = request.app.ctx.office, request.form or {}
    try:
        async with office.sessions.begin() as session:
            await revoke_result_of_case(
                session,
                case_id=case_id,
                reason=form.get("reason", ""),
                note=form.get("note", "")[:500],
                confirmed=form.get("confirmed") == "yes",
                staff=request.ctx.staff.user,
                catalogue=office.catalogue,
                now=office.clock.now(),
            )
    except NotFound:
        raise
    except CitizenError as exc:
        return await _refused(request, case_id, exc, form)
    return redirect(f"/staff/cases/{case_id}?done=revoke", status=303)


@pages.get("/uploads/<upload_id:str>", name="upload")
@staff_only(*_CASES)
async def upload(request: Request, upload_id: str) -> HTTPResponse:
    office = request.app.ctx.office
    async with office.sessions.begin() as session:
        found = await picture_for_staff(
            session,
            upload_id,
            case_id=request.args.get("case", ""),
            staff=request.ctx.staff.user,
            catalogue=office.catalogue,
            now=office.clock.now(),
        )
        content = await load_upload(session, office.settings.uploads_dir, found.id)
    # Shown, not downloaded, so that no copy stays on the clerk's disk.
    headers = HEADERS | {
        "Content-Disposition": "inline",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return raw(content, content_type=found.mime, headers=headers)


@pages.get("/tasks", name="tasks")
@staff_only(*_CASES)
async def tasks(request: Request) -> HTTPResponse:
    return await _tasks_page(request)


@pages.post("/tasks/<task_id:str>/take", name="take_task")
@staff_only(*_CASES)
async def take_task(request: Request, task_id: str) -> HTTPResponse:
    office = request.app.ctx.office
    try:
        async with office.sessions.begin() as session:
            staff = request.ctx.staff.user
            await task_of(session, task_id, staff=staff, catalogue=office.catalogue)
            await take(session, task_id, staff=staff, now=office.clock.now())
    except Busy:
        return await _tasks_page(request, problem=text("staff.task_conflict"), status=409)
    return redirect("/staff/tasks", status=303)


@pages.post("/tasks/<task_id:str>/finish", name="finish_task")
@staff_only(*_CASES)
async def finish_task(request: Request, task_id: str) -> HTTPResponse:
    office, form = request.app.ctx.office, request.form or {}
    try:
        staff = request.ctx.staff.user
        async with office.sessions.begin() as session:
            await task_of(session, task_id, staff=staff, catalogue=office.catalogue)
            await finish(
                session,
                task_id,
                staff=staff,
                outcome=form.get("outcome", "")[:1000],
                now=office.clock.now(),
            )
    except Busy:
        return await _tasks_page(request, problem=text("staff.task_conflict"), status=409)
    except NotFound:
        raise
    except CitizenError as exc:
        problem = text(f"error.{exc.code}", **exc.params)
        return await _tasks_page(request, problem=problem, status=exc.status)
    return redirect("/staff/tasks", status=303)


@pages.exception(CitizenError)
async def explain(request: Request, exc: CitizenError) -> HTTPResponse:
    """A page that says what happened, in the words of `data/messages/`."""
    said = text(f"error.{exc.code}", **exc.params)
    return render(request, "error.html", said=said, status=exc.status)


async def _case_page(
    request: Request,
    case_id: str,
    *,
    problem: str | None = None,
    status: int = 200,
    kept: Any = None,
) -> HTTPResponse:
    view = await seen_case(request, case_id)
    done = request.args.get("done", "")
    return render(
        request,
        "case.html",
        status=status,
        view=view,
        problem=problem,
        done=done if done in _DONE and problem is None else "",
        kept=kept or {},
        reasons=list(Revocation),
        connected=request.app.ctx.office.departments is not None,
    )


async def _tasks_page(
    request: Request, *, problem: str | None = None, status: int = 200
) -> HTTPResponse:
    office = request.app.ctx.office
    now = office.clock.now()
    tab = request.args.get("tab", "people")
    tab = tab if tab in ("people", "clocks", "done") else "people"
    kinds = {"people": PEOPLE_KINDS, "clocks": CLOCK_KINDS}.get(tab, frozenset(TaskKind))
    async with office.sessions.read() as session:
        found = await list_tasks(
            session,
            staff=request.ctx.staff.user,
            catalogue=office.catalogue,
            states=(TaskState.DONE,) if tab == "done" else (TaskState.OPEN, TaskState.TAKEN),
            kinds=kinds,
        )
        holders = await _names(session, found)
    return render(
        request,
        "tasks.html",
        status=status,
        tasks=[(task, _late(task, now)) for task in found],
        holders=holders,
        catalogue=office.catalogue,
        tab=tab,
        problem=problem,
    )


async def _names(session: Any, found: list[Task]) -> dict[str, str]:
    ids = {task.taken_by for task in found if task.taken_by}
    users = [await session.get(StaffUser, one) for one in ids]
    return {user.id: user.display_name for user in users if user is not None}


def _ticked(form: Any) -> list[Wanted]:
    """The ticked fields and papers of the correction form, each with its own reason."""
    found = []
    for slug in form.getlist("field", []) if form else []:
        found.append(Wanted(reason=form.get(f"reason-field-{slug}", "")[:500], field=slug))
    for slug in form.getlist("material", []) if form else []:
        found.append(Wanted(reason=form.get(f"reason-material-{slug}", "")[:500], material=slug))
    return found


def _cases_of(found: list[Task], kind: TaskKind) -> int:
    return len({task.application_id or task.id for task in found if task.kind == kind})


def _late(task: Task, now: Any) -> bool:
    return task.state != TaskState.DONE and task.promised_at is not None and task.promised_at < now


def _page(request: Request) -> int:
    given = request.args.get("page", "0")
    return int(given) if given.isdecimal() and len(given) < 6 else 0
