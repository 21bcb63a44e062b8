"""Greetings, repeating, and what is not our business."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.perform import perform
from backoffice.dialogue import small
from backoffice.dialogue.talk import Talk


async def _small_talk(talk: Talk, act: str, item: str | None) -> None:
    await small.small_talk(talk, act)


async def _repeat(talk: Talk, act: str, item: str | None) -> None:
    await small.repeat(talk)


async def _out_of_scope(talk: Talk, act: str, item: str | None) -> None:
    await small.out_of_scope(talk)


class ActionSmallTalk(Action):
    """greet, goodbye, thank, ask_bot."""

    def name(self) -> str:
        return "action_small_talk"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _small_talk)


class ActionRepeat(Action):
    """repeat."""

    def name(self) -> str:
        return "action_repeat"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _repeat)


class ActionOutOfScope(Action):
    """out_of_scope."""

    def name(self) -> str:
        return "action_out_of_scope"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await perform(self.name(), tracker, dispatcher, _out_of_scope)
