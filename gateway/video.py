"""Being seen by a clerk in a live call: begin it, and hear what came of it."""

from sanic import Blueprint, HTTPResponse, Request, json
from sanic_ext import openapi
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.draft import load_draft
from backoffice.applications.services import application_in
from backoffice.conversations.models import Conversation
from backoffice.conversations.services import conversation_of
from backoffice.errors import BadRequest, NotFound
from backoffice.identity.video import Caller, NobodyToSee, call, look, place_key
from bootstrap.container import Office
from gateway.http import bearer, limit, office_of
from integrations.ports import Named

bp = Blueprint("video", url_prefix="/api/v1/conversations")

_NO_STORE = {"Cache-Control": "no-store"}
_LONGEST_SESSION = 64


@bp.post("/<conversation_id:str>/video")
@openapi.summary("Ask for a call with a clerk, who recognises whoever has to prove who they are")
@openapi.description("Answers `{session, expires_at}`; 503 when nobody can be called now.")
@openapi.secured("token")
async def begin(request: Request, conversation_id: str) -> HTTPResponse:
    limit(request, "liveness")
    office = office_of(request)
    now = office.clock.now()
    async with office.sessions.read() as session:
        visit = await conversation_of(session, id=conversation_id, token=bearer(request), now=now)
        caller = await _caller(session, office, visit)
        key = await place_key(session, caller, now=now)
    opened = await call(office.sessions, office.video, caller, key=key, now=now)
    body = {"session": opened.id, "expires_at": opened.expires_at.isoformat()}
    return json(body, status=201, headers=_NO_STORE)


@bp.get("/<conversation_id:str>/video")
@openapi.summary("What came of the call: waiting, confirmed, not_confirmed, missed")
@openapi.secured("token")
@openapi.parameter("session", str, "query", required=True)
async def outcome(request: Request, conversation_id: str) -> HTTPResponse:
    office = office_of(request)
    session_id = str(request.args.get("session", ""))
    if not 0 < len(session_id) <= _LONGEST_SESSION:
        raise BadRequest
    now = office.clock.now()
    async with office.sessions.read() as session:
        await conversation_of(session, id=conversation_id, token=bearer(request), now=now)
    state = await look(
        office.sessions, office.video, session_id=session_id, conversation_id=conversation_id,
        now=now,
    )  # fmt: skip
    return json({"state": str(state)}, headers=_NO_STORE)


async def _caller(session: AsyncSession, office: Office, visit: Conversation) -> Caller:
    """Whom the clerk is to recognise: whoever has to prove who they are in this visit's draft."""
    application = await application_in(session, visit)
    item = office.catalogue.find(application.item_code) if application is not None else None
    if application is None or item is None:
        raise NotFound
    draft = await load_draft(session, application, item)
    name, id_no = draft.answers.get(f"{draft.acting}name"), draft.acting_id_no
    if not name or not id_no:
        raise NobodyToSee
    return Caller(application.id, visit.id, Named(str(name), str(id_no)))
