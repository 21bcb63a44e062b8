"""What only the demonstration has: its inbox, its clock, its desk. Not registered in production."""

import asyncio
from datetime import timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import Field, model_validator
from sanic import Blueprint, HTTPResponse, Request, html, json
from sanic_ext import openapi
from sqlalchemy import func, select

from backoffice.clock import DemoClock, SystemClock
from backoffice.errors import NotFound
from backoffice.messages import text
from backoffice.outbox.models import OutboxEntry
from backoffice.staff.factors import code_at
from bootstrap.demo_finger import finger_names, lay_finger
from bootstrap.demo_kiosk import card_names, lay_card, pairing
from bootstrap.demo_video import end_call, waiting_calls
from gateway.http import Body, body, office_of

bp = Blueprint("demo", url_prefix="/demo")

looks = Blueprint("demo_looks")
looks.static("/static/demo", Path(__file__).parent / "static" / "demo", name="demo_static")

_WAIT_S, _STEP_S = 3.0, 0.1
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / "demo"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals["text"] = text


@bp.get("/", name="desk")
@openapi.summary("The desk: a page that lays cards and fingers on, and plays the clerk")
async def desk(request: Request) -> HTTPResponse:
    """The page that lays cards and fingers on and plays the clerk of the online window."""
    office = office_of(request)
    page = _pages.get_template("desk.html").render(
        kiosk=pairing(office.settings), cards=card_names(), fingers=finger_names(office)
    )
    return html(page, headers={"Cache-Control": "no-store"})


class MoveClock(Body):
    """Body of `POST /demo/clock`: how far to move; may be negative."""

    days: float = Field(default=0, ge=-3660, le=3660)
    hours: float = Field(default=0, ge=-100_000, le=100_000)
    minutes: float = Field(default=0, ge=-1_000_000, le=1_000_000)


@bp.get("/inbox")
@openapi.summary("SMS and notices that the demonstration sent, newest first")
async def inbox(request: Request) -> HTTPResponse:
    office = office_of(request)
    waited = 0.0
    # A message asked for a moment ago is still with the worker: wait for it instead of missing it.
    while waited < _WAIT_S and await _undelivered(request):
        await asyncio.sleep(_STEP_S)
        waited += _STEP_S
    messages = await office.sms.messages(100)  # type: ignore[attr-defined]
    return json({"messages": messages}, ensure_ascii=False)


async def _undelivered(request: Request) -> bool:
    office = office_of(request)
    async with office.sessions.read() as session:
        waiting = await session.scalar(
            select(func.count())
            .select_from(OutboxEntry)
            .where(
                OutboxEntry.delivered_at.is_(None),
                OutboxEntry.given_up_at.is_(None),
                OutboxEntry.attempts == 0,
            )
        )
    return bool(waiting)


@bp.get("/factor")
@openapi.summary("The code that the demonstration's head would read off a phone now")
async def factor(request: Request) -> HTTPResponse:
    secret = office_of(request).settings.demo_head_factor.get_secret_value()
    if not secret:
        raise NotFound
    # by the machine's clock, which the demonstration's does not move
    return json({"user": "head", "code": code_at(bytes.fromhex(secret), SystemClock().now())})


@bp.get("/clock")
@openapi.summary("What time it is in the demonstration")
async def clock(request: Request) -> HTTPResponse:
    return json({"now": office_of(request).clock.now().isoformat()})


@bp.post("/clock")
@openapi.summary("Move the demonstration's clock")
@openapi.body({"application/json": MoveClock.model_json_schema()})
async def move(request: Request) -> HTTPResponse:
    asked = body(request, MoveClock)
    moved = office_of(request).clock
    assert isinstance(moved, DemoClock)  # this blueprint is only registered with it
    by = timedelta(days=asked.days, hours=asked.hours, minutes=asked.minutes)
    return json({"now": moved.move(by).isoformat()})


class CardReader(Body):
    """Body of `POST /demo/card-reader`."""

    card: str | None = Field(default=None, max_length=60)
    remove: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> "CardReader":
        if (self.card is None) == (not self.remove):
            raise ValueError("card or remove")
        return self


@bp.get("/card-reader")
@openapi.summary("The demonstration's kiosk: what its page begins visits with, and its cards")
async def card_reader(request: Request) -> HTTPResponse:
    settings = office_of(request).settings
    return json({"device": pairing(settings), "cards": card_names()}, ensure_ascii=False)


@bp.post("/card-reader")
@openapi.summary("Lay an invented card on the demonstration's reader, or take it off")
@openapi.body({"application/json": CardReader.model_json_schema()})
async def lay(request: Request) -> HTTPResponse:
    asked = body(request, CardReader)
    await asyncio.to_thread(lay_card, office_of(request).settings, asked.card)
    return json({"card": asked.card}, ensure_ascii=False)


class FingerSensor(Body):
    """Body of `POST /demo/finger`."""

    finger: str | None = Field(default=None, max_length=60)
    remove: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> "FingerSensor":
        if (self.finger is None) == (not self.remove):
            raise ValueError("finger or remove")
        return self


@bp.get("/finger")
@openapi.summary("Whose fingers can be laid on the demonstration's sensor")
async def fingers(request: Request) -> HTTPResponse:
    return json({"fingers": finger_names(office_of(request))}, ensure_ascii=False)


@bp.post("/finger")
@openapi.summary("Lay an invented finger on the demonstration's sensor, or take it off")
@openapi.body({"application/json": FingerSensor.model_json_schema()})
async def press(request: Request) -> HTTPResponse:
    asked = body(request, FingerSensor)
    await asyncio.to_thread(lay_finger, office_of(request), asked.finger)
    return json({"finger": asked.finger}, ensure_ascii=False)


class ClerkOnVideo(Body):
    """Body of `POST /demo/video`: what the clerk in the call says."""

    session: str = Field(max_length=64)
    confirmed: bool


@bp.get("/video")
@openapi.summary("Calls that wait for the clerk of the online window")
async def calls(request: Request) -> HTTPResponse:
    found = waiting_calls(office_of(request))
    return json({"calls": [{"session": id, "since": at.isoformat()} for id, at in found]})


@bp.post("/video")
@openapi.summary("Play the clerk of the online window: end a call")
@openapi.body({"application/json": ClerkOnVideo.model_json_schema()})
async def video(request: Request) -> HTTPResponse:
    asked = body(request, ClerkOnVideo)
    if not end_call(office_of(request), asked.session, confirmed=asked.confirmed):
        raise NotFound
    return json({"ended": True})
