"""What other authorities know: registers and the police."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class Answer(StrEnum):
    """What a register says to a yes/no question."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class RegisterAnswer:
    """A register's answer with where and how old it is."""

    answer: Answer
    source: str
    as_of: datetime | None


@dataclass(frozen=True)
class Question:
    """A yes/no question about one person.

    Attributes:
        name: the named check, `data/checks/`; also what the question is called on the wire.
        register: which register knows, for instance `residence` or `social_insurance`.
        id_no: whom it is about; a birth date or a certificate's number goes into `facts`.
        on: the day for which the answer is wanted.
        months: for how long something must have lasted, when the question has a length.
        within_months: the months before `on` that are looked at.
        facts: answers that the register needs beside the number.
    """

    name: str
    register: str
    id_no: str
    on: date
    months: int | None = None
    within_months: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Registers(Protocol):
    """The authorities' registers behind the province's data-sharing platform."""

    async def ask(self, question: Question) -> RegisterAnswer:
        """UNKNOWN when the register has no certain answer. Raises Unavailable, Rejected."""
        ...


@dataclass(frozen=True)
class PoliceAnswer:
    """What the police's check of a person (核验) says.

    Attributes:
        match: whether name and number belong together, and the photo to them when one was sent;
            UNKNOWN is no certain answer and must never be taken for YES.
        photo_score: how alike the photo is to the police's own, 0 to 1; None without a photo.
        reference: theirs, for the file.
        at: when they answered.
    """

    match: Answer
    photo_score: float | None
    reference: str
    at: datetime


class PoliceCheck(Protocol):
    """The public security's check of a person's name, number and photo (公安核验)."""

    async def verify(
        self, *, name: str, id_no: str, photo: bytes | None = None, key: str
    ) -> PoliceAnswer:
        """Ask once; the same `key` again is the same question. `photo`: a JPEG or PNG.

        Raises Unavailable (an outage is never a yes), Rejected.
        """
