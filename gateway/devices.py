"""What the kiosks' device daemons speak to: signed requests, no browser."""

import asyncio
import time

from pydantic import Base64Bytes, ConfigDict, Field
from sanic import Blueprint, HTTPResponse, Request, json
from sanic_ext import openapi
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.devices import signing
from backoffice.devices.models import Device
from backoffice.devices.readings import CardContent
from backoffice.devices.services import (
    authenticate,
    keep_reading,
    say_reader_answers,
    work_for,
)
from backoffice.errors import BadRequest, EngineDown
from backoffice.uploads.chips import keep_chip_photo
from gateway.http import Body, body, limit, office_of
from gateway.turns import run_turn

bp = Blueprint("devices", url_prefix="/api/v1/devices")

LONGEST_WAIT_S = 25.0
LOOK_EVERY_S = 0.5
MAX_PHOTO = 512 * 1024


class Reading(Body):
    """Body of `POST /devices/readings`."""

    model_config = ConfigDict(extra="forbid", strict=False)  # days come as texts

    widget: str = Field(min_length=10, max_length=64)
    reading: CardContent
    photo: Base64Bytes | None = Field(default=None, max_length=MAX_PHOTO)
    """The chip's photo as a picture, where the kiosk can decode it."""


async def _device(request: Request, session: AsyncSession) -> Device:
    headers = {name.lower(): value for name, value in request.headers.items()}
    target = request.raw_url.decode("latin-1")
    signed = signing.Request(request.method, target, request.body, headers)
    return await authenticate(session, signed, now=office_of(request).clock.now())


@bp.get("/work")
@openapi.summary(
    "What the signing device is to do; waits until that is another widget than `known`"
)
@openapi.parameter("known", str, "query")
@openapi.parameter("wait", float, "query")
@openapi.parameter("card_reader", str, "query")
async def work(request: Request) -> HTTPResponse:
    limit(request, "device")
    office = office_of(request)
    known, wait_s = request.args.get("known", ""), _seconds(request.args.get("wait", "0"))
    async with office.sessions.begin() as session:
        device = await _device(request, session)
        answers = request.args.get("card_reader") == "ok"
        say_reader_answers(device, answers=answers, now=office.clock.now())
        id = device.id
    until = time.monotonic() + wait_s
    while True:
        async with office.sessions.read() as session:
            found = await work_for(session, id, now=office.clock.now())
        if [one["widget"] for one in found] != ([known] if known else []):
            break
        if request.app.ctx.stopping:
            raise EngineDown  # who waits comes back when there is a server again
        if time.monotonic() >= until:
            break
        await asyncio.sleep(LOOK_EVERY_S)
    return json({"work": found})


@bp.post("/readings")
@openapi.summary("A card that the signing device has read for a widget it was given as work")
@openapi.body({"application/json": Reading.model_json_schema()})
async def readings(request: Request) -> HTTPResponse:
    limit(request, "device")
    office = office_of(request)
    async with office.sessions.begin() as session:
        # Kept by itself: what follows may be refused, and must not be sent again nevertheless.
        device = await _device(request, session)
    sent = body(request, Reading)
    async with office.sessions.begin() as session:
        place = await keep_reading(
            session, device, widget_id=sent.widget, card=sent.reading, now=office.clock.now()
        )
    if sent.photo is not None:
        await keep_chip_photo(
            office.sessions,
            office.settings.uploads_dir,
            conversation_id=place.conversation_id,
            widget_id=sent.widget,
            picture=sent.photo,
            card=sent.reading.kept(),
            now=office.clock.now(),
        )
    # The page shows the turn's answer when it next asks what came later.
    await run_turn(
        office,
        request.app.ctx.engine,
        conversation_id=place.conversation_id,
        token=None,
        turn_id=place.turn_id,
        request={"event": {"type": "widget_done", "widget": sent.widget}},
    )
    return json({}, status=201)


def _seconds(text: str) -> float:
    try:
        wait_s = float(text)
    except ValueError:
        raise BadRequest from None
    if not 0 <= wait_s <= LONGEST_WAIT_S:
        raise BadRequest
    return wait_s
