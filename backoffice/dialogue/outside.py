"""What is not this hall's business, or no business at all: an emergency, another office, a chat."""

from backoffice import messages
from backoffice.conversations.services import Bubble
from backoffice.dialogue.choosing import SHORT, ask_among_those_shown
from backoffice.dialogue.consult import (
    answer_about,
    planned_named,
    say_elsewhere,
    say_known,
    say_lost_about,
)
from backoffice.dialogue.people import hall_words
from backoffice.dialogue.situations import say_plan
from backoffice.dialogue.talk import Talk
from backoffice.logs import log
from backoffice.understanding import is_question
from backoffice.understanding.alarm import is_chat, is_noise
from backoffice.understanding.lexicon import lexicon

_BORED_AFTER = 2


def answer_crisis(talk: Talk) -> bool:
    """A caring answer with the right number, and a person; False when there is no emergency.

    It needs neither the engine nor anything that could be down.
    """
    kind = talk.prepared.get("crisis")
    if kind is None:
        return False
    log("dialogue").info("crisis.heard", kind=kind)
    talk.say(f"crisis.{kind}")
    return True


def said_beside(talk: Talk) -> list[Bubble]:
    """The number for what may be an emergency, said before the answer to what was asked."""
    kind = talk.prepared.get("worry")
    return [{"text": messages.text(f"worry.{kind}")}] if kind else []


async def out_of_scope(talk: Talk) -> None:
    """Answer it."""
    refusal = talk.prepared.get("refusal")
    if refusal is not None:
        # only that it happened: what was said stays in the encrypted turn
        log("dialogue").info("request.refused", kind=refusal)
        talk.say(f"refused.{refusal}")
        return
    planned = planned_named(talk, None)
    if planned is not None:
        talk.say("consult.planned", title=planned)
    elif not (say_elsewhere(talk) or say_known(talk) or say_plan(talk) or _goes_on(talk)):
        _say_lost(talk)


def _goes_on(talk: Talk) -> bool:
    """A short question ("补卡要多少钱") is more likely about what was just spoken of."""
    about = talk.item(talk.conversation.item_code)
    if talk.filling is not None or not is_question(talk.text):
        return False
    if len(talk.text) > SHORT or is_chat(talk.text) or is_noise(talk.text):
        return False
    if about is None:  # "先办哪个", after several were shown in their order
        return ask_among_those_shown(talk)
    acts = lexicon("questions")["plainly"]
    act = next((one for one in acts if any(word in talk.text for word in acts[one])), None)
    if act is None:
        say_lost_about(talk, about)
    else:
        answer_about(talk, act, about)
    return True


def _say_lost(talk: Talk) -> None:
    """Chat and noise are answered briefly; the rest is told where else to ask.

    What may be a cry for help is never told that it is none of our business.
    """
    if talk.prepared.get("worry"):  # the number is said before it
        talk.say("worry.listening")
        return
    kind = "noise" if is_noise(talk.text) else "chat" if is_chat(talk.text) else None
    if talk.filling is not None:
        talk.say(f"small.{kind}_in_form" if kind else "small.out_of_scope_in_form")
        return
    lost = int(talk.recall("lost", 0)) + 1
    talk.remember(lost=lost)
    if lost >= _BORED_AFTER and kind != "chat":
        talk.say("small.out_of_scope_again", **hall_words(talk))
    else:
        talk.say(f"small.{kind}" if kind else "small.out_of_scope")
