"""What the hall knows of the citizen."""

from actions.perform import Capability
from backoffice.dialogue import records
from backoffice.dialogue.asking import ask_outside_form
from backoffice.dialogue.talk import Talk


class ActionProgress(Capability):
    """ask_progress."""

    def name(self) -> str:
        return "action_progress"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await records.tell_progress(talk)
        await ask_outside_form(talk)


class ActionRecords(Capability):
    """my_records."""

    def name(self) -> str:
        return "action_records"

    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        await records.tell_records(talk)
        await ask_outside_form(talk)
