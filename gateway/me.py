"""What a signed-in citizen sees of his own: applications and results."""

from datetime import date
from typing import Any

from sanic import Blueprint, HTTPResponse, Request, json, raw
from sanic_ext import openapi
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice import messages
from backoffice.applications.clocks import history_of
from backoffice.applications.draft import load_draft
from backoffice.applications.models import Application, HistoryRow
from backoffice.applications.services import application_of, applications_of
from backoffice.applications.states import OPEN_FOR_ANSWERS, State, Step
from backoffice.applications.supplements import supplements_of, wanted_lines
from backoffice.clock import china_date
from backoffice.conversations.models import Conversation
from backoffice.conversations.services import by_token
from backoffice.dialogue.reveal import reveal_words
from backoffice.dialogue.reviewing import review_lines
from backoffice.errors import NotSignedIn
from backoffice.identity.models import Citizen
from backoffice.identity.services import phone_of
from backoffice.representation.models import Representation
from backoffice.representation.services import concerning, end
from backoffice.results.models import Result
from backoffice.results.services import (
    document_of,
    picture_of,
    printed,
    result_of,
    result_on,
    results_of,
)
from backoffice.results.validity import last_valid_day, standing
from backoffice.understanding import mask_value
from bootstrap.container import Office
from catalogue.schema import ServiceItem
from gateway.http import bearer, office_of
from verifier import group_code

bp = Blueprint("me", url_prefix="/api/v1/me")

_NO_STORE = {"Cache-Control": "no-store"}


async def citizen_of(session: AsyncSession, request: Request) -> str:
    """Who has signed in in the visit of this token. Raises NotSignedIn."""
    now = office_of(request).clock.now()
    conversation: Conversation = await by_token(session, token=bearer(request), now=now)
    if conversation.citizen_id is None:
        raise NotSignedIn
    return conversation.citizen_id


async def _mine(session: AsyncSession, request: Request) -> dict[str, Any]:
    """Whose matters are asked for, and when: what every query by a citizen needs."""
    now = office_of(request).clock.now()
    return {"citizen_id": await citizen_of(session, request), "now": now}


@bp.get("/")
@openapi.summary("Whether this visit is signed in")
@openapi.secured("token")
async def me(request: Request) -> HTTPResponse:
    office = office_of(request)
    async with office.sessions.read() as session:
        conversation = await by_token(session, token=bearer(request), now=office.clock.now())
        if conversation.citizen_id is None:
            return json({"signed_in": False})
        citizen = await session.get_one(Citizen, conversation.citizen_id)
        phone = phone_of(citizen)
        masked = mask_value("phone", phone) if phone else None
        return json({"signed_in": True, "phone_masked": masked})


@bp.get("/applications")
@openapi.summary("My applications, newest first")
@openapi.secured("token")
async def applications(request: Request) -> HTTPResponse:
    office = office_of(request)
    async with office.sessions.read() as session:
        found = await applications_of(session, **await _mine(session, request))
    shown = [_summary(office, one) for one in found if one.state != State.CANCELLED]
    return json({"applications": shown}, headers=_NO_STORE, ensure_ascii=False)


def _summary(office: Office, one: Application) -> dict[str, Any]:
    item = office.catalogue.find(one.item_code)
    return {
        "id": one.id,
        "number": one.number,
        "item_name": item.name if item else one.item_code,
        "status": str(one.state),
        "status_text": messages.text(f"state.{State(one.state)}"),
        "updated_at": one.updated_at.isoformat(),
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "awaiting": "citizen" if one.state in OPEN_FOR_ANSWERS else None,
    }


@bp.get("/applications/<id:str>")
@openapi.summary("One application: masked answers, papers, history")
@openapi.secured("token")
async def application(request: Request, id: str) -> HTTPResponse:
    office = office_of(request)
    async with office.sessions.read() as session:
        found = await application_of(session, id=id, **await _mine(session, request))
        shown = _summary(office, found)
        item = office.catalogue.find(found.item_code)
        if item is not None:
            draft = await load_draft(session, found, item)
            shown["answers"] = [
                {"label": label, "value": reveal_words(value, draft)}
                for label, value in review_lines(draft, papers=False)
            ]
            shown["materials"] = [
                {"name": one.name, "state": messages.text(f"material.{state}")}
                for one in item.materials
                if (state := draft.materials.get(one.slug))
            ]
        shown["history"] = await _history(session, found, item)
        result = await result_on(session, application_id=found.id)
        if result is not None:
            shown["result"] = {"id": result.id}
    return json(shown, headers=_NO_STORE, ensure_ascii=False)


async def _history(
    session: AsyncSession, application: Application, item: ServiceItem | None
) -> list[dict[str, str]]:
    """The steps in sentences; a request to correct says what is wanted."""
    requests = iter(await supplements_of(session, application.id))
    shown = []
    for step in await history_of(session, application):
        note = step.note or ""
        if step.step == Step.REQUEST_SUPPLEMENT and item is not None:
            request = next(requests, None)
            note = "\n" + "\n".join(wanted_lines(item, request.wanted)) if request else note
        words = messages.text(_history_key(step), note=note)
        shown.append({"at": step.at.isoformat(), "text": words})
    return shown


def _history_key(step: HistoryRow) -> str:
    if step.step == Step.SUBMIT and step.before == State.SUPPLEMENT_DUE:
        return "history.submit_again"
    if step.step == Step.SUBMIT and step.actor.startswith("staff:"):
        return "history.submit_seen"
    return f"history.{step.step}"


@bp.get("/representations")
@openapi.summary("Who acts for me, and for whom I act")
@openapi.secured("token")
async def representations(request: Request) -> HTTPResponse:
    async with office_of(request).sessions.read() as session:
        mine = await _mine(session, request)
        found = await concerning(session, mine["citizen_id"])
    today = china_date(office_of(request).clock.now())
    shown = [_representation(row, person, today) for row, person in found]
    return json({"representations": shown}, headers=_NO_STORE, ensure_ascii=False)


def _representation(row: Representation, about_me: bool, today: date) -> dict[str, Any]:
    other = row.people["agent" if about_me else "principal"]
    return {
        "id": row.id,
        "application": row.application_id,
        "about_me": about_me,
        "other_masked": mask_value("name", other["name"]),
        "relation": row.relation,
        "proved": row.proved is not None,
        "steps": row.steps,
        "expires_on": row.expires_on.isoformat(),
        "stands": row.ended_at is None and today <= row.expires_on,
    }


@bp.post("/representations/<id:str>/end")
@openapi.summary("End it: from now on nothing more can be done or seen by it")
@openapi.secured("token")
async def end_representation(request: Request, id: str) -> HTTPResponse:
    async with office_of(request).sessions.begin() as session:
        mine = await _mine(session, request)
        await end(session, id, **mine)
    return json({"ended": True}, headers=_NO_STORE)


@bp.get("/results")
@openapi.summary("My results, newest first")
@openapi.secured("token")
async def results(request: Request) -> HTTPResponse:
    office = office_of(request)
    async with office.sessions.read() as session:
        found = await results_of(session, **await _mine(session, request))
    shown = [_result(office, one) for one in found]
    return json({"results": shown}, headers=_NO_STORE, ensure_ascii=False)


def _result(office: Office, one: Result) -> dict[str, Any]:
    status = standing(
        revoked=one.revoked_at is not None, expires_at=one.expires_at, now=office.clock.now()
    )
    return {
        "id": one.id,
        "code": group_code(one.code),
        "title": printed(one).title,
        "status": status,
        "status_text": messages.text(f"result_status.{status}"),
        "issued_at": one.issued_at.isoformat(),
        "expires_at": one.expires_at.isoformat() if one.expires_at else None,
        "last_valid_on": last_valid_day(one.expires_at).isoformat() if one.expires_at else None,
        "verify_url": f"{office.settings.public_url}/v/{one.code}",
    }


@bp.get("/results/<id:str>/qr.png")
@openapi.summary("The QR code of a result")
@openapi.secured("token")
async def qr(request: Request, id: str) -> HTTPResponse:
    office = office_of(request)
    async with office.sessions.read() as session:
        found = await result_of(session, id=id, **await _mine(session, request))
    picture = picture_of(found, office.issuer)
    return raw(picture, content_type="image/png", headers=_NO_STORE)


@bp.get("/results/<id:str>/document.pdf")
@openapi.summary("The sealed document of a result")
@openapi.secured("token")
async def document(request: Request, id: str) -> HTTPResponse:
    async with office_of(request).sessions.read() as session:
        pdf = await document_of(session, id=id, **await _mine(session, request))
    disposition = {"Content-Disposition": 'attachment; filename="result.pdf"'}
    return raw(pdf, content_type="application/pdf", headers=_NO_STORE | disposition)
