"""Beginning, correcting, pausing, resuming, giving up and taking back an application."""

from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.services import applications_of, start, unfinished_of
from backoffice.applications.states import WITHDRAWABLE
from backoffice.dialogue.acknowledging import say_taken
from backoffice.dialogue.agenda import Kind
from backoffice.dialogue.capture import reopen, take_answer
from backoffice.dialogue.choosing import ask_topic, is_asking, item_meant, next_wanted
from backoffice.dialogue.consult import planned_named, say_elsewhere
from backoffice.dialogue.focus import resume_latest
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.prepare import take_found
from backoffice.dialogue.queueing import ask_leave
from backoffice.dialogue.signed import only_consulted
from backoffice.dialogue.situations import say_plan
from backoffice.dialogue.switching import note_kin
from backoffice.dialogue.talk import Talk
from backoffice.dialogue.wanted import wanted_of
from backoffice.identity.services import FACE_CONSENT, consent_of
from backoffice.understanding import extract, says_among
from backoffice.understanding.kin import acted_for, own_instead, own_too

_PUT_OFF = frozenset({"sign_in_phone", "sms_code"})
"""Kinds of focus that a new application puts off."""


async def start_application(talk: Talk, item_code: str | None) -> None:
    """The citizen wants to apply. Sets `application_open`."""
    item = talk.item(talk.recall("start_item")) or item_meant(talk, "apply_item", item_code)
    talk.remember(start_item=None)
    talk.slots["application_open"] = talk.filling is not None
    if is_asking(talk):
        return
    if item is None and item_code is None and not talk.says("any_business"):
        item = next_wanted(talk)
    if item is None:
        _say_no_item(talk, item_code)
        return
    talk.conversation.item_code = item.code
    if only_consulted(talk, item):
        return
    whose = _whose(talk)
    if talk.filling is not None and not _put_aside_for(talk, item.code):
        if talk.filling.item.code == item.code and says_among("cancel", talk.text):
            await ask_cancel(talk)  # 咁唔注销喇,改做…: the item is named to give it up
        elif talk.filling.item.code != item.code:
            talk.focus = {"kind": "confirm_switch", "item": item.code}
        else:
            talk.say("apply.already", title=item.title)
        return
    if await _has_unfinished(talk, item.code, whose):
        return
    await start(
        talk.session,
        item=item,
        item_version=talk.knowledge.catalogue.fingerprint,
        conversation=talk.conversation,
        now=talk.now,
    )
    await talk.load()
    if (talk.focus or {}).get("kind") in _PUT_OFF:
        talk.focus = None  # whoever begins something new is asked for the phone in its turn
    talk.slots["application_open"] = True
    talk.say("apply.begin", title=item.title, name=item.name)
    await _respect_refusal(talk)
    await _take_volunteered(talk)
    await _take_whose(talk, whose)


def _say_no_item(talk: Talk, code: str | None) -> None:
    planned = planned_named(talk, code)
    if planned is not None:
        talk.say("apply.planned", title=planned)
    elif say_elsewhere(talk):
        return
    elif code is not None:
        talk.say("apply.other")
    elif not say_plan(talk):
        ask_topic(talk, "apply_item")


def _put_aside_for(talk: Talk, code: str) -> bool:
    """Told that another item comes first, who chooses it has decided: the draft is put aside."""
    draft, step = talk.filling, talk.step()
    if draft is None or step is None or step.kind != Kind.NOT_ELIGIBLE:
        return False
    condition = draft.item.condition(step.key or "")
    if condition is None or condition.lead_to != code or code == draft.item.code:
        return False
    draft.remember(paused=True)
    talk.say("heard.put_aside")
    return True


def _whose(talk: Talk) -> str | None:
    """For whom the speaker says it is: `self`, a relative's word, or None while that is open."""
    said = talk.recall("start_for")
    talk.remember(start_for=None)
    if said or own_too(talk.text) or own_instead(talk.text):
        return said or "self"
    kin = acted_for(talk.text)
    return kin.called if kin is not None else None


def _is_for(draft: Draft, whose: str | None) -> bool:
    """Whether the draft may be for whom it is said to be; nobody's is gone on with for another."""
    if whose is None or "filed_by" not in draft.answers:
        return True
    if whose == "self":
        return not draft.for_other
    return draft.for_other and draft.progress.get("kin") in (None, whose)


async def _take_whose(talk: Talk, whose: str | None) -> None:
    """ "我自己的也办一件": begun for the speaker; "帮我妈办": for her."""
    draft = talk.draft
    if draft is None or whose is None or draft.item.field("filed_by") is None:
        return
    if whose == "self":
        await take_answer(talk, draft, "filed_by", "self", source="typed")
        talk.say("heard.begun_for_self")
    else:
        say_taken(talk, draft, await note_kin(talk, draft), [], [])


async def _has_unfinished(talk: Talk, code: str, whose: str | None) -> bool:
    """An unfinished application of the same item is gone on with, not begun twice."""
    if talk.draft is not None and talk.draft.item.code == code and _is_for(talk.draft, whose):
        talk.draft.remember(paused=None)
        talk.slots["application_open"] = True
        talk.say("apply.go_on", title=talk.draft.item.title)
        return True
    if talk.conversation.citizen_id is None:
        return False
    for one in await unfinished_of(talk.session, citizen_id=talk.conversation.citizen_id):
        item = talk.item(code)
        if one.item_code == code and item is not None:
            if not _is_for(await load_draft(talk.session, one, item), whose):
                continue
            resume_latest(talk, [one])
            await talk.load()
            talk.slots["application_open"] = True
            talk.say("apply.found_unfinished", title=talk.draft.item.title if talk.draft else "")
            return True
    return False


async def _respect_refusal(talk: Talk) -> None:
    """Who once refused face recognition in this visit or account is not asked again."""
    refusal = await consent_of(
        talk.session,
        kind=FACE_CONSENT,
        conversation_id=talk.conversation.id,
        citizen_id=talk.conversation.citizen_id,
    )
    if refusal is not None and not refusal.granted and talk.draft is not None:
        talk.draft.remember(face="declined")


async def _take_volunteered(talk: Talk) -> None:
    """ "我要办居住证，我叫李梅，租的房": what was told before the first question is not asked."""
    draft = talk.draft
    if draft is None or not talk.text:
        return
    found = extract(
        talk.text, wanted_of(draft, None), today=talk.today, channel=talk.conversation.channel
    )
    heard = Heard("")
    await take_found(talk, draft, heard, found, None)
    say_taken(talk, draft, heard.taken, [], heard.partly)


async def correct(talk: Talk) -> None:
    """Something given earlier is wrong: reopen it, or ask which."""
    draft = talk.filling
    if draft is None:
        talk.say("correct.nothing")
        return
    named = [
        slug
        for slug in talk.prepared.get("named", [])
        if slug in draft.answers or slug in draft.materials
    ]
    if not named and talk.mentions("last_one"):
        named = list(draft.progress.get("recent", []))[-1:]
    if not named or len(named) > 2:
        talk.focus = {"kind": "correct_which"}
        return
    for slug in reversed(named):
        reopen(draft, slug)
    talk.say("heard.reopened")


async def pause(talk: Talk) -> None:
    """Put the draft aside; it is found again after signing in, on any device."""
    draft = talk.filling
    if draft is None:
        talk.say("pause.nothing")
        return
    draft.remember(paused=True)
    talk.slots["application_answer"] = "paused"
    if talk.signed_in:
        talk.focus = None
        talk.say("pause.saved", title=draft.item.title)
        return
    talk.focus = {"kind": "sign_in_phone", "then": "pause"}
    here = "pause.saved_kiosk" if talk.conversation.channel == "kiosk" else "pause.saved_here"
    talk.say(here, title=draft.item.title)


async def resume(talk: Talk) -> None:
    """Go on with what was begun. Sets `application_open`."""
    talk.slots["application_open"] = False
    if talk.draft is not None:
        if only_consulted(talk, talk.draft.item):
            return
        talk.focus = None
        talk.draft.remember(paused=None)
        talk.slots["application_open"] = True
        talk.say("apply.go_on", title=talk.draft.item.title)
        return
    if not talk.signed_in:
        talk.focus = {"kind": "sign_in_phone", "then": "resume"}
        talk.say("resume.sign_in")
        return
    unfinished = await unfinished_of(talk.session, citizen_id=talk.conversation.citizen_id or "")
    if not resume_latest(talk, unfinished):
        talk.say("resume.nothing")
        return
    await talk.load()
    if talk.draft is not None and only_consulted(talk, talk.draft.item):
        talk.draft.remember(paused=True)
        return
    talk.slots["application_open"] = True
    talk.say("apply.go_on", title=talk.draft.item.title if talk.draft else "")


async def ask_cancel(talk: Talk) -> None:
    """Giving up asks first: the queue's number, the draft, or what was handed in."""
    if await ask_leave(talk):
        return
    if talk.draft is not None and not talk.draft.supplementing:
        talk.focus = {"kind": "confirm_cancel"}
    elif talk.signed_in:
        await ask_withdraw(talk)
    else:
        talk.say("cancel.nothing")


async def ask_withdraw(talk: Talk) -> None:
    """Taking back a submitted application asks first."""
    if talk.mentions("about_queue") and await ask_leave(talk):
        return
    if talk.filling is not None and not talk.filling.supplementing:
        talk.focus = {"kind": "confirm_cancel"}
        return
    if not talk.signed_in:
        talk.focus = {"kind": "sign_in_phone", "then": "withdraw"}
        talk.say("withdraw.sign_in")
        return
    running = [
        one
        for one in await applications_of(
            talk.session, citizen_id=talk.conversation.citizen_id or "", now=talk.now
        )
        if one.state in WITHDRAWABLE
    ]
    if talk.filling is not None:  # what is being corrected is what is meant
        running = [one for one in running if one.id == talk.filling.application.id] or running
    if not running:
        talk.say("withdraw.nothing")
        return
    talk.focus = {"kind": "confirm_withdraw", "application": running[0].id}
    item = talk.item(running[0].item_code)
    talk.say("withdraw.confirm", number=running[0].number or "", title=item.title if item else "")
