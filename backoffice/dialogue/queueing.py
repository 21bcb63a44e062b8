"""The queue in the chat: taking a number, how long it takes, giving it up.

The focus kinds: `queue_business` (which business?), `queue_priority` (business: does one of the
priorities hold?), `confirm_leave_queue` (ticket, number). They lapse when something else is said.
"""

from collections.abc import Sequence
from typing import Any

from backoffice import messages
from backoffice.dialogue.consult import say_elsewhere
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.people import hall_words, known_phone
from backoffice.dialogue.talk import Talk
from backoffice.errors import NotFound
from backoffice.queue.booking import bookings_of, cancel_booking
from backoffice.queue.errors import QueueClosed, TicketStepNotAllowed, TooManyWaiting
from backoffice.queue.models import Ticket
from backoffice.queue.states import TicketState
from backoffice.queue.tickets import (
    Holder,
    Wish,
    cancel_ticket,
    open_tickets_of,
    opening_words,
    take_ticket,
)
from backoffice.queue.waits import Hall, hall_now, keep_estimate, wait_words
from backoffice.understanding import mask
from backoffice.understanding.identity_numbers import age_by_number
from catalogue.schema import ServiceItem

KINDS = frozenset({"queue_business", "queue_priority", "confirm_leave_queue"})
_NONE = "none"


async def want_ticket(talk: Talk, item: ServiceItem | None) -> None:
    """take_ticket: give a number, or ask what is missing for it: the business, the priority."""
    rules = talk.knowledge.queue
    if not rules.gives_tickets(talk.now):
        talk.say("heard.queue_closed", opens=opening_words(rules, talk.now))
        return
    if item is not None:
        talk.conversation.item_code = item.code
    business = business_of(talk, item)
    other = talk.knowledge.catalogue.guides.elsewhere_in(talk.text)
    # 退役军人取号 says who somebody is, not what for.
    named = other is not None and rules.priority_in(talk.text) is None
    if other is not None and named and item is None and talk.filling is None:
        # The hall has nobody for it by name; it is told where that is done, and still gets a number.
        talk.remember(queue_topic=other.name)
        say_elsewhere(talk)
        business = rules.anything_else
    if business is None:
        mine = await open_tickets_of(talk.session, rules, await holder_of(talk), now=talk.now)
        if mine:
            await _say_standing(talk, mine[:1])
            return
        talk.focus = {"kind": "queue_business", "text": mask(talk.text)}
        _note_priority(talk, talk.text)
        return
    _note_priority(talk, talk.text)
    await _go_on(talk, business, _item_code(talk, item))


async def _go_on(talk: Talk, business: str, item_code: str | None) -> None:
    """Say the number, or ask for the priority when nothing is known of it."""
    if talk.recall("queue_priority") is None:
        talk.focus = {"kind": "queue_priority", "business": business, "item": item_code}
        return
    code, params = await _give(talk, business, item_code)
    talk.say(f"heard.{code}", **params)


async def tell_queue(talk: Talk, item: ServiceItem | None) -> None:
    """ask_queue: how the own numbers stand, else how full the hall is."""
    rules = talk.knowledge.queue
    mine = await open_tickets_of(talk.session, rules, await holder_of(talk), now=talk.now)
    if mine:
        await _say_standing(talk, mine)
        return
    if not rules.gives_tickets(talk.now):
        talk.say("heard.queue_closed", opens=opening_words(rules, talk.now))
        return
    hall = await hall_now(talk.session, rules, now=talk.now)
    business = business_of(talk, item)
    if business is None:
        talk.say("queue.hall_any", count=len(hall.waiting))
        return
    (estimate,) = hall.estimates_new([business])
    wait, name = wait_words(rules, hall.now, estimate), rules.businesses[business].name
    talk.say("queue.hall", count=len(hall.waiting), business=name, wait=wait)


async def ask_leave(talk: Talk) -> bool:
    """Ask whether the number is given up, if that is what is meant; False when it is not."""
    meant = talk.mentions("about_queue") or talk.mentions("about_appointment")
    if talk.filling is not None and not meant:
        return False
    holder = await holder_of(talk)
    mine = await open_tickets_of(talk.session, talk.knowledge.queue, holder, now=talk.now)
    mine = [one for one in mine if one.state != TicketState.SERVING]
    if mine:
        first = mine[0]
        talk.focus = {"kind": "confirm_leave_queue", "ticket": first.id, "number": first.label}
        return True
    booked = await bookings_of(talk.session, talk.knowledge.queue, holder, now=talk.now)
    if booked:
        one = booked[0]
        talk.focus = {"kind": "confirm_leave_queue", "booking": one.id, "number": one.number}
    elif meant:
        talk.say("heard.queue_gone")
    return bool(booked) or meant


async def ask(talk: Talk, focus: dict[str, Any]) -> None:
    """Say the question of the queue that is open."""
    rules = talk.knowledge.queue
    if focus["kind"] == "queue_business":
        names = [one.name for one in rules.businesses.values()]
        talk.say("ask.queue_business", buttons=[{"title": one, "value": one} for one in names])
    elif focus["kind"] == "queue_priority":
        names = [one.name for one in rules.priorities.values()]
        buttons = messages.buttons("ask.queue_priority_none")
        buttons += [{"title": one, "value": one} for one in names]
        talk.say("ask.queue_priority", buttons=buttons)
    else:
        talk.say("ask.confirm_leave_queue", number=focus["number"])


async def hear_business(talk: Talk, focus: dict[str, Any], act: str | None) -> Heard | None:
    """Which business the number is for."""
    talk.focus = None
    rules = talk.knowledge.queue
    business, item = business_said(talk), _item_said(talk)
    if business is None:
        return None
    _note_priority(talk, talk.text)
    if talk.recall("queue_priority") is None:
        code = item.code if item is not None else None
        talk.focus = {"kind": "queue_priority", "business": business, "item": code}
        return Heard(mask(talk.text), "inform").happened(
            "queue_which", business=rules.businesses[business].name
        )
    return await _heard_ticket(talk, business, item.code if item is not None else None)


def business_said(talk: Talk) -> str | None:
    """The business that these words name, by its own name or by one of its items."""
    for one in talk.knowledge.queue.businesses.values():
        if talk.is_exactly(one.name):
            return one.code
    item = _item_said(talk)
    return business_of(talk, item) if item is not None else None


def _item_said(talk: Talk) -> ServiceItem | None:
    codes = talk.knowledge.catalogue.names.named_in(talk.text)
    return talk.item(codes[0]) if codes else None


async def hear_priority(talk: Talk, focus: dict[str, Any], act: str | None) -> Heard | None:
    """Whether one of the priorities holds; what is said is taken."""
    talk.focus = None
    rules = talk.knowledge.queue
    named = [one.code for one in rules.priorities.values() if talk.is_exactly(one.name)]
    said = named[0] if named else rules.priority_in(talk.text)
    if said is None and (act == "deny" or talk.says("no_priority")):
        said = _NONE
    if said is None and act == "affirm":
        # "是" says that one holds, not which; they are called alike.
        said = next(iter(rules.priorities), _NONE)
    if said is None:
        return None
    talk.remember(queue_priority=said)
    return await _heard_ticket(talk, rules.standing(focus["business"]), focus.get("item"))


async def hear_leave(talk: Talk, focus: dict[str, Any], act: str | None) -> Heard | None:
    """Whether the number is really given up."""
    talk.focus = None
    heard = Heard(mask(talk.text), "inform")
    if act == "deny" or talk.says("go_on"):
        return heard.happened("queue_kept", number=focus["number"])
    if act not in ("affirm", "cancel") and not talk.says("leave_queue"):
        return None
    rules, holder = talk.knowledge.queue, await holder_of(talk)
    try:
        if "booking" in focus:
            await cancel_booking(talk.session, rules, focus["booking"], holder, now=talk.now)
        else:
            await cancel_ticket(talk.session, rules, focus["ticket"], holder, now=talk.now)
    except (NotFound, TicketStepNotAllowed):
        return heard.happened("queue_gone")
    return heard.happened("queue_left", number=focus["number"])


async def _heard_ticket(talk: Talk, business: str, item_code: str | None) -> Heard:
    code, params = await _give(talk, business, item_code)
    return Heard(mask(talk.text), "inform").happened(code, **params)


async def _give(talk: Talk, business: str, item_code: str | None) -> tuple[str, dict[str, Any]]:
    """Take the number; returns what to say."""
    rules = talk.knowledge.queue
    said = talk.recall("queue_priority", _NONE)
    draft = talk.draft
    wish = Wish(
        business=business,
        channel=talk.conversation.channel,
        priority=None if said == _NONE else said,
        item_code=item_code,
        application_id=draft.application.id if draft and draft.item.code == item_code else None,
        topic=talk.recall("queue_topic") if business == rules.anything_else else None,
    )
    try:
        ticket, new = await take_ticket(
            talk.session, rules, wish, await holder_of(talk), now=talk.now
        )
    except QueueClosed as exc:
        return "queue_closed", dict(exc.params)
    except TooManyWaiting:
        return "queue_too_many_waiting", {}
    hall = await hall_now(talk.session, rules, now=talk.now)
    if new:
        keep_estimate(hall, ticket)
    params = _standing(talk, ticket, hall)
    if not new:
        return "queue_already", params
    return "queue_taken_priority" if ticket.priority else "queue_taken", params


def _standing(talk: Talk, ticket: Ticket, hall: Hall) -> dict[str, Any]:
    """What is said of a ticket: number, business, how many before, how long."""
    before = hall.before(ticket)
    return {
        "number": ticket.label,
        "business": hall.rules.name_of(ticket.business),
        "before": messages.text("queue.before", count=before)
        if before
        else messages.text("queue.before_none"),
        "wait": wait_words(hall.rules, hall.now, hall.estimate(ticket)),
        **hall_words(talk),
    }


async def _say_standing(talk: Talk, mine: Sequence[Ticket]) -> None:
    """How these numbers of one person stand."""
    hall = await hall_now(talk.session, talk.knowledge.queue, now=talk.now)
    for ticket in mine:
        _say_one(talk, ticket, hall)


def _say_one(talk: Talk, ticket: Ticket, hall: Hall) -> None:
    if ticket.state != TicketState.WAITING:
        talk.say(f"queue.mine_{ticket.state}", number=ticket.label, window=ticket.window or 0)
        return
    talk.say("queue.mine", **_standing(talk, ticket, hall))


async def holder_of(talk: Talk) -> Holder:
    """Who is speaking. A phone that was only typed into a form proves nothing and gets no message."""
    conversation = talk.conversation
    return Holder(
        citizen_id=conversation.citizen_id,
        conversation_id=conversation.id,
        phone=await known_phone(talk) if talk.signed_in else None,
        origin=None if conversation.device_id is not None else conversation.origin,
    )


def business_of(talk: Talk, item: ServiceItem | None) -> str | None:
    """The business of the item named, filled in or spoken of; else the one named itself."""
    rules = talk.knowledge.queue
    for one in rules.businesses.values():
        if one.name in talk.text:
            return one.code
    about = item or (talk.filling.item if talk.filling else None)
    about = about or talk.item(talk.conversation.item_code)
    business = rules.of_department.get(about.department) if about is not None else None
    return business.code if business is not None else None


def _item_code(talk: Talk, item: ServiceItem | None) -> str | None:
    return item.code if item is not None else talk.conversation.item_code


def _note_priority(talk: Talk, said: str) -> None:
    """Remember for this visit what is known: by the words, else by the age in the own draft."""
    rules = talk.knowledge.queue
    found = rules.priority_in(said)
    draft = talk.draft
    if found is None and draft is not None and not draft.for_other:
        age = age_by_number(str(draft.answers.get("id_no") or ""), talk.today)
        found = rules.priority_at(age) if age is not None else None
    if found is not None:
        talk.remember(queue_priority=found)
