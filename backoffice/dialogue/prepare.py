"""Reading a turn before the engine does: answers are taken here, the rest is made safe.

Everything that changes the draft by a citizen's own answer happens here, in one transaction with
the turn, so that a repeated turn changes nothing twice.
"""

from typing import Any

from backoffice.applications.draft import Draft
from backoffice.dialogue import by_video, recognising, remembering, switching, visitor
from backoffice.dialogue.agenda import Kind, Next
from backoffice.dialogue.buttons import field_to_change, is_some_button, meaning_of, shown_as
from backoffice.dialogue.capture import count_failure, reopen, take_answer
from backoffice.dialogue.comparing import broken_by, upset_by
from backoffice.dialogue.events import hear_event
from backoffice.dialogue.focus import hear_focus
from backoffice.dialogue.freely import hear_freely, known_question_about
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.steps import hear_step
from backoffice.dialogue.talk import Talk
from backoffice.dialogue.wanted import wanted_of
from backoffice.understanding import (
    Extraction,
    Fault,
    Found,
    Person,
    Wanted,
    asks_beside_names,
    asks_reason,
    closed_act,
    extract,
    fields_named,
    is_correction,
    mask,
)
from backoffice.understanding.alarm import Alarm, alarm_in, refusal_in
from backoffice.understanding.clauses import requests_in, without_halt
from backoffice.understanding.own_templates import template_wish

# These are what they are in any situation; yes and no depend on what was asked.
_ALWAYS = frozenset({"ask_human", "pause", "cancel", "repeat", "goodbye", "greet", "thank"})
_MAY_BE_PASSED_OVER = frozenset({"choose_draft", "confirm_card", "correct_which"})
"""Questions that need no answer once the citizen goes on with the form."""
_DROPPED_BY_CANCEL = frozenset({"callback_phone", "sign_in_phone", "sms_code"})
_ACCEPT_INCOMPLETE_AFTER = 2
_MAY_BE_LACKING = frozenset({"fault.address.room_missing", "fault.region.village_missing"})
"""What some addresses really do not have: asked for twice, they are taken as they are, and the
clerk sees it. Anything else that is incomplete is no answer."""


async def prepare(talk: Talk) -> None:
    """Read the turn and keep the reading with it; a turn read before is left as it is."""
    if talk.turn.prepared is not None:
        return
    heard = await (hear_event(talk) if "event" in talk.turn.request else _hear_text(talk))
    talk.turn.prepared = heard.as_json()


async def _hear_text(talk: Talk) -> Heard:
    if closed_act(talk.text) is None:
        talk.pressed = await shown_as(talk)
    alarm = _alarm(talk)
    heard = await _hear_words(talk, alarm)
    if alarm is not None and not alarm.sure:
        heard.worry = alarm.kind
    if heard.act is None and is_some_button(talk):
        _close_button(talk, heard)
    heard.pressed = talk.pressed
    if heard.act is None:
        heard.safe = without_halt(heard.safe)
        heard.clauses = requests_in(heard.safe)
    return heard


def _close_button(talk: Talk, heard: Heard) -> None:
    """The words of a button that answers another question are no answer to this one."""
    heard.tentative = None
    step = talk.step()
    if talk.focus is None and talk.filling is not None and step is not None:
        count_failure(talk.filling, step.key or step.kind)
    heard.happened("button_closed")


async def _hear_words(talk: Talk, alarm: Alarm | None) -> Heard:
    act = _closed_act(talk)
    if (stopped := _stopped(talk, alarm)) is not None:
        return stopped
    if act == "cancel" and (talk.focus or {}).get("kind") in _DROPPED_BY_CANCEL and not talk.draft:
        act = "deny"  # nothing else is begun: it is this that is not wanted
    if act == "cancel" and (talk.focus or {}).get("kind") in visitor.HEAR:
        act = "deny"  # a question about being remembered is no application
    if (
        act in _ALWAYS
        and not _says_option(talk)
        and not (talk.focus or {}).get("kind", "").startswith("confirm")
    ):
        return Heard(mask(talk.text), act)
    if talk.says("sign_in") and not talk.signed_in:
        return Heard(mask(talk.text), "my_records")
    if (heard := await _own_templates(talk)) is not None:
        return heard
    if talk.says("leave_queue") and talk.focus is None:
        return Heard(mask(talk.text), "cancel")
    heard = await _hear_focus(talk, act)
    if heard is None and talk.filling is not None:
        heard = await _hear_form(talk, talk.filling, act)
    return heard or hear_freely(talk, act)


async def _hear_focus(talk: Talk, act: str | None) -> Heard | None:
    focus = talk.focus or {}
    hear = visitor.HEAR.get(focus.get("kind", ""))
    return await (hear(talk, focus, act) if hear is not None else hear_focus(talk, act))


async def _own_templates(talk: Talk) -> Heard | None:
    """刷脸, or a wish about what is kept of one's own face; an answer to a question comes first."""
    focus = (talk.focus or {}).get("kind")
    if _says_option(talk):
        return None
    if (wish := template_wish(talk.text)) and focus not in ("forget_me", "remember_offer"):
        return await remembering.see_or_forget(talk, wish)
    if focus in visitor.HEAR:
        return None
    if talk.says("recognise_me") and not _face_is_asked_for(talk):
        then = (talk.focus or {}).get("then") if focus == "sign_in_phone" else None
        return recognising.begin(talk, then or ("draft" if talk.filling else None))
    if talk.says("by_video"):
        return by_video.begin(talk)
    if talk.says("dont_remember_me"):
        return await remembering.refused(talk)
    return await remembering.wished(talk) if talk.says("remember_me") else None


def _face_is_asked_for(talk: Talk) -> bool:
    """Whether "刷脸" says yes to comparing the face with the card."""
    step = talk.step() if talk.focus is None else None
    return step is not None and step.kind in (Kind.FACE_CONSENT, Kind.SELFIE)


def _closed_act(talk: Talk) -> str | None:
    """The certain act. Asked for something, "没有了" says that there is no more, not goodbye."""
    act = closed_act(talk.text)
    if act == "goodbye" and talk.filling and talk.focus is None and talk.mentions("no_more"):
        return "deny"
    return act


def _says_option(talk: Talk) -> bool:
    """Whether these are the words of an option of what was just asked."""
    step = talk.step() if talk.focus is None else None
    field = talk.filling.item.field(step.key or "") if talk.filling and step else None
    return field is not None and any(talk.is_exactly(one.label) for one in field.options)


def _alarm(talk: Talk) -> Alarm | None:
    """An emergency. The words of an option or a button are an answer, not a cry.

    So is what people are expected to say in a word or two ("记住我", "都对了"): a machine that
    knows letters only finds likenesses in anything so short.
    """
    ours = talk.pressed or talk.says_any() or is_some_button(talk) or template_wish(talk.text)
    return None if ours or _says_option(talk) else alarm_in(talk.text)


def _stopped(talk: Talk, alarm: Alarm | None) -> Heard | None:
    """What goes before everything: an emergency, or what is never done."""
    heard = Heard(mask(talk.text), "out_of_scope")
    if alarm is not None and alarm.sure:
        heard.crisis = alarm.kind
        return heard
    if _says_option(talk):
        return None
    heard.refusal = refusal_in(talk.text)
    return heard if heard.refusal else None


async def _hear_form(talk: Talk, draft: Draft, act: str | None) -> Heard:
    before = draft.answers.get("filed_by")
    if (heard := await switching.hear_other_person(talk, draft)) is None:
        heard = await _hear_answers(talk, draft, act)
        await switching.answer_filed_by_changed(talk, draft, before)
    return await switching.take_kin(talk, draft, heard)


async def _hear_answers(talk: Talk, draft: Draft, act: str | None) -> Heard:
    step = talk.step()
    assert step is not None  # there is a draft
    if (heard := await hear_step(talk, draft, step, act)) is not None:
        return heard
    if (meaning := meaning_of(talk)) is not None:
        return Heard(mask(talk.text), meaning.act, item=meaning.item)
    if (changed := field_to_change(talk, draft)) is not None:
        return Heard(mask(talk.text), "correct", named=[changed])
    if step.kind == Kind.CHILD_CONSENT:
        return Heard(mask(talk.text), act)  # nothing of the child is taken before the yes
    awaited = _awaited_field(draft, step)
    wanted = wanted_of(draft, awaited)
    found = _read_form(talk, draft, wanted, awaited)
    heard = Heard(found.safe_text)
    await take_found(talk, draft, heard, found, awaited)
    if heard.taken and (talk.focus or {}).get("kind") in _MAY_BE_PASSED_OVER:
        talk.focus = None
    if step.kind == Kind.CARD_OR_FIELD and step.key in heard.taken:
        draft.remember(card="typed")  # who types is not asked for the card's picture again
    heard.named = fields_named(talk.text, wanted)
    asks = asks_beside_names(found.rest if found.found else talk.text, wanted)
    _decide_act(talk, heard, found, act, awaited, question=asks)
    if heard.act is None and not heard.taken and (known := known_question_about(talk)) is not None:
        return known
    return heard


def _read_form(talk: Talk, draft: Draft, wanted: list[Wanted], awaited: str | None) -> Extraction:
    """What the text answers. A proxy speaks of the applicant as "he", but gives bare numbers too."""

    def read(speaker: Person) -> Extraction:
        return extract(
            talk.text,
            wanted,
            today=talk.today,
            channel=talk.conversation.channel,
            speaker=speaker,
        )

    if awaited is None or not draft.for_other:
        return read("proxy" if _proxy_is_asked(awaited) else "applicant")
    first, second = read("applicant"), read("proxy")
    if _proxy_is_asked(awaited):
        first, second = second, first
    return second if first.value(awaited) is None and second.value(awaited) is not None else first


def _awaited_field(draft: Draft, step: Next) -> str | None:
    """The field that the step is about. Told not to be eligible, people correct their own word."""
    if step.kind in (Kind.FIELD, Kind.CARD_OR_FIELD, Kind.NOT_ALLOWED):
        return step.key
    condition = draft.item.condition(step.key or "") if step.kind == Kind.NOT_ELIGIBLE else None
    if condition is None or condition.declared_by is None:
        return None
    return next(iter(condition.declared_by.fields()), None)


def _proxy_is_asked(awaited: str | None) -> bool:
    return bool(awaited and awaited.startswith("proxy_"))


async def take_found(
    talk: Talk, draft: Draft, heard: Heard, found: Extraction, awaited: str | None
) -> None:
    """Take the certain answers into the draft and note the rest in `heard`.

    In the order of the form: a rule compares an answer with one that is asked before it.
    """
    order = {field.slug: place for place, field in enumerate(draft.item.fields)}
    for one in sorted(found.found, key=lambda one: order.get(one.key, len(order))):
        if switching.not_to_be_taken(talk, draft, one.key):
            continue
        if not one.certain:
            heard.tentative = {"field": one.key, "value": one.value}
            continue
        if one.fault is not None and not _enough(draft, one, awaited):
            _keep_part(draft, heard, one, awaited)
            continue
        broken = broken_by(draft, one.key, _plain(one.value))
        if broken is not None:
            _refuse(draft, heard, one.key, broken, awaited)
            continue
        changed = await take_answer(talk, draft, one.key, _plain(one.value), source="typed")
        heard.taken.append(one.key)
        if changed:
            heard.changed.append(one.key)
    _reopen_upset(draft, heard)
    for key, fault in found.refused:
        _refuse(draft, heard, key, fault, awaited)


def _reopen_upset(draft: Draft, heard: Heard) -> None:
    """An earlier answer that no longer fits is asked for again."""
    for key in list(heard.taken):
        for other, fault in upset_by(draft, key):
            if other not in heard.taken:
                reopen(draft, other)
                _refuse(draft, heard, other, fault, None)


def _refuse(draft: Draft, heard: Heard, key: str, fault: Fault, awaited: str | None) -> None:
    heard.refused.append({"field": key, "code": fault.code, "params": dict(fault.params)})
    if key == awaited:
        count_failure(draft, key)


def _keep_part(draft: Draft, heard: Heard, part: Found, awaited: str | None) -> None:
    """Half an answer (an address without its room) is kept; the rest is asked for in its turn."""
    draft.remember(partial={**draft.progress.get("partial", {}), part.key: part.value})
    if part.key != awaited or part.fault is None:
        heard.partly.append(part.key)
        return
    _refuse(draft, heard, part.key, part.fault, awaited)


def _enough(draft: Draft, part: Found, awaited: str | None) -> bool:
    failed = int(draft.progress.get("attempts", {}).get(part.key, 0))
    return (
        part.key == awaited
        and part.fault is not None
        and part.fault.code in _MAY_BE_LACKING
        and failed + 1 >= _ACCEPT_INCOMPLETE_AFTER
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _decide_act(
    talk: Talk,
    heard: Heard,
    found: Extraction,
    act: str | None,
    awaited: str | None,
    *,
    question: bool,
) -> None:
    """The act, when it is certain; otherwise the model judges the safe text.

    question: whether something is asked beside the answers.
    """
    wonders = asks_reason(talk.text) or talk.mentions("must_fill")
    if wonders and (heard.named or awaited):
        heard.act, heard.tentative = "ask_what", None
        heard.named = heard.named or [str(awaited)]
    elif (heard.taken or heard.partly) and not question:
        heard.act = "inform"
    elif heard.taken or heard.partly:
        heard.safe = found.rest
    elif any(one["field"] == awaited for one in heard.refused):
        heard.act = "inform"
    elif question:
        heard.tentative = None
    elif is_correction(talk.text) and (heard.named or talk.mentions("last_one")):
        heard.act, heard.tentative = "correct", None
    elif act is not None:
        heard.act, heard.tentative = act, None


__all__ = ["prepare", "take_found"]
