"""Short answers: greetings, repeating, complaints, silence."""

from backoffice import messages
from backoffice.conversations.services import Bubble, previous_bubbles
from backoffice.dialogue.people import ask_for_person
from backoffice.dialogue.talk import Talk


def greeting(*, recognises: bool = False) -> Bubble:
    """What the page shows before anything is said.

    Args:
        recognises: whether it is shown where 刷脸 works.
    """
    buttons = messages.buttons("small.greet")
    if recognises:
        buttons += messages.buttons("ask.means_face")
    return {"text": messages.text("small.greet"), "buttons": buttons}


async def small_talk(talk: Talk, act: str) -> None:
    """greet, goodbye, thank, ask_bot."""
    if act == "goodbye" and talk.draft is not None:
        talk.say("small.goodbye_draft" if talk.signed_in else _unsaved("small.goodbye", talk))
        return
    talk.say(f"small.{act}", buttons=[] if talk.filling else None)


def _unsaved(key: str, talk: Talk) -> str:
    """The variant for who has not proven a phone: the draft is found again on this page only."""
    return f"{key}_{'kiosk' if talk.conversation.channel == 'kiosk' else 'here'}"


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
        talk.say("small.greet")
        return
    talk.bubbles.extend(bubbles)


async def silence(talk: Talk) -> None:
    """Nobody answered: ask kindly once, then say that all is kept."""
    times = int(talk.recall("silences", 0)) + 1
    talk.remember(silences=times)
    if talk.draft is None:
        talk.say("silence.idle")
    elif times == 1:
        talk.say("silence.first")
    else:
        talk.say("silence.again" if talk.signed_in else _unsaved("silence.again", talk))
