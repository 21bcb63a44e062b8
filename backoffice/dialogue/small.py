"""Short answers: greetings, repeating, what is not understood or not our business."""

from backoffice import messages
from backoffice.conversations.services import Bubble, previous_bubbles
from backoffice.dialogue.consult import item_buttons, planned_named
from backoffice.dialogue.people import ask_for_person, hall_words
from backoffice.dialogue.talk import Talk
from backoffice.understanding.lexicon import lexicon
from catalogue.schema import ServiceItem

_BORED_AFTER = 2


def greeting() -> Bubble:
    """What the page shows before anything is said."""
    return {"text": messages.text("small.greet"), "buttons": messages.buttons("small.greet")}


async def small_talk(talk: Talk, act: str) -> None:
    """greet, goodbye, thank, ask_bot."""
    key = f"small.{act}"
    if act == "goodbye" and talk.draft is not None:
        key = "small.goodbye_draft"
    talk.say(key, buttons=[] if talk.filling else None)


def crisis_in(text: str) -> str | None:
    """The kind of crisis that the text speaks of; it goes before everything that was asked."""
    kinds = lexicon("crisis").items()
    return next((kind for kind, words in kinds if any(word in text for word in words)), None)


async def out_of_scope(talk: Talk) -> None:
    """Not this hall's business; a crisis gets its own caring answer with the right number."""
    crisis = crisis_in(talk.text)
    if crisis is not None:
        talk.say(f"crisis.{crisis}")
        return
    planned = planned_named(talk, None)
    if planned is not None:
        talk.say("consult.planned", title=planned)
        return
    if talk.filling is not None:
        talk.say("small.out_of_scope_in_form")
        return
    lost = int(talk.recall("lost", 0)) + 1
    talk.remember(lost=lost)
    key = "small.out_of_scope" if lost < _BORED_AFTER else "small.out_of_scope_again"
    talk.say(key, **hall_words(talk))


async def find_item(talk: Talk, item_code: str | None) -> None:
    """A life situation: the items that fit it, as buttons."""
    item = talk.item(item_code)
    found = [item] if item is not None else _by_life_event(talk)
    if not found:
        talk.say("need.none", buttons=item_buttons(talk))
        return
    talk.say("need.found", buttons=item_buttons(talk, items=found))


def _by_life_event(talk: Talk) -> list[ServiceItem]:
    return [
        one
        for one in talk.knowledge.catalogue.items.values()
        if any(event in talk.text for event in one.life_events)
    ]


async def ticket(talk: Talk) -> None:
    """Queue numbers are given in the hall; a person can call back instead."""
    talk.say("ticket.at_hall", **hall_words(talk))


async def complain(talk: Talk) -> None:
    """A complaint goes to a person, with a promised time."""
    talk.say("complain.sorry")
    await ask_for_person(talk, about="complaint")


async def repeat(talk: Talk) -> None:
    """Say the last answer again; in a form the question is asked again by itself."""
    if talk.filling is not None or talk.focus is not None:
        return
    bubbles = await previous_bubbles(talk.session, talk.turn)
    if not bubbles:
        talk.say("small.greet", buttons=item_buttons(talk))
        return
    talk.bubbles.extend(bubbles)


async def silence(talk: Talk) -> None:
    """Nobody answered: ask kindly once, then say that all is kept."""
    times = int(talk.recall("silences", 0)) + 1
    talk.remember(silences=times)
    if talk.draft is None:
        talk.say("silence.idle", buttons=item_buttons(talk))
    else:
        talk.say("silence.first" if times == 1 else "silence.again")
