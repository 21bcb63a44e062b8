"""Which devices are ours, what they are to do, and what they read; others import from here only.

A reading reaches the one visit that stands in front of the device: its page began the visit with
the device's pairing code, no later visit was begun there, somebody did something in it within
`ALIVE`, and it waits for a card. A page cannot say that a card was read, and a device cannot choose
whose form it fills.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.conversations.models import Conversation, Turn, Widget
from backoffice.crypto import keyed_hash
from backoffice.devices import signing
from backoffice.devices.errors import (
    AlreadyRegistered,
    BadKey,
    NotPaired,
    NotTrusted,
    WidgetTaken,
)
from backoffice.devices.models import Device, DeviceNonce, DeviceReading
from backoffice.devices.readings import CardContent
from backoffice.errors import NotFound
from backoffice.logs import log

CARD_WIDGET = "id_card_reader"
NONCES_KEPT = timedelta(minutes=10)
READINGS_KEPT = timedelta(minutes=10)
ALIVE = timedelta(minutes=3)
"""After this long without a turn nobody is taken to stand there any more."""
READER_SEEN = timedelta(seconds=90)
"""A reader that did not answer for so long is not offered."""


@dataclass(frozen=True)
class Place:
    """Where a reading belongs: the turn in which it is taken."""

    conversation_id: str
    turn_id: str


async def register_device(
    session: AsyncSession,
    *,
    public_key: str,
    name: str,
    now: datetime,
    secret: str | None = None,
) -> tuple[Device, str]:
    """Let a device in; returns it with the pairing code, which is stored as a keyed hash only.

    Args:
        secret: half of the pairing code; a new random one unless given (the demonstration).
        public_key: 64 hexadecimal digits, as `python -m devices key` prints them at the kiosk.

    Raises:
        BadKey, AlreadyRegistered: also for one that was revoked; a new key is made then.
    """
    try:
        raw = bytes.fromhex(public_key)
    except ValueError:
        raise BadKey from None
    if len(raw) != 32:
        raise BadKey
    id = signing.device_id(raw)
    if await session.get(Device, id) is not None:
        raise AlreadyRegistered
    secret = secret or secrets.token_urlsafe(18)
    device = Device(
        id=id, kind="kiosk", name=name, public_key=raw.hex(),
        pairing_hash=_pairing(id, secret), created_at=now,
    )  # fmt: skip
    session.add(device)
    await session.flush()
    return device, f"{id}.{secret}"


async def revoke_device(session: AsyncSession, *, id: str, now: datetime) -> Device:
    """Never believe this device again, nor begin visits at it. Raises NotFound."""
    device = await session.get(Device, id)
    if device is None:
        raise NotFound
    device.revoked_at = device.revoked_at or now
    await session.execute(delete(DeviceReading).where(DeviceReading.device_id == id))
    return device


async def paired_device(session: AsyncSession, code: str) -> Device:
    """The device whose pairing code a page has. Raises NotPaired."""
    id, _, secret = code.partition(".")
    device = await session.get(Device, id)
    given = _pairing(id, secret)
    if device is None or device.revoked_at is not None:
        raise NotPaired
    if not hmac.compare_digest(device.pairing_hash, given):
        raise NotPaired
    return device


def _pairing(id: str, secret: str) -> str:
    return keyed_hash("device pairing", f"{id}.{secret}")


async def authenticate(session: AsyncSession, request: signing.Request, *, now: datetime) -> Device:
    """The device that signed this request, for this one time.

    Args:
        request: its headers' names in lower case.

    Raises:
        NotTrusted.
    """
    try:
        device = await session.get(Device, signing.claimed_by(request.headers))
        if device is None or device.revoked_at is not None:
            raise signing.NotSigned("device")
        nonce = signing.check(request, bytes.fromhex(device.public_key))
    except signing.NotSigned as exc:
        log("devices").warning("device.refused", why=str(exc.__cause__ or exc))
        raise NotTrusted from None
    if await session.get(DeviceNonce, (device.id, nonce)) is not None:
        log("devices").warning("device.refused", device=device.id, why="replayed")
        raise NotTrusted
    # Two at once: the second one fails on the primary key, and with it all it would have done.
    session.add(DeviceNonce(device_id=device.id, nonce=nonce, used_at=signing.now()))
    await session.flush()
    device.last_seen_at = now
    return device


async def work_for(session: AsyncSession, device_id: str, *, now: datetime) -> list[dict[str, str]]:
    """What the device is to do now: `[{"widget", "kind"}]`; says nothing of whose it is."""
    widgets = await session.scalars(
        select(Widget)
        .where(Widget.kind == CARD_WIDGET, Widget.state == "open")
        .where(Widget.conversation_id == await visit_at(session, device_id, now))
        .order_by(Widget.issued_at.desc())
        .limit(1)
    )
    return [{"widget": one.id, "kind": one.kind} for one in widgets]


async def visit_at(session: AsyncSession, device_id: str, now: datetime) -> str | None:
    """The visit that stands at the device: the newest one, unless it is over."""
    newest = await session.scalar(
        select(Conversation)
        .where(Conversation.device_id == device_id)
        .order_by(Conversation.created_at.desc())
        .limit(1)
    )
    if newest is None or newest.ended_at is not None or newest.last_turn_at < now - ALIVE:
        return None
    return newest.id


def say_reader_answers(device: Device, *, answers: bool, now: datetime) -> None:
    """Keep what the daemon says of its card reader."""
    device.card_reader_at = now if answers else None


async def card_reader_at(session: AsyncSession, device_id: str | None, *, now: datetime) -> bool:
    """Whether a card can be laid on a reader where this visit takes place."""
    device = await session.get(Device, device_id) if device_id else None
    if device is None or device.revoked_at is not None or device.card_reader_at is None:
        return False
    return abs(now - device.card_reader_at) <= READER_SEEN


async def keep_reading(
    session: AsyncSession, device: Device, *, widget_id: str, card: CardContent, now: datetime
) -> Place:
    """Keep what was read until the visit's next turn takes it.

    The same reading again (its turn was broken off) leads to the same place.

    Raises:
        NotFound: the widget is not this device's to answer, or not any more.
        WidgetTaken: another reading was kept for it.
    """
    widget = await session.get(Widget, widget_id)
    visit = await visit_at(session, device.id, now)
    if widget is None or visit is None or widget.conversation_id != visit:
        raise NotFound
    if widget.kind != CARD_WIDGET:
        raise NotFound
    place = Place(visit, f"reading:{widget.id}")
    if widget.state != "open":
        if widget.state == "done" and await _begun(session, place):
            return place
        raise NotFound
    known = await session.scalar(select(DeviceReading).where(DeviceReading.widget_id == widget.id))
    if known is not None and known.expires_at > now:
        if known.content != card.kept():
            raise WidgetTaken
        return place
    if known is not None:
        await session.delete(known)
        await session.flush()
    session.add(
        DeviceReading(
            device_id=device.id, conversation_id=visit, widget_id=widget.id, content=card.kept(),
            created_at=now, expires_at=now + READINGS_KEPT,
        )
    )  # fmt: skip
    await session.flush()
    log("devices").info("device.reading_kept", device=device.id, conversation_id=visit)
    return place


async def _begun(session: AsyncSession, place: Place) -> bool:
    turn = select(Turn.id).where(
        Turn.conversation_id == place.conversation_id, Turn.turn_id == place.turn_id
    )
    return await session.scalar(turn) is not None


async def take_reading(
    session: AsyncSession, *, conversation_id: str, widget_id: str, now: datetime
) -> tuple[dict[str, Any], str] | None:
    """What was read for the widget and by which device; deleted with this. None: nothing was."""
    found = await session.scalar(
        select(DeviceReading).where(
            DeviceReading.conversation_id == conversation_id,
            DeviceReading.widget_id == widget_id,
            DeviceReading.expires_at > now,
        )
    )
    if found is None:
        return None
    await session.delete(found)
    return dict(found.content), found.device_id


async def forget_used(session: AsyncSession, *, now: datetime, wall_clock: datetime) -> None:
    """Delete readings that nobody took, and nonces of signatures that are stale anyway."""
    await session.execute(delete(DeviceReading).where(DeviceReading.expires_at <= now))
    old = DeviceNonce.used_at < wall_clock - NONCES_KEPT
    await session.execute(delete(DeviceNonce).where(old))
