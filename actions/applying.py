"""Beginning, filling, correcting, pausing, resuming and giving up an application."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.perform import Capability
from backoffice.dialogue import applying, form
from backoffice.dialogue.asking import ask_next, ask_outside_form
from backoffice.dialogue.choosing import ask_choice_outside
from backoffice.dialogue.talk import Talk


class ActionStartApplication(Capability):
    """apply_item."""

    leads = True

    def name(self) -> str:
        return "action_start_application"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        if await form.take_as_named_again(talk, item):
            return
        await applying.start_application(talk, item)
        ask_choice_outside(talk)


class ActionContinue(Capability):
    """inform, affirm, deny outside the form."""

    def name(self) -> str:
        return "action_continue"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await form.continue_turn(talk, act)
        talk.slots["application_open"] = talk.filling is not None
        await ask_outside_form(talk)


class ActionCorrect(Capability):
    """correct."""

    def name(self) -> str:
        return "action_correct"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await applying.correct(talk)


class ActionPause(Capability):
    """pause."""

    def name(self) -> str:
        return "action_pause"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await applying.pause(talk)
        await ask_outside_form(talk)


class ActionResume(Capability):
    """resume."""

    def name(self) -> str:
        return "action_resume"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await applying.resume(talk)
        await ask_outside_form(talk)


class ActionCancel(Capability):
    """cancel."""

    def name(self) -> str:
        return "action_cancel"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await applying.ask_cancel(talk)
        await ask_outside_form(talk)


class ActionWithdraw(Capability):
    """withdraw."""

    def name(self) -> str:
        return "action_withdraw"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await applying.ask_withdraw(talk)
        await ask_outside_form(talk)


class ValidateApplicationForm(Capability):
    """What this turn's answers did; ends the form when the back office says so."""

    def name(self) -> str:
        return "validate_application_form"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await form.validate(talk, act)


class ActionAskApplicationAnswer(Capability):
    """The form's next question."""

    def name(self) -> str:
        return "action_ask_application_answer"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await ask_next(talk)


class ActionConcludeApplication(Action):
    """After the form: nothing of it may leak into the next application."""

    def name(self) -> str:
        return "action_conclude_application"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return [SlotSet(one, None) for one in ("application_answer", "application_open", "item")]
