"""The application form: what a turn's answers did, and whether the form goes on."""

from typing import Any

from backoffice.applications.draft import Draft
from backoffice.applications.states import State
from backoffice.dialogue.acknowledging import say_taken
from backoffice.dialogue.agenda import UPLOADED, Kind
from backoffice.dialogue.asking import EXPLAIN_AFTER
from backoffice.dialogue.capture import count_failure, take_answer
from backoffice.dialogue.choosing import ask_among_those_shown
from backoffice.dialogue.consult import say_told_about
from backoffice.dialogue.finishing import finish_when_complete
from backoffice.dialogue.records import after_sign_in
from backoffice.dialogue.talk import Talk
from backoffice.understanding import says_among
from backoffice.understanding.lexicon import any_of

_OWN_RULES = frozenset(
    f"fault.{one}"
    for one in (
        "date.in_future", "date.in_past", "date.too_early", "date.too_late",
        "date.not_after", "date.not_before", "date.not_before_day",
        "text.pattern", "number.small", "number.large",
    )
)  # fmt: skip
"""Faults against a limit that the item sets, not against what such a value is at all."""
_ANSWERS = frozenset({"inform", "affirm", "deny"})


async def continue_turn(talk: Talk, act: str) -> None:
    """Say what this turn's answer did. For `inform`, `affirm`, `deny`, in the form or not."""
    if talk.prepared.get("spoken"):
        return  # said before the form was entered in this same turn
    talk.turn.prepared = {**talk.prepared, "spoken": True}
    heard = talk.prepared
    draft = talk.filling
    tentative = heard.get("tentative")
    taken = list(heard.get("taken", []))
    if tentative and draft is not None and act == "inform":
        await take_answer(talk, draft, tentative["field"], tentative["value"], source="typed")
        taken.append(tentative["field"])
    if draft is not None:
        say_taken(talk, draft, taken, heard.get("changed", []), heard.get("partly", []))
    for fault in heard.get("refused", []):
        say_fault(talk, draft, fault)
    for result in heard.get("results", []):
        talk.say(f"heard.{result['code']}", **result["params"])
    if heard.get("then"):
        await after_sign_in(talk, heard["then"])
    something = any(heard.get(one) for one in ("refused", "results", "partly", "then")) or taken
    # "好的" to a notice or a remark only means: go on.
    if not something and talk.focus is None and (act != "affirm" or draft is None):
        _say_not_understood(talk, draft)
    await finish_when_complete(talk)


async def take_as_told(talk: Talk) -> bool:
    """Take the sentence as the answer in one's own words that the form has asked for, if it has.

    Asked what is hard at home, people tell a situation; told to somebody who has not asked, the
    same words are a need to find an item for.
    """
    if talk.filling is None or not talk.prepared.get("tentative"):
        return False
    await continue_turn(talk, "inform")
    talk.turn.prepared = {**talk.prepared, "heard_as": "inform"}
    return True


async def take_as_named_again(talk: Talk, item: str | None) -> bool:
    """The same where the answer ("厕所装扶手") sounds like the wish that is being filled in."""
    if talk.filling is None or item not in (None, talk.filling.item.code):
        return False
    if says_among("cancel", talk.text) or not await take_as_told(talk):
        return False
    talk.slots["application_open"] = True
    return True


async def take_as_not_asked(talk: Talk) -> bool:
    """The same where the answer ("门口三级台阶") sounds like a question but asks nothing."""
    if any_of("questions", "asks_softly", "paying").search(talk.text):
        return False
    return await take_as_told(talk)


async def take_as_no_queueing(talk: Talk) -> bool:
    """The same where the answer ("一个人过，腿脚不好") sounds like who goes first in a queue."""
    if any_of("questions", "queueing").search(talk.text):
        return False
    return await take_as_told(talk)


def say_fault(talk: Talk, draft: Draft | None, fault: dict[str, Any]) -> None:
    """Why an answer cannot be taken: in the item's own words where its own rule is broken."""
    field = draft.item.field(fault["field"]) if draft is not None else None
    if field is not None and field.validation.message and fault["code"] in _OWN_RULES:
        talk.say_words(field.validation.message)
        return
    talk.say(fault["code"], **fault["params"])


async def validate(talk: Talk, act: str) -> None:
    """The form's turn: answer, then tell the engine whether the form is over.

    The engine also calls it when another act has just led into the form; that act was answered.
    """
    if act in _ANSWERS:
        await continue_turn(talk, act)
    talk.slots["application_answer"] = _ending(talk)


def _ending(talk: Talk) -> str | None:
    """How the form ended, or None while it goes on."""
    if talk.draft is None:
        return "cancelled"
    if talk.draft.progress.get("paused"):
        return "paused"
    if talk.draft.application.state == State.SUBMITTED:
        return "submitted"
    return None


def _say_not_understood(talk: Talk, draft: Draft | None) -> None:
    if draft is None:
        about = talk.item(talk.conversation.item_code)
        if about is not None:
            say_told_about(talk, about)
        elif not ask_among_those_shown(talk):
            talk.say("small.lost")
        return
    step = talk.step()
    if step is None or step.kind == Kind.SUBMIT:
        return
    failed = count_failure(draft, step.key or step.kind)
    field = draft.item.field(step.key or "")
    if field is not None and field.type in UPLOADED:
        talk.say("heard.please_upload")
    elif failed < EXPLAIN_AFTER:
        talk.say("heard.not_understood")
    else:
        talk.say("heard.not_understood_again")
