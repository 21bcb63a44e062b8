"""Answers about items and life situations."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.perform import perform
from backoffice.dialogue import consult, small
from backoffice.dialogue.talk import Talk


async def _answer(talk: Talk, act: str, item: str | None) -> None:
    await consult.answer(talk, act, item)


async def _find_item(talk: Talk, act: str, item: str | None) -> None:
    await small.find_item(talk, item)


class ActionAnswer(Action):
    """All ask_* acts about an item."""

    def name(self) -> str:
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _answer)


class ActionFindItem(Action):
    """describe_need."""

    def name(self) -> str:
        return "action_find_item"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _find_item)
