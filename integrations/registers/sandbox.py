"""Registers of the demonstration: they know the people of `data/demo/people.yml` and nobody else."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from integrations.faults import Faults
from integrations.ports import Answer, RegisterAnswer
from integrations.registers.people import DemoPerson


class _Sandbox:
    source = ""
    register = ""

    def __init__(
        self,
        people: Mapping[str, DemoPerson],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.faults = Faults()
        self._people = people
        self._now = now

    def check_config(self) -> list[str]:
        """What is wrong with the settings: nothing can be."""
        return []

    def _answer(self, id_no: str, yes: Callable[[DemoPerson], bool]) -> RegisterAnswer:
        self.faults.strike()
        person = self._people.get(id_no)
        if person is None or self.register in person.unknown_to:
            return RegisterAnswer(Answer.UNKNOWN, self.source, None)
        return RegisterAnswer(Answer.YES if yes(person) else Answer.NO, self.source, self._now())


class SandboxResidenceRegister(_Sandbox):
    """The `ResidenceRegister` port over the invented people."""

    source = "居住登记（演示数据）"
    register = "residence"

    async def registered_since(self, *, id_no: str, months: int, on: date) -> RegisterAnswer:
        """See `ResidenceRegister.registered_since`."""
        return self._answer(
            id_no,
            lambda p: p.registered_months_ago is not None and p.registered_months_ago >= months,
        )


class SandboxSocialInsuranceRegister(_Sandbox):
    """The `SocialInsuranceRegister` port over the invented people."""

    source = "社会保险缴费记录（演示数据）"
    register = "social_insurance"

    async def contributed(
        self, *, id_no: str, months: int, within_months: int, on: date
    ) -> RegisterAnswer:
        """See `SocialInsuranceRegister.contributed`; only the last twelve months are known."""
        if within_months != 12:
            return RegisterAnswer(Answer.UNKNOWN, self.source, None)
        return self._answer(
            id_no, lambda p: p.insured_months is not None and p.insured_months >= months
        )
