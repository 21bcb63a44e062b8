"""Buttons are understood exactly, without a model: pressed, or their words typed or read aloud.

A button's `value` in `data/messages` is an answer to what was asked, a closed expression of
`data/lexicon`, or carries the `act` (and `item`) that it stands for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.conversations.models import Message
from backoffice.dialogue.talk import Talk, bare
from backoffice.understanding import normalise
from backoffice.understanding.options import ordinal

_LONGEST_TITLE = 30
_LISTS = frozenset({None, "which_item", "which_topic"})
"""Kinds of focus at which a button may be named by its place ("第一个")."""
_SHOWN_LAST = 6
"""Bubbles of one reply, and notices that came after it, looked through for a title."""


@dataclass(frozen=True)
class Meaning:
    """What a button stands for wherever it is pressed."""

    act: str
    item: str | None = None


def meaning_of(talk: Talk) -> Meaning | None:
    """The act of the button whose words these are, as value or as title."""
    catalogue = talk.knowledge.catalogue
    titles = tuple((code, item.title) for code, item in catalogue.items.items())
    return _meanings(titles).get(bare(talk.text))


def is_some_button(talk: Talk) -> bool:
    """Whether these are the words of a button that belongs to some other question."""
    return bare(talk.text) in _all_values()


def field_to_change(talk: Talk, draft: Draft) -> str | None:
    """The answered field whose "change" button this is."""
    return next(
        (
            field.slug
            for field in draft.item.fields
            if field.slug in draft.answers
            for button in messages.buttons("ask.correct_field", label=field.label)
            if talk.is_exactly(button["value"])
        ),
        None,
    )


async def shown_as(talk: Talk) -> str | None:
    """The value of the button whose title was typed or read aloud, if the last reply showed one.

    Earlier replies do not count: their "take back" would confirm what is not asked any more.
    """
    said = bare(talk.text)
    if not said or len(said) > _LONGEST_TITLE:
        return None
    buttons = await _last_shown(talk)
    for button in buttons:
        if bare(normalise(button["title"])) == said:
            return str(button["value"])
    if talk.filling is not None or (talk.focus or {}).get("kind") not in _LISTS:
        return None  # there a number is an answer
    place = ordinal(said, len(buttons)) or 0
    return str(buttons[place - 1]["value"]) if 0 < place <= len(buttons) else None


async def _last_shown(talk: Talk) -> list[Mapping[str, str]]:
    """The buttons of the last reply and of the notices that came after it, as they were shown."""
    shown = await talk.session.scalars(
        select(Message)
        .where(Message.conversation_id == talk.conversation.id, Message.role != "citizen")
        .order_by(Message.id.desc())
        .limit(_SHOWN_LAST)
    )
    turn, rows = None, []
    for message in shown:
        if turn is not None and message.turn_pk != turn:
            break  # an earlier reply, or what was shown before it
        turn = message.turn_pk or turn
        rows.append(message.body.get("buttons", ()))
    return [button for row in reversed(rows) for button in row]


@lru_cache(maxsize=8)
def _meanings(titles: tuple[tuple[str, str], ...]) -> Mapping[str, Meaning]:
    found: dict[str, Meaning] = {}
    for button in messages.all_buttons():
        if "act" not in button:
            continue
        if "{title}" not in button["value"]:
            meaning = Meaning(button["act"], button.get("item"))
            found |= {bare(normalise(button[part])): meaning for part in ("title", "value")}
            continue
        for code, title in titles:
            value = button["value"].format(title=title)
            found[bare(normalise(value))] = Meaning(button["act"], code)
    return found


@lru_cache(maxsize=1)
def _all_values() -> frozenset[str]:
    return frozenset(bare(normalise(one["value"])) for one in messages.all_buttons())
