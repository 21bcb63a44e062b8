"""What of a case is in a department's own system."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc


class DepartmentCase(Base):
    """One case in a department's system.

    Attributes:
        system: the department's code.
        reference: theirs; None while it has not arrived.
        state: `integrations.ports.DeptState` as last said; None before anything was said.
        as_of: their moment of that state.
        reason: their words for a correction or a refusal; encrypted.
        ask_at: when their status is asked for next; None when nothing more will be said.
    """

    __tablename__ = "department_cases"
    __table_args__ = (Index("ix_department_cases_ask_at", "ask_at"),)

    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True
    )
    system: Mapped[str] = mapped_column(String(60))
    reference: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str | None] = mapped_column(String(12))
    as_of: Mapped[datetime | None] = mapped_column(Utc)
    reason: Mapped[Any | None] = mapped_column(Encrypted("department_cases.reason"))
    handed_at: Mapped[datetime | None] = mapped_column(Utc)
    asked_at: Mapped[datetime | None] = mapped_column(Utc)
    ask_at: Mapped[datetime | None] = mapped_column(Utc)
