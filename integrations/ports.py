"""What we need from the outside world, in our words.

Each port has a real adapter and a sandbox adapter that keeps the same promises; the bootstrap
chooses. Adapters may raise only the errors defined here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol


class IntegrationError(Exception):
    """Something outside went wrong."""

    retryable = False


class Unavailable(IntegrationError):
    """Time-out, connection refused, 5xx: the same call may succeed later."""

    retryable = True


class Rejected(IntegrationError):
    """The other side understood and said no; sending again will not help."""


@dataclass(frozen=True)
class Receipt:
    """The outside system's reference for something it accepted."""

    reference: str


class SmsSender(Protocol):
    """Short messages to a mobile phone."""

    async def send(self, *, phone: str, template: str, params: dict[str, str], key: str) -> Receipt:
        """Queue one message. The same `key` twice sends once. Raises Unavailable, Rejected."""
        ...


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
class CardReading:
    """What was read off the front of an identity card; a part that could not be read is None."""

    name: str | None
    sex: str | None
    ethnicity: str | None
    birth: date | None
    address: str | None
    id_no: str | None


@dataclass(frozen=True)
class FaceComparison:
    """How alike two faces are: advice, never a decision.

    Attributes:
        distance: the model's distance; smaller is more alike.
        band: `alike`, `unsure` or `different`, by the thresholds in force.
        model: name and version of the model.
        thresholds: distances up to which the bands `alike` and `unsure` reach.
    """

    distance: float
    band: Literal["alike", "unsure", "different"]
    model: str
    thresholds: tuple[float, float]


class Vision(Protocol):
    """Reading pictures. Slow (up to a second), so never in an event loop's own thread."""

    async def warm(self) -> None:
        """Get ready, so that the first picture does not wait. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Give back what `warm` took; may be used again afterwards."""
        ...

    async def read_card(self, image: bytes) -> CardReading:
        """Read the front of an identity card from a JPEG. Raises Unavailable."""
        ...

    async def count_faces(self, image: bytes) -> int:
        """How many faces are in a JPEG. Raises Unavailable."""
        ...

    async def compare_faces(self, reference: bytes, probe: bytes) -> FaceComparison | None:
        """Compare the largest face of each picture; None when one has none. Raises Unavailable."""
        ...


@dataclass(frozen=True)
class SealMark:
    """What the seal on a page looks like.

    Attributes:
        owner: whose seal it is.
        test: not a seal of an authority; the page must say so.
        drawn_by_service: the seal service draws it itself; otherwise the document draws it.
    """

    owner: str
    test: bool
    drawn_by_service: bool


@dataclass(frozen=True)
class SealedPdf:
    """A document whose bytes can no longer be changed unnoticed.

    Attributes:
        seal: how the seal service names the seal used.
    """

    pdf: bytes
    seal: str


class SealSigner(Protocol):
    """Electronic seals (电子印章) on documents."""

    def mark(self) -> SealMark:
        """What the seal looks like; does not ask the service."""
        ...

    async def seal(self, pdf: bytes, *, key: str) -> SealedPdf:
        """Seal one PDF. The same `key` again seals no second time where the service can tell.

        Raises Unavailable, Rejected (not a PDF).
        """
        ...
