"""Life situations: what fits, in which order, and why; one question back when nothing fits."""

from backoffice import messages
from backoffice.dialogue import facts
from backoffice.dialogue.choosing import (
    OTHER,
    ask_topic,
    is_asking,
    item_buttons,
    item_meant,
    offer,
)
from backoffice.dialogue.talk import Talk
from catalogue.guides import Situation
from catalogue.schema import ServiceItem

_CLEAR = 0.5
"""Confidence from which one item is the answer to a situation that no plan knows."""
_POSSIBLE = 0.1
_OFFERED = 3


async def find_item(talk: Talk, item_code: str | None) -> None:
    """A life situation: a plan of items, the one that fits, a few that may, or a question back."""
    if say_plan(talk):
        return
    item = item_meant(talk, "apply_item", item_code)
    if is_asking(talk):
        return
    possible = _possible(talk)
    if item is not None and (not possible or _is_clear(talk, item)):
        _say_one(talk, item)
    elif len(possible) == 1 and item_code != OTHER:
        _say_one(talk, possible[0], sure=False)
    elif possible and item_code != OTHER:
        _say_several(talk, possible)
    else:
        talk.say("need.none")
        ask_topic(talk, "apply_item")


def say_plan(talk: Talk) -> bool:
    """Say the plan of the situation that the text speaks of; False when it speaks of none."""
    situation = talk.knowledge.catalogue.guides.situation_in(talk.asked)
    if situation is None:
        return False
    _say_situation(talk, situation)
    return True


def _say_situation(talk: Talk, situation: Situation) -> None:
    steps = [(step, item) for step in situation.plan if (item := talk.item(step.item))]
    if len(steps) == 1:
        (step, item) = steps[0]
        talk.conversation.item_code = item.code
        words = messages.text("need.one_step", say=situation.say, title=item.title, why=step.why)
        buttons = messages.buttons("need.one", title=item.title)
    else:
        lines = "\n".join(
            messages.text("need.step", number=number, title=item.title, why=step.why)
            for number, (step, item) in enumerate(steps, 1)
        )
        words = messages.text("need.plan", say=situation.say, lines=lines)
        offer(talk, [item for _, item in steps])
        buttons = item_buttons("apply_item", [item for _, item in steps])
    if situation.also:
        words += "\n" + situation.also
    talk.say_words(words, buttons=[] if talk.filling else buttons)


def _possible(talk: Talk) -> list[ServiceItem]:
    ranked = [talk.item(code) for code, p in talk.ranking if p >= _POSSIBLE]
    return [one for one in ranked if one is not None][:_OFFERED]


def _is_clear(talk: Talk, item: ServiceItem) -> bool:
    return dict(talk.ranking).get(item.code, 1.0) >= _CLEAR or talk.prepared.get("item") is not None


def _say_one(talk: Talk, item: ServiceItem, *, sure: bool = True) -> None:
    talk.conversation.item_code = item.code
    about = facts.hedged(item.about.text, item.about.status) if item.about else ""
    words = messages.text("need.one" if sure else "need.perhaps", title=item.title, about=about)
    buttons = messages.buttons("need.one", title=item.title)
    if not sure:
        buttons += messages.buttons("ask.person")
    talk.say_words(words, buttons=[] if talk.filling else buttons)


def _say_several(talk: Talk, items: list[ServiceItem]) -> None:
    lines = "\n".join(
        messages.text("need.possible", title=one.title, summary=one.applicants.summary)
        for one in items
    )
    offer(talk, items)
    buttons = item_buttons("apply_item", items) + messages.buttons("need.found")
    talk.say("need.found", lines=lines, buttons=[] if talk.filling else buttons)
