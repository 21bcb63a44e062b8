"""A live call to a clerk at the online window (网上窗口), as far as identity needs it.

The call itself, pictures and sound, is the desk's business. What comes from it is a statement signed by
the desk: which session, which clerk, when, and whether the person was recognised.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from integrations.ports.relations import Named


class VideoState(StrEnum):
    """How far a session has come; the last three are final."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    MISSED = "missed"


@dataclass(frozen=True)
class VideoSession:
    """A place in the online window's queue.

    Attributes:
        id: the desk's; a random one, so that nobody finds another's.
        expires_at: when it ends by itself.
    """

    id: str
    expires_at: datetime


@dataclass(frozen=True)
class VideoStatement:
    """What the clerk stated at the end.

    Attributes:
        subject: the desk's own hash of the person that it was asked to recognise (`subject_of`).
        clerk: who confirmed, as the desk names its clerks.
        signed: the statement in the form that was signed, and its signature, to be kept.
    """

    session_id: str
    state: VideoState
    subject: str
    clerk: str
    at: datetime
    signed: str = field(repr=False)


class VideoDesk(Protocol):
    """The online window's desk."""

    async def open(self, *, person: Named, key: str) -> VideoSession:
        """Ask for a call in which this person is to be recognised; the same `key` is one session.

        Raises Unavailable (nobody is there, or the desk is down), Rejected.
        """
        ...

    async def outcome(self, session_id: str) -> VideoStatement | None:
        """The statement, once there is one; None while waiting.

        The signature has been checked against the desk's key; one that does not fit raises Rejected
        and is never a yes. Raises Unavailable.
        """
        ...

    def subject_of(self, person: Named) -> str:
        """How a statement names this person; to compare with, nothing else."""
        ...
