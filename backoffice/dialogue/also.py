"""A second request in the same sentence is served in the same reply, after the first."""

from collections.abc import Sequence
from typing import Any

from backoffice.dialogue import appointing
from backoffice.dialogue.choosing import is_asking
from backoffice.dialogue.consult import ANSWERED, answer_about
from backoffice.dialogue.facts import place
from backoffice.dialogue.people import ask_for_person
from backoffice.dialogue.talk import Talk
from catalogue.schema import ServiceItem


async def serve_also(talk: Talk, act: str, also: Sequence[dict[str, Any]]) -> None:
    """Serve the further requests, or keep them while it is asked which item is meant."""
    if talk.focus is not None and is_asking(talk):
        if also:
            talk.focus = {**talk.focus, "also": list(also)}
        return
    offered = talk.conversation.item_code
    for one in [*also, *_named_beside(talk, act, also)]:
        item = talk.item(next(iter(one["items"]), None)) or talk.item(offered)
        await _serve(talk, str(one["act"]), item, about_first=act)


def _named_beside(talk: Talk, act: str, also: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """ "我要办居住证和社保卡": the other items named in one wish."""
    if act != "apply_item" or also or talk.prepared.get("item"):
        return []
    named = talk.knowledge.catalogue.names.named_in(talk.text)
    if len(named) < 2 or talk.conversation.item_code not in named:
        return []
    others = [one for one in named if one != talk.conversation.item_code]
    return [{"act": "apply_item", "items": [one]} for one in others]


async def _serve(talk: Talk, act: str, item: ServiceItem | None, *, about_first: str) -> None:
    if act == "apply_item":
        _offer(talk, item, about_first)
    elif act == "ask_human":
        await ask_for_person(talk)
    elif act in ("take_ticket", "ask_queue"):
        await appointing.serve(talk, act, item)
    elif act == "ask_place" and item is None:
        talk.say_words(place(talk.knowledge.hall))
    elif act in ANSWERED and item is not None:
        about = talk.conversation.item_code
        answer_about(talk, act, item)
        if about_first == "apply_item":
            talk.conversation.item_code = about
        else:
            _offer_once(talk)


def _offer(talk: Talk, item: ServiceItem | None, about_first: str) -> None:
    """What is wanted beside a question is begun with one press; two are not filled at once."""
    if item is None or (about_first != "apply_item" and item.code == talk.conversation.item_code):
        return  # the answer before it already ends with "now"
    key = "also.apply_after" if about_first == "apply_item" else "also.apply"
    talk.say(key, title=item.title)


def _offer_once(talk: Talk) -> None:
    """Two answers about one item end with one row of buttons, not with two."""
    if len(talk.bubbles) < 2:
        return
    earlier, newest = talk.bubbles[-2:]
    if earlier.get("buttons") == newest.get("buttons"):
        earlier.pop("buttons", None)


__all__ = ["serve_also"]
