"""Answers about items and life situations."""

from actions.perform import Capability
from backoffice.dialogue import consult, small
from backoffice.dialogue.talk import Talk


class ActionAnswer(Capability):
    """All ask_* acts about an item."""

    def name(self) -> str:
        return "action_answer"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await consult.answer(talk, act, item)


class ActionFindItem(Capability):
    """describe_need."""

    def name(self) -> str:
        return "action_find_item"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await small.find_item(talk, item)
