"""Being remembered: offered once, kept under a consent of its own, seen and deleted at any time.

Kinds of focus: `remember_offer`, `remember_face`, `remember_finger`, `forget_me`.
"""

from typing import Any

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.conversations.models import Widget
from backoffice.dates import day_text
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.talk import Talk
from backoffice.erasures.services import erase_remembered
from backoffice.identity.policy import Means
from backoffice.identity.services import consent_of, record_consent
from backoffice.remembering.services import (
    CAMERA_WIDGET,
    FINGER_ENROL,
    FINGER_WIDGET,
    FINGERS,
    LOOK_ENROL,
    REMEMBER,
    Rules,
    basis_of,
    is_remembered,
    kept_of,
    look_of,
    press_of,
)
from backoffice.understanding import mask

Focus = dict[str, Any]
KINDS = frozenset({"remember_offer", "remember_face", "remember_finger", "forget_me"})
SEE, FORGET = "remembered", "forget_me"
"""What may be wanted after signing in."""


async def offer(talk: Talk, draft: Draft) -> None:
    """Say to who has just proved to be themselves that it exists; once, and never after a no.

    It holds nobody up: who says nothing to it has not been asked anything.
    """
    live = any(one.means == Means.FACE for one in draft.evidence)
    if talk.knowledge.remembering is None or draft.for_other or not live or not talk.signed_in:
        return
    if talk.recall("remember_offered") or not await _may_be_offered(talk):
        return
    if await basis_of(talk.session, talk.conversation, rules=_rules(talk), now=talk.now) is None:
        return
    talk.remember(remember_offered=True)
    talk.say("remember.offer")


async def _may_be_offered(talk: Talk) -> bool:
    citizen_id = talk.conversation.citizen_id or ""
    if await is_remembered(talk.session, citizen_id):
        return False
    answered = await consent_of(
        talk.session, kind=REMEMBER, conversation_id=talk.conversation.id, citizen_id=citizen_id
    )
    return answered is None or answered.granted


async def wished(talk: Talk) -> Heard:
    """ "记住我": said without being asked."""
    heard = _heard(talk)
    if talk.knowledge.remembering is None:
        return heard.happened("remember_not_offered")
    if talk.signed_in and await is_remembered(talk.session, talk.conversation.citizen_id or ""):
        return heard.happened("remembered_already")
    if await basis_of(talk.session, talk.conversation, rules=_rules(talk), now=talk.now) is None:
        return heard.happened("remember_needs_proof")
    talk.remember(remember_offered=True)
    talk.focus = {"kind": "remember_offer"}
    return heard


async def refused(talk: Talk) -> Heard:
    """ "不用记住我": kept, so that it is not offered again; what is kept already may be deleted."""
    citizen_id = talk.conversation.citizen_id
    if citizen_id is not None and await is_remembered(talk.session, citizen_id):
        return await see_or_forget(talk, "delete")
    if talk.knowledge.remembering is not None:
        await _keep_answer(talk, granted=False)
    return _heard(talk).happened("remember_declined")


async def see_or_forget(talk: Talk, wish: str) -> Heard:
    """ "你们留了我的脸吗", "把我的人脸删了": told to whom it concerns only."""
    then = FORGET if wish == "delete" else SEE
    heard = _heard(talk)
    if not talk.signed_in:
        talk.focus = {"kind": "sign_in_phone", "then": then}
        return heard.happened("own_data_sign_in")
    heard.then = then
    return heard


async def tell_or_ask(talk: Talk, then: str) -> None:
    """What is kept of whoever is signed in; and, when it is to be deleted, the last question."""
    kept = await kept_of(talk.session, talk.conversation.citizen_id or "")
    if kept is None:
        talk.say("remembered.nothing")
        return
    if then == FORGET:
        talk.focus = {"kind": "forget_me"}
        return
    talk.say(
        "remembered.kept_with_fingers" if kept.fingers else "remembered.kept",
        since=day_text(kept.since),
        until=day_text(kept.until),
        version=kept.text_version,
        fingers=kept.fingers,
    )


async def hear(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    """The answer to one of these questions, or None when the text is none."""
    no = act == "deny" or any(talk.says(one) for one in ("later", "decline", "no_face", "skip"))
    if focus["kind"] == "remember_offer":
        return await _consented(talk, act, no=no)
    if focus["kind"] == "forget_me":
        return await _forget(talk, act, no=no)
    if no:
        return _left(talk, focus)
    talk.focus = None  # somebody who speaks of something else is not held up
    return None


async def _consented(talk: Talk, act: str | None, *, no: bool) -> Heard | None:
    yes = act == "affirm" or talk.says("agree") or talk.says("remember_me")
    if not yes and not no:
        talk.focus = None
        return None
    await _keep_answer(talk, granted=yes)
    if no:
        talk.focus = None
        return _heard(talk).happened("remember_declined")
    talk.focus = {"kind": "remember_face"}
    return _heard(talk)


async def _keep_answer(talk: Talk, *, granted: bool) -> None:
    await record_consent(
        talk.session,
        kind=REMEMBER,
        granted=granted,
        conversation_id=talk.conversation.id,
        citizen_id=talk.conversation.citizen_id,
        text_version=_rules(talk).text_version,
        words=messages.text("consent.remember", **_consent_params(talk)),
        channel=talk.conversation.channel,
        now=talk.now,
    )


def _left(talk: Talk, focus: Focus) -> Heard:
    talk.focus = None
    fingers = focus["kind"] == "remember_finger"
    return _heard(talk).happened("fingers_left" if fingers else "remember_declined")


async def _forget(talk: Talk, act: str | None, *, no: bool) -> Heard | None:
    if act not in ("affirm", "deny") and not no and not talk.says("forget_me"):
        talk.focus = None
        return None
    talk.focus = None
    if no:
        return _heard(talk).happened("not_forgotten")
    citizen_id = talk.conversation.citizen_id or ""
    await erase_remembered(
        talk.session, citizen_id=citizen_id, now=talk.now, actor=f"citizen:{citizen_id}"
    )
    return _heard(talk).happened("forgotten")


async def hear_look(talk: Talk, widget: Widget, event: dict[str, Any]) -> Heard:
    """The face is kept; at a machine with a sensor two fingers may follow."""
    id = str(event.get("upload_id", ""))
    look = await look_of(talk.session, id, conversation_id=talk.conversation.id)
    if look.widget_id != widget.id or look.outcome != "enrolled":
        talk.focus = None
        return Heard("", "inform").happened("widget_closed")
    kept = await kept_of(talk.session, talk.conversation.citizen_id or "")
    until = day_text(kept.until) if kept is not None else ""
    more = talk.finger_sensor and kept is not None and kept.fingers < FINGERS
    talk.focus = {"kind": "remember_finger", "number": 1} if more else None
    return Heard("", "inform").happened("face_remembered", until=until)


async def hear_press(talk: Talk, widget: Widget, event: dict[str, Any]) -> Heard:
    """A finger was laid on to be remembered: once more, the next one, or enough."""
    id = str(event.get("upload_id", ""))
    press = await press_of(talk.session, id, conversation_id=talk.conversation.id)
    focus = talk.focus or {}
    if press.widget_id != widget.id or focus.get("kind") != "remember_finger":
        return Heard("", "inform").happened("widget_closed")
    press.taken_at = talk.now
    if press.result == "again":
        talk.focus = {"kind": "remember_finger", "number": press.number}
        return Heard("", "inform").happened("finger_again")
    kept = await kept_of(talk.session, talk.conversation.citizen_id or "")
    sure = kept.fingers if kept is not None else 0
    second = press.number is not None and sure < press.number
    if sure >= FINGERS:
        talk.focus = None
        return Heard("", "inform").happened("fingers_remembered")
    talk.focus = {"kind": "remember_finger", "number": sure + 1, "second": second}
    return Heard("", "inform").happened("finger_once_more" if second else "finger_next")


async def declined(talk: Talk, focus: Focus) -> Heard:
    """A widget was not wanted; what is kept by then stays kept."""
    return _left(talk, focus)


async def ask(talk: Talk, focus: Focus) -> None:
    """Ask the question."""
    kind = focus["kind"]
    if kind == "remember_offer":
        talk.say("consent.remember", **_consent_params(talk))
    elif kind == "remember_face":
        talk.say("ask.remember_face", widget=await talk.widget(CAMERA_WIDGET, LOOK_ENROL))
    elif kind == "remember_finger":
        key = "ask.remember_finger_again" if focus.get("second") else "ask.remember_finger"
        talk.say(key, number=focus["number"], widget=await talk.widget(FINGER_WIDGET, FINGER_ENROL))
    else:
        talk.say("ask.forget_me")


def _consent_params(talk: Talk) -> dict[str, Any]:
    rules = _rules(talk)
    return {
        "hall": talk.knowledge.hall.name,
        "address": talk.knowledge.hall.address.value or "",
        "keep": rules.keep_days,
        "longest": rules.longest_days,
    }


def _rules(talk: Talk) -> Rules:
    assert talk.knowledge.remembering is not None  # nothing is offered otherwise
    return talk.knowledge.remembering


def _heard(talk: Talk) -> Heard:
    return Heard(mask(talk.text), "inform")
