"""People who work in the hall, and their log-in sessions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc, new_id

ALL_DEPARTMENTS = "*"


class Role(StrEnum):
    """What somebody may do.

    A clerk handles cases and call-backs; a head also delegates to the robot and supervises what is
    overdue; an admin keeps accounts and the machinery; an auditor reads the audit trail and checks
    it. Admin and auditor see no citizen's data, and an auditor changes nothing.
    """

    CLERK = "clerk"
    HEAD = "head"
    ADMIN = "admin"
    AUDITOR = "auditor"


CASE_ROLES = frozenset({Role.CLERK, Role.HEAD})


class StaffUser(Base):
    """One account.

    Attributes:
        password_hash: argon2id.
        departments: codes of the departments whose items this person handles; `*` for all.
    """

    __tablename__ = "staff_users"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    display_name: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(String(10))
    departments: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Utc)

    @property
    def actor(self) -> str:
        """How history and audit call this person."""
        return f"staff:{self.id}"

    def handles(self, department: str) -> bool:
        """Whether this person handles items of the department."""
        return ALL_DEPARTMENTS in self.departments or department in self.departments


class LogInTries(Base):
    """Attempts at one account from one address since the last success there.

    Attributes:
        origin: keyed hash of the address.
        locked_until: no attempt from this address is looked at before.
    """

    __tablename__ = "staff_log_in_tries"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), primary_key=True
    )
    origin: Mapped[str] = mapped_column(String(64), primary_key=True)
    tries: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Utc, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(Utc)


class StaffSession(Base):
    """One log-in.

    Attributes:
        token_hash: SHA-256 of the token; the token itself is only in the cookie or the client.
        csrf_secret: what the session's CSRF token is made from.
        kind: `browser` (cookie, CSRF token needed) or `api` (Authorization: Bearer).
    """

    __tablename__ = "staff_sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_secret: Mapped[Any] = mapped_column(Encrypted("staff_sessions.csrf_secret"))
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(Utc)
    last_seen_at: Mapped[datetime] = mapped_column(Utc)
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)
