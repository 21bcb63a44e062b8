"""The tasks table."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.clock import china_date
from backoffice.db import Base, Encrypted, Utc, new_id


class TaskKind(StrEnum):
    """Why a person is needed.

    `recheck`: to look at what the robot approved; settled on that decision's page alone.
    `reminder`: a case's last day is near; `overdue`: it is over, which is the head's to deal with.
    """

    CALLBACK = "callback"
    APPOINTMENT = "appointment"
    COMPLAINT = "complaint"
    REVIEW = "review"
    RECHECK = "recheck"
    REMINDER = "reminder"
    OVERDUE = "overdue"


CLOCK_KINDS = frozenset({TaskKind.REMINDER, TaskKind.OVERDUE})
"""What a clock opened; it ends by itself with the step that was waited for."""
PEOPLE_KINDS = frozenset(TaskKind) - CLOCK_KINDS
PROMISED_KINDS = frozenset({TaskKind.CALLBACK, TaskKind.APPOINTMENT, TaskKind.COMPLAINT})
"""What a citizen was told a time for."""


class TaskState(StrEnum):
    """How far it is."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"


class Task(Base):
    """Something promised to a citizen that a person does.

    Attributes:
        key: the same key opens one task only.
        phone: number to call, if one was left.
        summary: what it is about, for the clerk.
        promised_at: by when we said it would be done; None when the holiday list does not reach so
            far, and then no moment may be named to the citizen.
        taken_by: staff user id.
        outcome: the clerk's note at the end.
        version: optimistic lock; two clerks cannot take one task.
    """

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_work_list", "state", "promised_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[TaskKind] = mapped_column(String(16))
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    application_id: Mapped[str | None] = mapped_column(String(32), index=True)
    item_code: Mapped[str | None] = mapped_column(String(60))
    phone: Mapped[Any | None] = mapped_column(Encrypted("tasks.phone"))
    summary: Mapped[Any | None] = mapped_column(Encrypted("tasks.summary"))
    state: Mapped[TaskState] = mapped_column(String(10), default=TaskState.OPEN)
    created_at: Mapped[datetime] = mapped_column(Utc)
    promised_at: Mapped[datetime | None] = mapped_column(Utc)
    taken_by: Mapped[str | None] = mapped_column(String(32))
    taken_at: Mapped[datetime | None] = mapped_column(Utc)
    done_at: Mapped[datetime | None] = mapped_column(Utc)
    outcome: Mapped[Any | None] = mapped_column(Encrypted("tasks.outcome"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def promised_on(self) -> date | None:
        """The promised day in China."""
        return china_date(self.promised_at) if self.promised_at else None
