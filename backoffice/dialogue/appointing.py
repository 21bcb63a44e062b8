"""The queue's acts in the chat, and booking a slot: `slot_business` and `queue_slot` ask for it.

take_ticket means a number for now or a slot on another day; what is said decides ("预约").
"""

from datetime import datetime
from typing import Any

from backoffice import messages
from backoffice.clock import CHINA, china_date
from backoffice.dialogue import queueing
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.people import hall_words
from backoffice.dialogue.queueing import business_of, holder_of
from backoffice.dialogue.talk import Talk
from backoffice.queue.booking import book, bookings_of, free_slots
from backoffice.queue.errors import SlotTaken, TooManyWaiting
from backoffice.queue.tickets import Wish
from backoffice.understanding import mask
from catalogue.schema import ServiceItem

KINDS = frozenset({"slot_business", "queue_slot"})
_DAYS_OFFERED = 4
_NOON = 12


async def serve(talk: Talk, act: str, item: ServiceItem | None) -> None:
    """take_ticket, ask_queue."""
    if act == "ask_queue" or talk.mentions("asks_booking"):
        if not await tell_bookings(talk):
            await queueing.tell_queue(talk, item)
    elif talk.mentions("about_appointment"):
        await want_slot(talk, item)
    else:
        await queueing.want_ticket(talk, item)


async def tell_bookings(talk: Talk) -> bool:
    """Say what is booked; False when only the queue of today is to be told."""
    found = await bookings_of(
        talk.session, talk.knowledge.queue, await holder_of(talk), now=talk.now
    )
    for one in found:
        talk.say("queue.mine_booked", number=one.number, when=slot_words(one.slot_at))
    return bool(found) and not any(china_date(one.slot_at) == talk.today for one in found)


async def want_slot(talk: Talk, item: ServiceItem | None) -> None:
    """Ask for what is missing: the business, then the slot."""
    if item is not None:
        talk.conversation.item_code = item.code
    business = business_of(talk, item)
    if business is None:
        talk.focus = {"kind": "slot_business"}
        return
    await _ask_slot(talk, business)


async def _ask_slot(talk: Talk, business: str) -> None:
    rules = talk.knowledge.queue
    free = await free_slots(talk.session, rules, business, now=talk.now)
    offered = _spread(free)
    if not offered:
        talk.say("queue.no_slots")
        return
    talk.focus = {
        "kind": "queue_slot",
        "business": business,
        "slots": [one.isoformat() for one in offered],
    }


def _spread(free: list[datetime]) -> list[datetime]:
    """The first slot of the morning and of the afternoon of the next days."""
    halves: dict[Any, datetime] = {}
    for one in free:
        local = one.astimezone(CHINA)
        halves.setdefault((local.date(), local.hour < _NOON), one)
    days = sorted({day for day, _ in halves})[:_DAYS_OFFERED]
    return [one for (day, _), one in halves.items() if day in days]


async def ask(talk: Talk, focus: dict[str, Any]) -> None:
    """Say the question that is open."""
    if focus["kind"] == "slot_business":
        await queueing.ask(talk, {"kind": "queue_business"})
        return
    titles = [slot_words(datetime.fromisoformat(one)) for one in focus["slots"]]
    name = talk.knowledge.queue.name_of(focus["business"])
    buttons = [{"title": one, "value": one} for one in titles]
    talk.say("ask.queue_slot", business=name, buttons=buttons)


async def hear(talk: Talk, focus: dict[str, Any], act: str | None) -> Heard | None:
    """The business, or the slot; anything else lets the question lapse."""
    talk.focus = None
    rules = talk.knowledge.queue
    if focus["kind"] == "slot_business":
        business = queueing.business_said(talk)
        if business is None:
            return None
        await _ask_slot(talk, business)
        return Heard(mask(talk.text), "inform").happened(
            "queue_which_slot", business=rules.businesses[business].name
        )
    slots = [datetime.fromisoformat(one) for one in focus["slots"]]
    chosen = next((one for one in slots if talk.is_exactly(slot_words(one))), None)
    if chosen is None:
        return None
    return await _booked(talk, rules.standing(focus["business"]), chosen)


async def _booked(talk: Talk, business: str, slot_at: datetime) -> Heard:
    rules, draft = talk.knowledge.queue, talk.draft
    heard = Heard(mask(talk.text), "inform")
    mine = None
    if draft is not None:
        own = rules.of_department.get(draft.item.department)
        mine = draft if own is not None and own.code == business else None
    said = talk.recall("queue_priority")
    wish = Wish(
        business=business,
        channel="appointment",
        priority=said if said in rules.priorities else None,
        item_code=mine.item.code if mine else talk.conversation.item_code,
        application_id=mine.application.id if mine else None,
    )
    try:
        async with talk.session.begin_nested():  # a slot that was lost must not cost the old one
            booking = await book(
                talk.session, rules, wish, await holder_of(talk), slot_at, now=talk.now
            )
    except SlotTaken:
        await _ask_slot(talk, business)
        return heard.happened("queue_slot_gone")
    except TooManyWaiting:
        return heard.happened("queue_too_many_booked")
    return heard.happened(
        "queue_booked",
        number=booking.number,
        when=slot_words(slot_at),
        early=rules.numbers.appointments.early_minutes,
        late=rules.numbers.appointments.late_minutes,
        **hall_words(talk),
    )


def slot_words(slot_at: datetime) -> str:
    """A slot as it is said and pressed: `11月24日 09:00`."""
    local = slot_at.astimezone(CHINA)
    return messages.text("queue.slot", month=local.month, day=local.day, time=f"{local:%H:%M}")
