"""Which item is meant: by the model, by its name in the text, or by asking for the one detail.

Nothing is guessed: when the model wavers between items that people mix up and the text does not
decide, the detail is asked for with buttons, and the same act goes on with the answer.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from backoffice import messages
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.questions import SURE_LIKENESS, known_question
from backoffice.dialogue.talk import Talk
from backoffice.understanding import is_question, mask
from backoffice.understanding.lexicon import any_of
from catalogue.guides import NearGroup
from catalogue.names import names_of
from catalogue.schema import ServiceItem

OTHER = "other"
_SURE = 0.8
"""From this confidence on the model's first item is not asked about."""
SHORT = 10
_SURE_OF_A_SHORT_ONE = 0.97
"""A question of so few characters ("要带什么来登记") has little to know another item by."""
_LIKELY = 0.5
"""The same, when the words of a question are that item's and none are of the one spoken of."""
_NAME = "〇"
"""Stands for an item's name where only its place matters."""
_CLOSE = 0.3
"""Share of the first item's confidence that makes the second one a rival."""
CHOICES = frozenset({"which_item", "which_topic"})
"""Kinds of focus that ask for the item. They lapse when something else is said."""


def item_meant(talk: Talk, act: str, code: str | None) -> ServiceItem | None:
    """The item that this turn is about; None when none is named or when it is being asked for.

    Sets the focus when the detail that decides must be asked for (see `is_asking`).
    """
    if (talk.prepared.get("item") or "") == code and code:
        return talk.item(code)  # a button, or the answer to our own question
    if code == OTHER:
        return None
    named = talk.knowledge.catalogue.names.named_in(talk.text)
    if (about := _needing(talk, act, named)) is not None:
        return about
    if code is None:
        return talk.item(named[0]) if named else None
    if not named and act.startswith("ask_") and (about := _still_about(talk, code)) is not None:
        return about
    knowing = [*named, talk.conversation.item_code or ""] if named else _mixed_up_with(talk, code)
    if (item := _that_knows(talk, act, knowing)) is not None:
        return item
    group = _wavering(talk, code)
    if group is None:
        return talk.item(code)
    decided = [one.item for one in group.decided_by(talk.text)]
    if len(decided) == 1 or code in decided:
        return talk.item(code if code in decided else decided[0])
    if talk.conversation.item_code in group.items() and act != "apply_item" and not named:
        return talk.item(talk.conversation.item_code)
    talk.focus = {"kind": "which_item", "group": group.name, "act": act, "text": mask(talk.text)}
    return None


def _needing(talk: Talk, act: str, named: Sequence[str]) -> ServiceItem | None:
    """The item spoken of, when another one's paper is only said to be lacking ("没有居住证行吗")."""
    about = talk.item(talk.conversation.item_code)
    if about is None or not act.startswith("ask_") or not named or about.code in named:
        return None
    rest = talk.knowledge.catalogue.names.without(talk.asked, mark=_NAME)
    return about if re.search(any_of("questions", "lacking").pattern + _NAME, rest) else None


def _still_about(talk: Talk, code: str) -> ServiceItem | None:
    """The item spoken of, when a question that names nothing may well go on about it.

    The model does not see what was said before: it guesses an item from every sentence.
    """
    about = talk.item(talk.conversation.item_code)
    if about is None or about.code == code:
        return about
    if known_question(talk.asked, [about]) is not None:
        return about
    other = talk.item(code)
    shared = _shared_words(talk.asked, about)
    others = _shared_words(talk.asked, other) if other is not None else set()
    if shared and shared >= others:
        return about
    if others > shared:
        enough = _LIKELY
    else:
        enough = _SURE_OF_A_SHORT_ONE if len(talk.asked) <= SHORT else _SURE
    return about if dict(talk.ranking).get(code, 1.0) < enough else None


def _shared_words(text: str, item: ServiceItem) -> set[str]:
    """Pairs of characters that the item's names share with the text.

    "备案要带什么" goes on about 租赁备案, though there are other 备案.
    """
    pairs = {name[i : i + 2] for name in names_of(item) for i in range(len(name) - 1)}
    return {pair for pair in pairs if pair in text}


def _mixed_up_with(talk: Talk, code: str) -> list[str]:
    """This item and all that people take for it."""
    groups = [one.items() for one in talk.knowledge.catalogue.guides.near]
    return [code, *(one for group in groups if code in group for one in group)]


def _that_knows(talk: Talk, act: str, codes: Iterable[str]) -> ServiceItem | None:
    """The item among these that has this very question; then nothing need be asked back."""
    if not act.startswith("ask_"):
        return None
    items = [item for code in codes if (item := talk.item(code)) is not None]
    faq = known_question(talk.asked, items, SURE_LIKENESS)
    return next((item for item in items if faq in item.faq), None) if faq is not None else None


def is_asking(talk: Talk) -> bool:
    """Whether the item is being asked for."""
    return (talk.focus or {}).get("kind") in CHOICES


def _wavering(talk: Talk, code: str) -> NearGroup | None:
    """The group of near items between whose members the model wavers."""
    ranked = dict(talk.ranking)
    sure = ranked.get(code, 1.0)
    if sure >= _SURE:
        return None
    guides = talk.knowledge.catalogue.guides
    rivals = [one for one, p in talk.ranking if one != code and p >= _CLOSE * sure]
    return next((g for one in rivals if (g := guides.near_group(code, one))), None)


def offer(talk: Talk, items: Sequence[ServiceItem]) -> None:
    """Several items were shown: what is asked next is about one of these, not about an earlier."""
    if talk.filling is None:
        talk.conversation.item_code = None
        talk.remember(offered=[one.code for one in items])


def ask_topic(talk: Talk, act: str) -> None:
    """Nothing is known of the item: ask which of those shown, else for its field of life first."""
    offered = talk.recall("offered") if talk.filling is None else None
    if offered:
        ask_among(talk, act, offered)
    else:
        talk.focus = {"kind": "which_topic", "act": act}


def ask_among_those_shown(talk: Talk) -> bool:
    """Ask which of the items shown before is to be done; False when none are."""
    if talk.filling is not None or not talk.recall("offered"):
        return False
    ask_topic(talk, "apply_item")
    ask_choice_outside(talk)
    return True


def next_wanted(talk: Talk) -> ServiceItem | None:
    """The item spoken of; or what must come before it, called by a word of its own ("那先登记")."""
    about = talk.item(talk.conversation.item_code)
    if about is None:
        return None
    own = _shared_words(talk.asked, about)
    before = [item for one in about.prerequisites if (item := talk.item(one.code)) is not None]
    called = [one for one in before if _shared_words(talk.asked, one) - own]
    return called[0] if len(called) == 1 and not own else about


def begun_with(talk: Talk) -> str | None:
    """What "现在就办" begins: the item spoken of; once it is handed in, what was said to come next."""
    code = talk.conversation.item_code
    follows = talk.recall("follows") or {}
    return str(follows["item"]) if follows and follows["after"] == code else code


def ask_among(talk: Talk, act: str, items: Iterable[str]) -> None:
    """Ask which of these items is meant."""
    talk.focus = {"kind": "which_item", "items": list(items), "act": act}


def ask_choice(talk: Talk, focus: dict[str, Any]) -> None:
    """Say the question of a choice, with its buttons."""
    act = str(focus["act"])
    guides = talk.knowledge.catalogue.guides
    if focus["kind"] == "which_topic":
        titles = [topic.title for topic in guides.topics]
        talk.say(f"which.{act}", buttons=[{"title": one, "value": one} for one in titles])
        return
    group = guides.group(focus.get("group", ""))
    if group is not None:
        labels = [one.label for one in group.options]
        buttons = [{"title": one, "value": one} for one in labels]
        talk.say_words(group.ask, buttons=buttons + messages.buttons("which.unsure"))
        return
    items = [item for code in focus["items"] if (item := talk.item(code))]
    talk.say(f"which.{act}", buttons=item_buttons(act, items))


def ask_choice_outside(talk: Talk) -> None:
    """Ask at once when no form is there to do it."""
    if talk.focus is not None and is_asking(talk) and talk.filling is None:
        ask_choice(talk, talk.focus)


def item_buttons(act: str, items: Sequence[ServiceItem]) -> list[dict[str, str]]:
    """One button for each item; pressing it says the act about it."""
    return [button for one in items for button in messages.buttons(f"which.{act}", title=one.title)]


async def hear_choice(talk: Talk, focus: dict[str, Any], act: str | None) -> Heard | None:
    """The answer to "which item"; anything else lets the question lapse."""
    talk.focus = None
    if focus["kind"] == "which_topic":
        return _hear_topic(talk, focus)
    code = _chosen(talk, focus)
    if code is not None:
        heard = Heard(mask(talk.text), str(focus["act"]), item=code)
        heard.asked, heard.also = focus.get("text"), focus.get("also", [])
        return heard
    if act == "deny" or talk.says("unsure"):
        return Heard(mask(talk.text), "inform").happened("which_unsure")
    return None


def _hear_topic(talk: Talk, focus: dict[str, Any]) -> Heard | None:
    guides = talk.knowledge.catalogue.guides
    topic = next((one for one in guides.topics if talk.is_exactly(one.title)), None)
    if topic is None:
        return None
    ask_among(talk, str(focus["act"]), topic.items)
    return Heard(mask(talk.text), "inform").happened("topic_chosen", topic=topic.title)


def _chosen(talk: Talk, focus: dict[str, Any]) -> str | None:
    catalogue = talk.knowledge.catalogue
    group = catalogue.guides.group(focus.get("group", ""))
    codes = group.items() if group is not None else list(focus["items"])
    for one in group.options if group is not None else ():
        if talk.is_exactly(one.label):
            return one.item
    if (titled := _by_title(talk, codes)) is not None or is_question(talk.text):
        return titled  # "第一次办要多少钱" is a new question, not an answer
    decided = [one.item for one in group.decided_by(talk.text)] if group is not None else []
    named = [one for one in catalogue.names.named_in(talk.text) if one in codes]
    return _only(decided) or _only(named)


def _by_title(talk: Talk, codes: Iterable[str]) -> str | None:
    return next((c for c in codes if (item := talk.item(c)) and talk.is_exactly(item.title)), None)


def _only(codes: Iterable[str]) -> str | None:
    found = list(dict.fromkeys(codes))
    return found[0] if len(found) == 1 else None
