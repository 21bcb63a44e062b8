"""Answers about items and life situations."""

from actions.perform import Capability
from backoffice.dialogue import choosing, consult, form, situations
from backoffice.dialogue.talk import Talk


class ActionAnswer(Capability):
    """All ask_* acts about an item."""

    leads = True

    def name(self) -> str:
        return "action_answer"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        if await form.take_as_not_asked(talk):
            return
        await consult.answer(talk, act, item)
        choosing.ask_choice_outside(talk)


class ActionFindItem(Capability):
    """describe_need."""

    def name(self) -> str:
        return "action_find_item"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        if await form.take_as_told(talk):
            return
        await situations.find_item(talk, item)
        choosing.ask_choice_outside(talk)
