"""Fingers at a kiosk's sensor; what is kept of a citizen's face and fingers, to see and to delete."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request, json
from sanic_ext import openapi
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice import messages
from backoffice.conversations.services import conversation_of
from backoffice.erasures.services import erase_remembered
from backoffice.identity.models import Consent
from backoffice.remembering.errors import NotRemembering
from backoffice.remembering.services import kept_of, press_finger
from backoffice.uploads.models import Upload
from gateway.http import bearer, limit, office_of, widget_of
from gateway.me import citizen_of

bp = Blueprint("remembering", url_prefix="/api/v1")

_NO_STORE = {"Cache-Control": "no-store"}
_KINDS = ("face", "recognise", "remember")
_PICTURES = ("selfie", "id_card_front", "id_card_chip")


@bp.post("/conversations/<conversation_id:str>/fingers")
@openapi.summary("Wait for a finger on this kiosk's sensor, for a widget of kind finger")
@openapi.description(
    "Answers `{upload_id}` for `widget_done`, after at most 15 seconds. No picture is kept."
)
@openapi.secured("token")
@openapi.parameter("widget", str, "query", required=True)
async def fingers(request: Request, conversation_id: str) -> HTTPResponse:
    limit(request, "upload", bearer(request) or None)
    office, desk = office_of(request), office_of(request).finger_desk
    widget = widget_of(request)
    async with office.sessions.read() as session:
        await conversation_of(
            session, id=conversation_id, token=bearer(request), now=office.clock.now()
        )
    if desk is None:
        raise NotRemembering
    press = await press_finger(
        desk, conversation_id=conversation_id, widget_id=widget, now=office.clock.now()
    )
    return json({"upload_id": press}, status=201)


@bp.get("/me/faces")
@openapi.summary("What is kept of my face and fingers, what I agreed to, and until when it stays")
@openapi.secured("token")
async def faces(request: Request) -> HTTPResponse:
    office = office_of(request)
    async with office.sessions.read() as session:
        citizen_id = await citizen_of(session, request)
        kept = await kept_of(session, citizen_id)
        shown: dict[str, Any] = {
            "remembered": None
            if kept is None
            else {
                "since": kept.since.isoformat(),
                "until": kept.until.isoformat(),
                "used_at": kept.used_at.isoformat(),
                "text_version": kept.text_version,
                "fingers": kept.fingers,
            },
            "consents": await _consents(session, citizen_id),
            "pictures": await _pictures(session, citizen_id),
        }
    return json(shown, headers=_NO_STORE, ensure_ascii=False)


@bp.delete("/me/faces")
@openapi.summary("Delete at once what is kept to remember me, and withdraw my consent")
@openapi.secured("token")
async def forget(request: Request) -> HTTPResponse:
    limit(request, "turn", bearer(request) or None)
    office = office_of(request)
    async with office.sessions.begin() as session:
        citizen_id = await citizen_of(session, request)
        done = await erase_remembered(
            session,
            citizen_id=citizen_id,
            now=office.clock.now(),
            actor=f"citizen:{citizen_id}",
        )
    return json({"deleted": done.templates}, headers=_NO_STORE)


async def _consents(session: AsyncSession, citizen_id: str) -> list[dict[str, Any]]:
    """The answers given about one's face, newest first."""
    mine = select(Consent).where(Consent.citizen_id == citizen_id, Consent.kind.in_(_KINDS))
    return [
        {
            "kind": one.kind,
            "name": messages.text(f"remembered.consent_{one.kind}"),
            "granted": one.granted,
            "at": one.at.isoformat(),
            "text_version": one.text_version,
            "words": one.words,
            "channel": one.channel,
        }
        for one in await session.scalars(mine.order_by(Consent.id.desc()).limit(50))
    ]


async def _pictures(session: AsyncSession, citizen_id: str) -> list[dict[str, Any]]:
    """Pictures with a face that were given for applications; they stay with these."""
    mine = select(Upload.kind, Upload.created_at, Upload.expires_at).where(
        Upload.citizen_id == citizen_id, Upload.kind.in_(_PICTURES)
    )
    return [
        {
            "name": messages.text(f"remembered.picture_{kind}"),
            "since": since.isoformat(),
            "until": until.isoformat(),
        }
        for kind, since, until in await session.execute(mine.order_by(Upload.created_at.desc()))
    ]
