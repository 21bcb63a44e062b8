"""What the hall knows of the citizen."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.perform import perform
from backoffice.dialogue import records
from backoffice.dialogue.asking import ask_focus
from backoffice.dialogue.talk import Talk


async def _progress(talk: Talk, act: str, item: str | None) -> None:
    await records.tell_progress(talk)
    if talk.filling is None:
        await ask_focus(talk)


async def _records(talk: Talk, act: str, item: str | None) -> None:
    await records.tell_records(talk)
    if talk.filling is None:
        await ask_focus(talk)


class ActionProgress(Action):
    """ask_progress."""

    def name(self) -> str:
        return "action_progress"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _progress)


class ActionRecords(Action):
    """my_records."""

    def name(self) -> str:
        return "action_records"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _records)
