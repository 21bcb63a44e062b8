"""A person, a complaint, a queue number."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.perform import perform
from backoffice.dialogue import people, small
from backoffice.dialogue.talk import Talk


async def _human(talk: Talk, act: str, item: str | None) -> None:
    await people.ask_for_person(talk)


async def _complain(talk: Talk, act: str, item: str | None) -> None:
    await small.complain(talk)


async def _ticket(talk: Talk, act: str, item: str | None) -> None:
    await small.ticket(talk)


class ActionHuman(Action):
    """ask_human."""

    def name(self) -> str:
        return "action_human"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _human)


class ActionComplain(Action):
    """complain."""

    def name(self) -> str:
        return "action_complain"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _complain)


class ActionTicket(Action):
    """take_ticket, ask_queue."""

    def name(self) -> str:
        return "action_ticket"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _ticket)
