"""The registers of the demonstration: `data/demo/relations.yml`, and nothing else.

Both people must be among the invented ones, under their right names.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from integrations.faults import Faults
from integrations.ports import Answer, Named, RelationAnswer, RelationQuestion, RelationRegister
from integrations.registers.people import DemoPerson, IdNumber
from integrations.relations.question import check_question

SOURCE = "登记系统（演示数据）"
_OF_AGE = 18
_INVERSE = {"parent": "child", "child": "parent", "spouse": "spouse", "other_kin": "other_kin"}


class DemoRelation(BaseModel):
    """One entry: `who` is `relation` of `of`, as the register `source` has it; or certainly not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: RelationRegister
    who: IdNumber
    relation: Literal["spouse", "parent", "child", "guardian", "other_kin"]
    of: IdNumber
    answer: Literal["yes", "no"] = "yes"


def load_relations(file: Path, people: Mapping[str, DemoPerson]) -> list[DemoRelation]:
    """The entries.

    Raises:
        ValueError: not in this form, or of somebody whom `people` does not have.
    """
    entries = yaml.safe_load(file.read_text("utf-8"))["relations"]
    found = [DemoRelation.model_validate(entry) for entry in entries]
    for one in found:
        if one.who not in people or one.of not in people:
            raise ValueError(f"{file.name}: 关系里的人不在演示人物里")
    return found


class SandboxRelations:
    """The `RelationRegisters` port over the invented families."""

    def __init__(
        self,
        people: Mapping[str, DemoPerson],
        relations: list[DemoRelation],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.faults = Faults()
        self._people = people
        self._now = now
        self._entries: dict[tuple[str, str, str, str], str] = {}
        for one in relations:
            self._entries[one.source, one.who, one.relation, one.of] = one.answer
            if (inverse := _INVERSE.get(one.relation)) is not None:
                self._entries[one.source, one.of, inverse, one.who] = one.answer

    async def related(self, question: RelationQuestion, *, key: str) -> RelationAnswer:
        """See `RelationRegisters.related`."""
        check_question(question)
        self.faults.strike()
        answer = self._look_up(question)
        if answer is Answer.UNKNOWN:
            return RelationAnswer(answer, SOURCE, "", None)
        reference = f"sandbox-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        return RelationAnswer(answer, SOURCE, reference, self._now())

    def _look_up(self, question: RelationQuestion) -> Answer:
        if not (self._knows(question.agent) and self._knows(question.principal)):
            return Answer.UNKNOWN
        relation = question.relation
        if relation == "guardian" and _minor(question.principal.id_no, question.on):
            relation = "parent"  # 民法典 第二十七条: the parents of a minor are the guardians
        said = self._entries.get(
            (question.register, question.agent.id_no, relation, question.principal.id_no)
        )
        return Answer(said) if said is not None else Answer.UNKNOWN

    def _knows(self, person: Named) -> bool:
        known = self._people.get(person.id_no)
        return known is not None and known.name == person.name


def _minor(id_no: str, on: date) -> bool:
    born = date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) < _OF_AGE
