"""Delegations, and what was decided under them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc, new_id

_LIVE = text("state = 'live'")


class DelegationState(StrEnum):
    """How a delegation stands; only a live one decides anything, and only until its last day."""

    DRAFT = "draft"
    LIVE = "live"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Stopped(StrEnum):
    """Why a delegation was suspended or revoked."""

    HEAD = "head"
    RULE_CHANGED = "rule_changed"
    RECHECK = "recheck"
    TAMPERED = "tampered"


class Outcome(StrEnum):
    """What the robot did with a case; there is no third: it never refuses."""

    APPROVED = "approved"
    HANDED = "handed"


class Delegation(Base):
    """A head's grant of one item to the robot; at most one of an item is live.

    Attributes:
        terms: the limits, in the form of `rules.Terms`; never changed after the grant.
        rule_hash: SHA-256 of `rule`, over which it was signed; None while it is a draft.
        rule: everything that bears on a decision as it was when signed, canonical JSON.
        seal: keyed hash over terms, rule and signer; a row that was changed behind our back decides
            nothing.
        stopped_by: who suspended or revoked it: `staff:<id>`, or `system`.
        version: optimistic lock.
    """

    __tablename__ = "delegations"
    __table_args__ = (
        Index(
            "uq_delegations_live",
            "item_code",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    item_code: Mapped[str] = mapped_column(String(60), index=True)
    department: Mapped[str] = mapped_column(String(60))
    state: Mapped[DelegationState] = mapped_column(String(10), default=DelegationState.DRAFT)
    terms: Mapped[Any] = mapped_column(JSON)
    granted_by: Mapped[str] = mapped_column(String(32))
    granted_at: Mapped[datetime] = mapped_column(Utc)
    signed_by: Mapped[str | None] = mapped_column(String(32))
    signed_at: Mapped[datetime | None] = mapped_column(Utc)
    rule_hash: Mapped[str | None] = mapped_column(String(64))
    rule: Mapped[str | None] = mapped_column(Text)
    seal: Mapped[str | None] = mapped_column(String(64))
    stopped_at: Mapped[datetime | None] = mapped_column(Utc)
    stopped_by: Mapped[str | None] = mapped_column(String(60))
    stopped_why: Mapped[Stopped | None] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def actor(self) -> str:
        """How history and audit call the robot when it decides under this delegation."""
        return f"robot:{self.id}"


class RobotDecision(Base):
    """What the robot did with one case, and everything that it looked at; written once.

    Attributes:
        delegation_id: None when nobody had delegated the item.
        reason: why it was handed to a clerk (`judging.Reason`); None for an approval.
        about: which check, condition, field or paper the reason is about.
        person: keyed hash of the applicant's identity number, to count a person's approvals.
        day: the day in China, to count a day's approvals.
        used: what the decision rests on, frozen: see `deciding.frozen`.
        seal: keyed hash over the row and `used`; also in the audit trail.
        drawn: a person looks at it afterwards.
        agreed: what that person said; None while nobody has.
    """

    __tablename__ = "robot_decisions"
    __table_args__ = (
        Index("ix_robot_decisions_day", "item_code", "outcome", "day"),
        Index("ix_robot_decisions_person", "item_code", "outcome", "person"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), unique=True
    )
    delegation_id: Mapped[str | None] = mapped_column(ForeignKey("delegations.id"), index=True)
    item_code: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[Outcome] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(24))
    about: Mapped[str | None] = mapped_column(String(64))
    person: Mapped[str | None] = mapped_column(String(64))
    day: Mapped[date]
    at: Mapped[datetime] = mapped_column(Utc)
    used: Mapped[Any] = mapped_column(Encrypted("robot_decisions.used"))
    seal: Mapped[str] = mapped_column(String(64))
    drawn: Mapped[bool] = mapped_column(default=False)
    rechecked_at: Mapped[datetime | None] = mapped_column(Utc)
    rechecked_by: Mapped[str | None] = mapped_column(String(32))
    agreed: Mapped[bool | None]
    recheck_note: Mapped[Any | None] = mapped_column(Encrypted("robot_decisions.recheck_note"))
