"""Registers that know who is whose husband, mother or ward."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from integrations.ports.registers import Answer


class RelationRegister(StrEnum):
    """Which register is asked: 婚姻登记, 出生医学证明, 户籍."""

    MARRIAGE = "marriage"
    BIRTH = "birth"
    HOUSEHOLD = "household"


@dataclass(frozen=True, repr=False)
class Named:
    """A person as an identity card names them."""

    name: str
    id_no: str


@dataclass(frozen=True, repr=False)
class RelationQuestion:
    """Whether somebody is to another what they say.

    Attributes:
        relation: what `agent` is to `principal`: `spouse`, `parent`, `child`, `guardian`,
            `other_kin`.
        on: the day for which the answer is wanted: marriages end, wards come of age.
    """

    register: RelationRegister
    relation: str
    agent: Named
    principal: Named
    on: date

    def __repr__(self) -> str:
        return f"RelationQuestion({self.register}, {self.relation})"


@dataclass(frozen=True)
class RelationAnswer:
    """What the register says.

    Attributes:
        answer: UNKNOWN is no certain answer and must never be taken for YES.
        reference: theirs, for the file; empty when they gave none.
        as_of: how old the entry is; None when not known.
    """

    answer: Answer
    source: str
    reference: str
    as_of: datetime | None


class RelationRegisters(Protocol):
    """The registers of marriages, births and households, behind the data-sharing platform."""

    async def related(self, question: RelationQuestion, *, key: str) -> RelationAnswer:
        """Ask once; the same `key` again is the same question.

        NO only where the register knows both people and is certain. Raises Unavailable (an outage
        is never a yes), Rejected (not a name, not a number).
        """
        ...
