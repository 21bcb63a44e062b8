"""A person, a complaint, a queue number."""

from actions.perform import Capability
from backoffice.dialogue import appointing, form, people, small
from backoffice.dialogue.asking import ask_outside_form
from backoffice.dialogue.talk import Talk


class ActionHuman(Capability):
    """ask_human."""

    def name(self) -> str:
        return "action_human"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await people.ask_for_person(talk)


class ActionComplain(Capability):
    """complain."""

    def name(self) -> str:
        return "action_complain"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await small.complain(talk)


class ActionTicket(Capability):
    """take_ticket, ask_queue."""

    leads = True

    def name(self) -> str:
        return "action_ticket"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        if await form.take_as_no_queueing(talk):
            return
        await appointing.serve(talk, act, talk.item(item))
        await ask_outside_form(talk)
