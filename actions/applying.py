"""Beginning, filling, correcting, pausing, resuming and giving up an application."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.perform import perform
from backoffice.dialogue import applying, form
from backoffice.dialogue.asking import ask_focus
from backoffice.dialogue.talk import Talk


async def _start(talk: Talk, act: str, item: str | None) -> None:
    await applying.start_application(talk, item)


async def _continue(talk: Talk, act: str, item: str | None) -> None:
    await form.continue_turn(talk, act)
    talk.slots["application_open"] = talk.filling is not None
    if talk.filling is None:
        await ask_focus(talk)


async def _validate(talk: Talk, act: str, item: str | None) -> None:
    await form.validate(talk, act)


async def _ask(talk: Talk, act: str, item: str | None) -> None:
    await form.ask(talk)


async def _correct(talk: Talk, act: str, item: str | None) -> None:
    await applying.correct(talk)


async def _pause(talk: Talk, act: str, item: str | None) -> None:
    await applying.pause(talk)
    await ask_focus(talk)


async def _resume(talk: Talk, act: str, item: str | None) -> None:
    await applying.resume(talk)
    if talk.filling is None:
        await ask_focus(talk)


async def _cancel(talk: Talk, act: str, item: str | None) -> None:
    await applying.ask_cancel(talk)
    if talk.filling is None:
        await ask_focus(talk)


async def _withdraw(talk: Talk, act: str, item: str | None) -> None:
    await applying.ask_withdraw(talk)
    if talk.filling is None:
        await ask_focus(talk)


class ActionStartApplication(Action):
    """apply_item."""

    def name(self) -> str:
        return "action_start_application"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _start)


class ActionContinue(Action):
    """inform, affirm, deny outside the form."""

    def name(self) -> str:
        return "action_continue"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _continue)


class ValidateApplicationForm(Action):
    """What this turn's answers did; ends the form when the back office says so."""

    def name(self) -> str:
        return "validate_application_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _validate)


class ActionAskApplicationAnswer(Action):
    """The form's next question."""

    def name(self) -> str:
        return "action_ask_application_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _ask)


class ActionCorrect(Action):
    """correct."""

    def name(self) -> str:
        return "action_correct"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _correct)


class ActionPause(Action):
    """pause."""

    def name(self) -> str:
        return "action_pause"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _pause)


class ActionResume(Action):
    """resume."""

    def name(self) -> str:
        return "action_resume"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _resume)


class ActionCancel(Action):
    """cancel."""

    def name(self) -> str:
        return "action_cancel"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _cancel)


class ActionWithdraw(Action):
    """withdraw."""

    def name(self) -> str:
        return "action_withdraw"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _withdraw)


class ActionConcludeApplication(Action):
    """After the form: nothing of it may leak into the next application."""

    def name(self) -> str:
        return "action_conclude_application"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return [SlotSet(one, None) for one in ("application_answer", "application_open", "item")]
