"""刷脸 at a kiosk: the face proposes somebody, a second means says that it is true.

Until then the conversation says nothing of whoever is proposed: no name, no number, not even which
means they have. Who is not found goes on as everybody does.

Kinds of focus: `recognise_consent`, `recognise_look`, `confirm_person`, `person_by_finger`,
`person_by_card`; each with `then`, what was wanted before.
"""

from typing import Any

from backoffice import messages
from backoffice.conversations.models import Widget
from backoffice.devices.errors import NothingToRead
from backoffice.devices.readings import as_card, number_fault, validity_fault
from backoffice.devices.services import CARD_WIDGET, take_reading
from backoffice.dialogue.focus import send_code, settle_sign_in
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.talk import Talk
from backoffice.dialogue.wanted import asked
from backoffice.identity.accounts import id_hash
from backoffice.identity.alarms import AlarmKind, sound
from backoffice.identity.models import ProofKind
from backoffice.identity.services import phone_of, record_chip_proof, record_consent
from backoffice.remembering.services import (
    CAMERA_WIDGET,
    FINGER_CONFIRM,
    FINGER_WIDGET,
    LOOK_RECOGNISE,
    RECOGNISE,
    confirm,
    drop,
    finger_tries_left,
    look_of,
    press_of,
    proposed_account,
)
from backoffice.understanding import extract, mask

Focus = dict[str, Any]
CARD_CONFIRMS = "confirm"
"""Target of a card reader's widget whose card confirms somebody and fills no form."""


def can_recognise(talk: Talk) -> bool:
    """Whether 刷脸 works here: at a machine of the hall that is known to be one."""
    return talk.knowledge.remembering is not None and talk.conversation.device_id is not None


def offered(talk: Talk) -> list[dict[str, str]]:
    """The button 刷脸 where a phone is asked for, until it was pressed in this visit."""
    if not can_recognise(talk) or talk.recall("recognise_begun"):
        return []
    return messages.buttons("ask.means_face")


def begin(talk: Talk, then: str | None) -> Heard:
    """Somebody pressed 刷脸: say what happens, and ask."""
    heard = _heard(talk)
    if not can_recognise(talk):
        if not talk.signed_in:
            talk.focus = {"kind": "sign_in_phone", "then": then}
        return heard.happened("no_recognising_here")
    talk.remember(recognise_begun=True)
    talk.focus = {"kind": "recognise_consent", "then": then}
    return heard


async def hear(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    """The answer to one of these questions, or None when the text is none."""
    kind = focus["kind"]
    if kind == "recognise_consent":
        return await _consented(talk, focus, act)
    if kind == "recognise_look":
        if act == "deny" or talk.says("later") or talk.says("no_face") or talk.says("decline"):
            return await _gave_up(talk, focus)
        return None
    return await _choose_means(talk, focus, act)


async def _consented(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    yes = act == "affirm" or talk.says("agree") or talk.says("look_now")
    no = act == "deny" or talk.says("later") or talk.says("no_face") or talk.says("decline")
    if not yes and not no:
        talk.focus = None  # not asked a second time
        return None
    await record_consent(
        talk.session,
        kind=RECOGNISE,
        granted=yes,
        conversation_id=talk.conversation.id,
        citizen_id=talk.conversation.citizen_id,
        text_version=_rules(talk).text_version,
        words=messages.text("consent.recognise"),
        channel=talk.conversation.channel,
        now=talk.now,
    )
    if no:
        return await _gave_up(talk, focus)
    talk.focus = {**focus, "kind": "recognise_look"}
    return _heard(talk)


async def _choose_means(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    """How it is confirmed: `confirm_person` and the two kinds that wait for a device."""
    if talk.says("by_finger") and talk.finger_sensor:
        talk.focus = {**focus, "kind": "person_by_finger"}
        return _heard(talk)
    if talk.says("by_card") and talk.card_reader:
        talk.focus = {**focus, "kind": "person_by_card"}
        return _heard(talk)
    if talk.says("by_code"):
        return await _send_code(talk, focus)
    if act == "deny" or any(talk.says(one) for one in ("not_me", "later", "no_face", "no_phone")):
        return await _gave_up(talk, focus)
    found = extract(talk.text, asked("phone", "phone", "手机号"), today=talk.today)
    if (phone := found.value("phone")) is not None:  # as everybody signs in
        await drop(talk.session, talk.conversation.id, now=talk.now)
        await send_code(talk, phone=str(phone), then=focus.get("then"))
        return Heard(found.safe_text, "inform")
    return None


async def _send_code(talk: Talk, focus: Focus) -> Heard:
    """To the phone of whoever is proposed. Not one digit of it is said."""
    account = await proposed_account(talk.session, talk.conversation.id, now=talk.now)
    phone = phone_of(account) if account is not None else None
    if phone is None:
        talk.focus = {**focus, "kind": "confirm_person"}
        return _heard(talk).happened("means_not_open")
    await send_code(talk, phone=phone, then=focus.get("then"), proposed=True)
    return _heard(talk)


async def _gave_up(talk: Talk, focus: Focus) -> Heard:
    """The ordinary way, without any harm."""
    await drop(talk.session, talk.conversation.id, now=talk.now)
    return _ordinary_way(talk, focus, "not_by_face")


def _ordinary_way(talk: Talk, focus: Focus, code: str) -> Heard:
    in_form = talk.filling is not None and focus.get("then") in (None, "draft")
    if in_form or talk.signed_in:
        talk.focus = None
    else:
        talk.focus = {"kind": "sign_in_phone", "then": focus.get("then")}
    return _heard(talk).happened(code)


async def hear_look(talk: Talk, widget: Widget, event: dict[str, Any]) -> Heard:
    """The camera has looked: whom it proposes is known to nobody but us."""
    id = str(event.get("upload_id", ""))
    look = await look_of(talk.session, id, conversation_id=talk.conversation.id)
    focus = talk.focus or {}
    if look.widget_id != widget.id or focus.get("kind") != "recognise_look":
        talk.focus = None
        return Heard("", "inform").happened("widget_closed")
    if look.outcome != "found":
        return _ordinary_way(talk, focus, "not_recognised")
    if talk.signed_in:
        return await _confirmed(talk, focus, ProofKind.SMS)
    talk.focus = {**focus, "kind": "confirm_person"}
    return Heard("", "inform")


async def hear_press(talk: Talk, widget: Widget, event: dict[str, Any]) -> Heard:
    """A finger was laid on to confirm who the face proposed."""
    id = str(event.get("upload_id", ""))
    press = await press_of(talk.session, id, conversation_id=talk.conversation.id)
    focus = talk.focus or {}
    if press.widget_id != widget.id or focus.get("kind") != "person_by_finger":
        return Heard("", "inform").happened("widget_closed")
    press.taken_at = talk.now
    if press.result == "alike":
        return await _confirmed(talk, focus, ProofKind.FINGER, press=press)
    left = await finger_tries_left(talk.session, talk.conversation.id, _rules(talk))
    if left > 0:
        return Heard("", "inform").happened("finger_differs", left=left)
    talk.focus = {**focus, "kind": "confirm_person"}
    return Heard("", "inform").happened("finger_no_more")


async def hear_card(talk: Talk, widget: Widget, event: dict[str, Any]) -> Heard:
    """A card was read to confirm who the face proposed; it is evidence of the visit in any case."""
    found = await take_reading(
        talk.session, conversation_id=talk.conversation.id, widget_id=widget.id, now=talk.now
    )
    if found is None:
        raise NothingToRead
    content, device_id = found
    faults = [one for one in (number_fault(content, talk.today),
                              validity_fault(content, talk.today)) if one]  # fmt: skip
    card = as_card(content)
    await record_chip_proof(
        talk.session,
        conversation_id=talk.conversation.id,
        device_id=device_id,
        card=card,
        faults=faults,
        upload_ids=[],
        citizen_id=talk.conversation.citizen_id,
        now=talk.now,
    )
    focus = talk.focus or {}
    account = await proposed_account(talk.session, talk.conversation.id, now=talk.now)
    number = card["id_no"]
    fits = account is not None and number is not None and account.id_hash == id_hash(number)
    if focus.get("kind") == "person_by_card" and fits and not faults:
        return await _confirmed(talk, focus, ProofKind.ID_CARD)
    if account is not None and not fits:
        await sound(
            talk.session,
            AlarmKind.CONFIRM_FAILED,
            now=talk.now,
            conversation_id=talk.conversation.id,
        )
    await drop(talk.session, talk.conversation.id, now=talk.now)
    return _ordinary_way(talk, focus, "not_recognised")


async def _confirmed(talk: Talk, focus: Focus, by: ProofKind, press: Any = None) -> Heard:
    """Signed in as whom the face proposed, or the ordinary way when it was too late."""
    done = await confirm(
        talk.session, talk.conversation, by=by, rules=_rules(talk), now=talk.now, press=press
    )
    if not done:
        return _ordinary_way(talk, focus, "not_recognised")
    talk.focus = None
    heard = Heard("", "inform").happened("recognised")
    await settle_sign_in(talk, focus.get("then"), heard)
    await talk.proof_given()
    return heard


async def declined(talk: Talk, focus: Focus) -> Heard:
    """A widget was not wanted."""
    if focus.get("kind") in ("person_by_finger", "person_by_card"):
        talk.focus = {**focus, "kind": "confirm_person"}
        return Heard("", "inform")
    return await _gave_up(talk, focus)


async def ask(talk: Talk, focus: Focus) -> None:
    """Ask the question."""
    kind = focus["kind"]
    if kind == "recognise_consent":
        talk.say("consent.recognise")
    elif kind == "recognise_look":
        talk.say("ask.recognise_look", widget=await talk.widget(CAMERA_WIDGET, LOOK_RECOGNISE))
    elif kind == "person_by_finger":
        talk.say("ask.confirm_finger", widget=await talk.widget(FINGER_WIDGET, FINGER_CONFIRM))
    elif kind == "person_by_card":
        talk.say("ask.confirm_card_on_reader", widget=await talk.widget(CARD_WIDGET, CARD_CONFIRMS))
    else:
        buttons = messages.buttons("ask.means_finger") if talk.finger_sensor else []
        buttons += messages.buttons("ask.means_card") if talk.card_reader else []
        talk.say("ask.confirm_person", buttons=buttons + messages.buttons("ask.confirm_person"))


def _rules(talk: Talk) -> Any:
    assert talk.knowledge.remembering is not None  # `begin` has seen to it
    return talk.knowledge.remembering


def _heard(talk: Talk) -> Heard:
    return Heard(mask(talk.text), "inform")


KINDS = frozenset(
    {"recognise_consent", "recognise_look", "confirm_person", "person_by_finger", "person_by_card"}
)
