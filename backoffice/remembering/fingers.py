"""Fingers at the sensor of a kiosk: two are remembered, one confirms who a face proposed.

The sensor belongs to one kiosk, and only the visit that stands there may ask for a finger. Each
finger is laid on twice when it is remembered: one that does not match itself would never open
anything, and two fingers that are the same one are one finger.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.audit.services import record
from backoffice.conversations.models import Conversation, Widget
from backoffice.db import Sessions
from backoffice.devices.services import visit_at
from backoffice.errors import NotFound
from backoffice.identity.alarms import AlarmKind, sound
from backoffice.identity.proofs import consent_of
from backoffice.remembering.confirming import open_proposal
from backoffice.remembering.errors import (
    FingerNotGood,
    NoFingerLaid,
    NotRemembering,
    NoTriesLeft,
    SensorBusy,
    SensorDown,
)
from backoffice.remembering.keeping import FINGERS, REMEMBER, person_of
from backoffice.remembering.models import FaceLook, FingerPress, Remembered, RememberedFinger
from backoffice.remembering.rules import Rules
from integrations.ports import (
    FingerMatch,
    FingerprintMatcher,
    FingerprintSensor,
    FingerQuality,
    IntegrationError,
    NoFinger,
)

FINGER_WIDGET = "finger"
FINGER_ENROL, FINGER_CONFIRM = "enrol", "confirm"
CAPTURE_S = 15.0


@dataclass(frozen=True)
class FingerDesk:
    """The sensor, and what compares prints.

    Attributes:
        device_id: the kiosk that the sensor stands at.
    """

    sessions: Sessions
    matcher: FingerprintMatcher
    sensor: FingerprintSensor
    device_id: str
    rules: Rules
    taken: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class _Wanted:
    """What the finger is for; `known` are templates to compare it with, by finger."""

    person_id: str
    known: dict[int, bytes]
    sure: frozenset[int]
    look_id: str | None = None
    citizen_id: str | None = None

    def __repr__(self) -> str:
        return "_Wanted(…)"


@dataclass(frozen=True)
class _Pressed:
    template: bytes = field(repr=False)
    quality: FingerQuality
    matches: dict[int, FingerMatch]


async def press_finger(
    desk: FingerDesk, *, conversation_id: str, widget_id: str, now: datetime
) -> str:
    """Wait for a finger and do with it what the widget asks; the id to hand to the dialogue.

    Raises:
        NotFound: no such open widget in the visit that stands at the sensor.
        NotRemembering, NoTriesLeft: no finger is of use here.
        SensorBusy, NoFingerLaid, FingerNotGood, SensorDown.
    """
    async with desk.sessions.begin() as session:
        wanted = await _wanted(session, desk, conversation_id, widget_id, now)
    if desk.taken.locked():
        raise SensorBusy
    async with desk.taken:
        pressed = await _press(desk, wanted)
    async with desk.sessions.begin() as session:
        again = await _wanted(session, desk, conversation_id, widget_id, now)
        if (again.person_id, again.known) != (wanted.person_id, wanted.known):
            raise NotRemembering
        keep = _enrol if wanted.look_id is None else _confirm
        press = await keep(session, wanted, pressed, now)
        press.conversation_id, press.widget_id, press.at = conversation_id, widget_id, now
        session.add(press)
        await session.flush()
        await _audit(session, desk, wanted, press, now)
        return press.id


async def _wanted(
    session: AsyncSession, desk: FingerDesk, conversation_id: str, widget_id: str, now: datetime
) -> _Wanted:
    widget = await session.get(Widget, widget_id)
    conversation = await session.get(Conversation, conversation_id)
    if widget is None or conversation is None or widget.conversation_id != conversation_id:
        raise NotFound
    if widget.kind != FINGER_WIDGET or widget.state != "open":
        raise NotFound
    if conversation.device_id != desk.device_id:
        raise NotRemembering
    if await visit_at(session, desk.device_id, now) != conversation_id:
        raise NotRemembering
    if widget.target == FINGER_CONFIRM:
        return await _to_confirm(session, desk.rules, conversation, now)
    return await _to_enrol(session, conversation)


async def _to_confirm(
    session: AsyncSession, rules: Rules, conversation: Conversation, now: datetime
) -> _Wanted:
    look = await open_proposal(session, conversation.id, now=now)
    person = await person_of(session, look.citizen_id) if look and look.citizen_id else None
    if look is None or person is None:
        raise NotRemembering
    if await finger_tries_left(session, conversation.id, rules) <= 0:
        raise NoTriesLeft
    fingers = [one for one in await _fingers(session, person) if one.sure]
    if not fingers:
        raise NotRemembering
    known = {one.number: one.template for one in fingers}
    return _Wanted(person.id, known, frozenset(known), look.id, look.citizen_id)


async def finger_tries_left(session: AsyncSession, conversation_id: str, rules: Rules) -> int:
    """How often a finger may still be wrong in this visit, over all whom faces proposed."""
    wrong = await session.scalar(
        select(func.sum(FaceLook.fingers)).where(FaceLook.conversation_id == conversation_id)
    )
    return rules.finger_tries - int(wrong or 0)


async def _to_enrol(session: AsyncSession, conversation: Conversation) -> _Wanted:
    """Only right after the face was remembered in this visit, under a yes that still stands."""
    citizen_id = conversation.citizen_id
    person = await person_of(session, citizen_id) if citizen_id is not None else None
    just_now = select(FaceLook.id).where(
        FaceLook.conversation_id == conversation.id,
        FaceLook.citizen_id == citizen_id,
        FaceLook.outcome == "enrolled",
    )
    agreed = await consent_of(session, kind=REMEMBER, conversation_id=conversation.id)
    if person is None or await session.scalar(just_now.limit(1)) is None:
        raise NotRemembering
    if agreed is None or not agreed.granted:
        raise NotRemembering
    fingers = await _fingers(session, person)
    sure = frozenset(one.number for one in fingers if one.sure)
    if len(sure) >= FINGERS:
        raise NotRemembering
    known = {one.number: one.template for one in fingers}
    return _Wanted(person.id, known, sure, citizen_id=citizen_id)


async def _fingers(session: AsyncSession, person: Remembered) -> Sequence[RememberedFinger]:
    whose = RememberedFinger.person_id == person.id
    wanted = select(RememberedFinger).where(whose).order_by(RememberedFinger.number)
    return list(await session.scalars(wanted))


async def _press(desk: FingerDesk, wanted: _Wanted) -> _Pressed:
    """One finger from the sensor, compared with those known. Holds no transaction."""
    try:
        picture = await desk.sensor.capture(timeout_s=CAPTURE_S)
    except NoFinger as exc:
        raise NoFingerLaid from exc
    except IntegrationError as exc:
        raise SensorDown from exc
    try:
        quality = await desk.matcher.quality(picture.image, dpi=picture.dpi)
        if not quality.acceptable:
            raise FingerNotGood(str(quality.fault))
        template = await desk.matcher.template(picture.image, dpi=picture.dpi)
        matches = {
            number: await desk.matcher.match(known, template)
            for number, known in wanted.known.items()
        }
    except IntegrationError as exc:
        raise SensorDown from exc
    return _Pressed(template, quality, matches)


async def _enrol(
    session: AsyncSession, wanted: _Wanted, pressed: _Pressed, now: datetime
) -> FingerPress:
    """Keep a finger's first impression, or make it sure by its second."""
    open_ = next((number for number in wanted.known if number not in wanted.sure), None)
    taken = any(pressed.matches[number].same for number in wanted.sure)
    if open_ is None:
        number = next(one for one in range(1, FINGERS + 1) if one not in wanted.sure)
        if not taken:
            session.add(
                RememberedFinger(
                    person_id=wanted.person_id,
                    number=number,
                    template=pressed.template,
                    sure=False,
                    taken_at=now,
                )
            )
        return _made(pressed, None, number, "again" if taken else "kept")
    finger = await session.get_one(RememberedFinger, (wanted.person_id, open_))
    match = pressed.matches[open_]
    if match.same and not taken:
        finger.sure, finger.taken_at = True, now
        return _made(pressed, match, open_, "kept")
    await session.delete(finger)  # from the first impression again
    return _made(pressed, match, open_, "again")


async def _confirm(
    session: AsyncSession, wanted: _Wanted, pressed: _Pressed, now: datetime
) -> FingerPress:
    best = max(pressed.matches.values(), key=lambda one: one.score)
    if not best.same:
        look = await session.get_one(FaceLook, wanted.look_id)
        look.fingers += 1
        await sound(
            session, AlarmKind.CONFIRM_FAILED, now=now, conversation_id=look.conversation_id
        )
    return _made(pressed, best, None, "alike" if best.same else "different", wanted.look_id)


def _made(
    pressed: _Pressed,
    match: FingerMatch | None,
    number: int | None,
    result: str,
    look_id: str | None = None,
) -> FingerPress:
    detail: dict[str, Any] = {
        "quality": pressed.quality.nfiq2,
        "minutiae": pressed.quality.minutiae,
    }
    if match is not None:
        detail |= {"score": match.score, "thresholds": match.threshold}
    return FingerPress(number=number, result=result, detail=detail, look_id=look_id)


async def _audit(
    session: AsyncSession, desk: FingerDesk, wanted: _Wanted, press: FingerPress, now: datetime
) -> None:
    """Whom a finger was to confirm is not said: it may have been somebody else's."""
    enrolling = wanted.look_id is None
    await record(
        session,
        actor=f"citizen:{wanted.citizen_id if enrolling else 'unknown'}",
        action="remembering.finger_kept" if enrolling else "remembering.finger_compared",
        subject=f"citizen:{wanted.citizen_id}"
        if enrolling
        else f"conversation:{press.conversation_id}",
        detail={
            "result": press.result,
            "finger": press.number,
            "device": desk.device_id,
            **{name: str(value) for name, value in press.detail.items()},
        },
        now=now,
    )
