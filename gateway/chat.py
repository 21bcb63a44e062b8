"""The chat interface: a visit, its turns, its uploads, what came later."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import Field, model_validator
from sanic import Blueprint, HTTPResponse, Request, json
from sanic_ext import openapi

from backoffice import messages
from backoffice.conversations.services import (
    add_notice,
    conversation_of,
    messages_after,
    open_conversation,
)
from backoffice.devices.services import paired_device
from backoffice.dialogue.small import greeting
from backoffice.errors import BadRequest, CitizenError
from backoffice.identity.liveness import start_challenge
from backoffice.remembering.errors import NotRemembering
from backoffice.remembering.services import look_purpose, take_look
from backoffice.uploads.services import (
    FEWEST_FRAMES,
    MOST_FRAMES,
    receive_live_selfie,
    receive_upload,
)
from gateway.http import Body, TooLarge, bearer, body, limit, office_of, widget_of
from gateway.turns import run_turn

bp = Blueprint("chat", url_prefix="/api/v1/conversations")

MAX_TEXT = 2000
_TURN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class TooLong(CitizenError):
    """A text of more characters than anybody says at once."""

    code = "too_long"
    status = 413


class OpenConversation(Body):
    """Body of `POST /conversations`."""

    channel: Literal["phone", "kiosk"] = "phone"
    device: Annotated[str, Field(max_length=100)] | None = None
    """At a kiosk: the pairing code of its device daemon."""

    @model_validator(mode="after")
    def _at_a_kiosk(self) -> "OpenConversation":
        if self.device is not None and self.channel != "kiosk":
            raise ValueError("device")
        return self


class Event(Body):
    """What happened beside typing."""

    type: Literal["widget_done", "widget_declined", "silence", "leave"]
    widget: str | None = Field(default=None, max_length=64)
    upload_id: str | None = Field(default=None, max_length=64)
    value: Annotated[str, Field(max_length=200)] | bool | None = None


class Say(Body):
    """Body of `POST /conversations/{id}/messages`: a text or an event."""

    text: str | None = None
    event: Event | None = None
    turn_id: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Say":
        if (self.text is None) == (self.event is None):
            raise ValueError("text or event")
        if self.turn_id is not None and not _TURN_ID.fullmatch(self.turn_id):
            raise ValueError("turn_id")
        return self

    def request(self) -> dict[str, Any]:
        """What is kept of the turn."""
        if self.event is not None:
            return {"event": self.event.model_dump(exclude_none=True)}
        return {"text": self.text}


@bp.post("/")
@openapi.summary("Begin a visit")
@openapi.body({"application/json": OpenConversation.model_json_schema()})
@openapi.response(201, {"application/json": {"id": str, "token": str}})
async def open_(request: Request) -> HTTPResponse:
    limit(request, "open")
    asked = body(request, OpenConversation)
    office = office_of(request)
    async with office.sessions.begin() as session:
        device = await paired_device(session, asked.device) if asked.device else None
        conversation, token = await open_conversation(
            session,
            channel=asked.channel,
            now=office.clock.now(),
            address=request.remote_addr or request.ip,
            device_id=device.id if device else None,
        )
        await add_notice(
            session,
            conversation_id=conversation.id,
            key=f"greeting:{conversation.id}",
            bubble=greeting(recognises=device is not None and office.looker is not None),
            now=office.clock.now(),
        )
    return json({"id": conversation.id, "token": token}, status=201)


@bp.post("/<conversation_id:str>/messages")
@openapi.summary("Say something, or tell what happened; the answer is the bot's turn")
@openapi.secured("token")
@openapi.body({"application/json": Say.model_json_schema()})
async def say(request: Request, conversation_id: str) -> HTTPResponse:
    limit(request, "turn", bearer(request) or None)
    said = body(request, Say)
    if said.text is not None:
        if len(said.text) > MAX_TEXT:
            raise TooLong
        if not said.text.strip():
            raise BadRequest
    reply = await run_turn(
        office_of(request),
        request.app.ctx.engine,
        conversation_id=conversation_id,
        token=bearer(request),
        turn_id=said.turn_id or uuid4().hex,
        request=said.request(),
    )
    return json(reply, ensure_ascii=False)


@bp.get("/<conversation_id:str>/messages")
@openapi.summary("What was said since a message, by either side")
@openapi.secured("token")
@openapi.parameter("after", int, "query")
async def since(request: Request, conversation_id: str) -> HTTPResponse:
    office = office_of(request)
    try:
        after = int(request.args.get("after", "0"))
    except ValueError:
        raise BadRequest from None
    if not 0 <= after < 2**53:
        raise BadRequest
    async with office.sessions.read() as session:
        conversation = await conversation_of(
            session, id=conversation_id, token=bearer(request), now=office.clock.now()
        )
        found = await messages_after(session, conversation, after=after)
    shown = [
        {
            **one.body,
            "seq": one.id,
            "role": one.role,
            "at": one.at.isoformat(),
            **({"turn_id": turn_id} if turn_id else {}),
        }
        for one, turn_id in found
    ]
    return json({"messages": shown}, ensure_ascii=False)


@bp.post("/<conversation_id:str>/liveness")
@openapi.summary("What to do in front of the camera, for a widget of kind selfie")
@openapi.description(
    "Answers `{nonce, actions: [{action, text}], seconds, frames: {fewest, most}}`. Send the frames "
    "to `uploads` as parts named `frame`, with `nonce` and `at` (milliseconds since the first, "
    "separated by commas). A nonce is used once. Without it a selfie is only looked at by a clerk."
)
@openapi.secured("token")
@openapi.parameter("widget", str, "query", required=True)
async def liveness(request: Request, conversation_id: str) -> HTTPResponse:
    limit(request, "liveness")
    office = office_of(request)
    async with office.sessions.begin() as session:
        now = office.clock.now()
        await conversation_of(session, id=conversation_id, token=bearer(request), now=now)
        challenge = await start_challenge(
            session, conversation_id=conversation_id, widget_id=widget_of(request), now=now
        )
    body = {
        "nonce": challenge.nonce,
        "actions": [
            {"action": str(one), "text": messages.text(f"live.do_{one}")}
            for one in challenge.actions
        ],
        "seconds": int((challenge.expires_at - now).total_seconds()),
        "frames": {"fewest": FEWEST_FRAMES, "most": MOST_FRAMES},
    }
    return json(body, status=201, ensure_ascii=False)


@bp.post("/<conversation_id:str>/uploads")
@openapi.summary("Upload for a widget (multipart, one part named file; or frames of a challenge)")
@openapi.secured("token")
@openapi.parameter("widget", str, "query", required=True)
async def upload(request: Request, conversation_id: str) -> HTTPResponse:
    limit(request, "upload", bearer(request) or None)
    office = office_of(request)
    async with office.sessions.read() as session:
        await conversation_of(
            session, id=conversation_id, token=bearer(request), now=office.clock.now()
        )
        place = {"conversation_id": conversation_id, "widget_id": widget_of(request)}
        looks = await look_purpose(session, **place) is not None
    folder, now = office.settings.uploads_dir, office.clock.now()
    file = request.files.get("file") if request.files else None
    if looks:
        return json({"upload_id": await _look(request, place)}, status=201)
    if file is None:
        nonce, frames = _frames(request)
        kept = await receive_live_selfie(
            office.sessions, office.vision, folder, nonce=nonce, frames=frames, now=now, **place
        )
    else:
        if len(file.body) > office.settings.max_upload_mb * 1024 * 1024:
            raise TooLarge
        kept = await receive_upload(
            office.sessions,
            office.vision,
            folder,
            content=file.body,
            strokes=_strokes(request),
            now=now,
            **place,
        )
    return json({"upload_id": kept.id}, status=201)


async def _look(request: Request, place: Mapping[str, str]) -> str:
    """Frames only, and none of them is kept; the id of what was seen."""
    office = office_of(request)
    nonce, frames = _frames(request)
    if office.looker is None:
        raise NotRemembering
    now = office.clock.now()
    return await take_look(office.looker, nonce=nonce, frames=frames, now=now, **place)


def _strokes(request: Request) -> str | None:
    """The movement of a signature, as the page recorded it; only a signature has one."""
    given = request.form.get("strokes") if request.form else None
    return given if isinstance(given, str) else None


def _frames(request: Request) -> tuple[str, list[tuple[int, bytes]]]:
    """Nonce, and the frames with their times. Raises BadRequest."""
    if not request.form or not request.files:
        raise BadRequest
    nonce, pictures = request.form.get("nonce"), request.files.getlist("frame", [])
    try:
        at = [int(one) for one in str(request.form.get("at", "")).split(",")]
    except ValueError:
        raise BadRequest from None
    if not isinstance(nonce, str) or not pictures or len(pictures) != len(at):
        raise BadRequest
    return nonce, [(moment, one.body) for moment, one in zip(at, pictures, strict=True)]
