"""Registers of the demonstration: they know the people of `data/demo/people.yml` and nobody else."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from integrations.faults import Faults
from integrations.ports import Answer, Question, RegisterAnswer
from integrations.registers.people import DemoPerson

SOURCE = "登记系统（演示数据）"


class SandboxRegisters:
    """The `Registers` port over the invented people: what is not written of them is unknown."""

    def __init__(
        self,
        people: Mapping[str, DemoPerson],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.faults = Faults()
        self._people = people
        self._now = now

    async def ask(self, question: Question) -> RegisterAnswer:
        """See `Registers.ask`."""
        self.faults.strike()
        person = self._people.get(question.id_no)
        said = person.answers.get(question.name) if person else None
        if said is None:
            return RegisterAnswer(Answer.UNKNOWN, SOURCE, None)
        return RegisterAnswer(Answer(said), SOURCE, self._now())
