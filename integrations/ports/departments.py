"""Departments' own systems: they are given case and papers, and say how far they are."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class DeptState(StrEnum):
    """How far a department's system is with a case."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    CORRECTION = "correction"
    APPROVED = "approved"
    REFUSED = "refused"

    @property
    def over(self) -> bool:
        """Whether nothing more will be said."""
        return self in (DeptState.APPROVED, DeptState.REFUSED)


@dataclass(frozen=True)
class DeptField:
    """One answer: our name for it, its label, and the answer in people's words."""

    name: str
    label: str
    value: str


@dataclass(frozen=True)
class DeptCase:
    """A case as it is handed over.

    Attributes:
        number: ours (`SW…`); a case whose number the system has is brought up to date.
        item: code of the item.
    """

    number: str
    item: str
    fields: tuple[DeptField, ...] = field(repr=False)


@dataclass(frozen=True)
class DeptPaper:
    """One page of a paper; `id` is the same for the same page."""

    id: str
    title: str
    mime: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class DeptStatus:
    """What the system says; `reason` where it wants a correction or refuses."""

    state: DeptState
    as_of: datetime
    reason: str | None = field(default=None, repr=False)


class DeptCases(Protocol):
    """The systems of all departments that have one, by their code."""

    async def submit(self, system: str, case: DeptCase, *, key: str) -> str:
        """Hand the case over; returns their reference, the same for the same number.

        Raises Unavailable, Rejected.
        """
        ...

    async def hand_paper(self, system: str, reference: str, paper: DeptPaper, *, key: str) -> None:
        """Add a page; one that is there stays. Raises Unavailable, Rejected (unknown reference)."""
        ...

    async def status(self, system: str, reference: str) -> DeptStatus | None:
        """How far it is; None when they know of no such case. Raises Unavailable, Rejected."""
        ...
