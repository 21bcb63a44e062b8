"""Greetings, repeating, and what is not our business."""

from actions.perform import Capability
from backoffice.dialogue import outside, small
from backoffice.dialogue.talk import Talk


class ActionSmallTalk(Capability):
    """greet, goodbye, thank, ask_bot."""

    def name(self) -> str:
        return "action_small_talk"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await small.small_talk(talk, act)


class ActionRepeat(Capability):
    """repeat."""

    def name(self) -> str:
        return "action_repeat"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await small.repeat(talk)


class ActionOutOfScope(Capability):
    """out_of_scope."""

    def name(self) -> str:
        return "action_out_of_scope"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await outside.out_of_scope(talk)
