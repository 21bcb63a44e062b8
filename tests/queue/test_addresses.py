"""Nobody fills the queue or the days to come from one address; who stands in the hall always may."""

from datetime import timedelta

import pytest

from backoffice.conversations.models import Conversation
from backoffice.conversations.services import open_conversation
from backoffice.db import Sessions
from backoffice.queue.booking import book, free_slots
from backoffice.queue.errors import TooManyWaiting
from backoffice.queue.rules import QueueRules
from backoffice.queue.tickets import Holder, Wish
from tests.queue.conftest import NOW, Take

ADDRESS = "192.0.2.1"


async def _visit(
    sessions: Sessions, *, channel: str = "phone", device: str | None = None
) -> Conversation:
    async with sessions.begin() as session:
        made, _ = await open_conversation(
            session, channel=channel, now=NOW, address=ADDRESS, device_id=device
        )
    return made


async def _stranger(sessions: Sessions, channel: str = "phone") -> Holder:
    made = await _visit(sessions, channel=channel)
    return Holder(conversation_id=made.id, origin=made.origin)


async def test_tickets(sessions: Sessions, rules: QueueRules, take: Take) -> None:
    for _ in range(rules.numbers.waiting_per_address):
        # A page that says it is a kiosk is none: only a paired device stands in the hall.
        await take(holder=await _stranger(sessions, "kiosk"), channel="kiosk")
    for channel in ("phone", "kiosk"):
        with pytest.raises(TooManyWaiting):
            await take(holder=await _stranger(sessions, channel), channel=channel)
    signed_in = Holder(citizen_id="c1", conversation_id=(await _visit(sessions)).id)
    assert (await take(holder=signed_in, channel="phone")).number > 0
    at_a_kiosk = await _visit(sessions, channel="kiosk", device="d1")
    assert (await take(holder=Holder(conversation_id=at_a_kiosk.id), channel="kiosk")).number > 0


async def test_tickets_of_the_kiosks_in_the_hall_count_for_nobody(
    sessions: Sessions, rules: QueueRules, take: Take
) -> None:
    for _ in range(rules.numbers.waiting_per_address):
        visit = await _visit(sessions, channel="kiosk", device="d1")
        await take(holder=Holder(conversation_id=visit.id), channel="kiosk")
    assert (await take(holder=await _stranger(sessions), channel="phone")).number > 0


async def test_bookings(sessions: Sessions, rules: QueueRules) -> None:
    async def booked(holder: Holder) -> None:
        async with sessions.begin() as session:
            slot = (await free_slots(session, rules, "residence", now=NOW))[0]
            wish = Wish("residence", "appointment")
            await book(session, rules, wish, holder, slot, now=NOW + timedelta(seconds=1))

    for _ in range(rules.numbers.waiting_per_address):
        await booked(await _stranger(sessions))
    with pytest.raises(TooManyWaiting):
        await booked(await _stranger(sessions))
    await booked(Holder(citizen_id="c1", conversation_id=(await _visit(sessions)).id))
