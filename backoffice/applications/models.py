"""Applications (办件) with their answers, papers, checks, correction requests and history."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.applications.states import TRANSITIONS, State, Step
from backoffice.db import Base, Encrypted, Utc, new_id
from backoffice.errors import CitizenError


class StepNotAllowed(CitizenError):
    """The application is in a state that does not allow this step."""

    code = "application.step_not_allowed"
    status = 409


class Application(Base):
    """One citizen's application for one item, from the first answer on.

    Attributes:
        citizen_id: the signed-in applicant or agent; None while nobody has signed in.
        conversation_id: the conversation that holds the draft; moves with the citizen.
        item_version: fingerprint of the catalogue's item when the draft was begun.
        progress: what the dialogue remembers of the draft beside its answers (encrypted JSON):
            failed attempts, what was skipped, declined, read back and confirmed.
        due_on: last day of the promised time, once accepted (`clocks.set_clocks`, like the next two).
        lawful_on: last day of the statutory time, once accepted.
        act_by: the next day by which the authority has to do something; None while nothing runs,
            and where no day can be named.
        identity_way: version and way of the identity policy by which it was handed in.
        identity_then: what a clerk still has to do about who the person is (`policy.Then`); it
            stays when done, which a proof on record tells.
        version: optimistic lock; two clerks' clashing updates fail.
    """

    __tablename__ = "applications"
    __table_args__ = (
        Index("ix_applications_work_list", "state", "submitted_at"),
        Index("ix_applications_citizen", "citizen_id"),
        Index("ix_applications_updated", "updated_at"),
        Index("ix_applications_act_by", "state", "act_by"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    number: Mapped[str | None] = mapped_column(String(32), unique=True)
    item_code: Mapped[str] = mapped_column(String(60))
    item_version: Mapped[str] = mapped_column(String(64))
    citizen_id: Mapped[str | None] = mapped_column(String(32))
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[State] = mapped_column(String(20), default=State.DRAFT)
    progress: Mapped[Any | None] = mapped_column(Encrypted("applications.progress"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)
    submitted_at: Mapped[datetime | None] = mapped_column(Utc)
    accepted_at: Mapped[datetime | None] = mapped_column(Utc)
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    due_on: Mapped[date | None]
    lawful_on: Mapped[date | None]
    act_by: Mapped[date | None]
    identity_way: Mapped[str | None] = mapped_column(String(64))
    identity_then: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    def take(
        self, step: Step, *, actor: str, at: datetime, note: str | None = None
    ) -> "HistoryRow":
        """Move along the table of transitions and return the history row to be added.

        Args:
            actor: `citizen:<id>`, `staff:<id>`, `clock` or `robot`.
            note: words for the citizen (a refusal's reason); encrypted.

        Raises:
            StepNotAllowed: the pair is not in the table.
        """
        before = State(self.state)
        after = TRANSITIONS.get((before, step))
        if after is None:
            raise StepNotAllowed
        self.state, self.updated_at = after, at
        return HistoryRow(
            application_id=self.id,
            at=at,
            actor=actor,
            step=step,
            before=before,
            after=after,
            note=note,
        )


class AnswerRow(Base):
    """One answer of an application.

    Attributes:
        value: normal form, JSON (dates ISO, phone 11 digits, choice its value).
        source: `typed`, `id_card`, `login_account`, `register` …
        turn_id: the turn that gave it.
    """

    __tablename__ = "application_answers"

    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True
    )
    field: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(Encrypted("application_answers.value"))
    source: Mapped[str] = mapped_column(String(20))
    turn_id: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Utc)


class MaterialRow(Base):
    """One paper handed in or promised for an application.

    Attributes:
        state: `given` (uploaded), `bring` (to be brought to the window), `seen` (a clerk
            saw the original), `waived`.
    """

    __tablename__ = "application_materials"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), index=True
    )
    material: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10))
    upload_id: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Utc)


class CheckRow(Base):
    """What a register said, with source and age."""

    __tablename__ = "application_checks"
    __table_args__ = (UniqueConstraint("application_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    answer: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(80))
    as_of: Mapped[datetime | None] = mapped_column(Utc)
    asked_at: Mapped[datetime] = mapped_column(Utc)


class SupplementRow(Base):
    """A clerk's request to correct: everything at once (一次告知).

    Attributes:
        wanted: `[{"field": slug} | {"material": slug}, plus "reason": words]`, encrypted.
        late_reason: why something was not asked for the first time; encrypted.
    """

    __tablename__ = "application_supplements"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), index=True
    )
    wanted: Mapped[Any] = mapped_column(Encrypted("application_supplements.wanted"))
    late_reason: Mapped[Any | None] = mapped_column(
        Encrypted("application_supplements.late_reason")
    )
    requested_by: Mapped[str] = mapped_column(String(60))
    requested_at: Mapped[datetime] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)


class OpinionRow(Base):
    """What one of two people would decide; only when the other says the same it is decided.

    Attributes:
        decision: `approve`, `refuse` or `not_accept`.
        reason: the opinion's words, for the other; encrypted.
        lapsed_at: when it stopped counting: another opinion, a correction, a withdrawal.
        agreed_by: who said the same and so decided (staff id).
    """

    __tablename__ = "application_opinions"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), index=True
    )
    staff_id: Mapped[str] = mapped_column(String(32))
    by_head: Mapped[bool]
    decision: Mapped[str] = mapped_column(String(20))
    reason: Mapped[Any | None] = mapped_column(Encrypted("application_opinions.reason"))
    at: Mapped[datetime] = mapped_column(Utc)
    lapsed_at: Mapped[datetime | None] = mapped_column(Utc)
    agreed_by: Mapped[str | None] = mapped_column(String(32))
    agreed_at: Mapped[datetime | None] = mapped_column(Utc)


class HistoryRow(Base):
    """One step of an application; written in the step's own transaction, never changed."""

    __tablename__ = "application_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(Utc)
    actor: Mapped[str] = mapped_column(String(60))
    step: Mapped[Step] = mapped_column(String(24))
    before: Mapped[State] = mapped_column(String(20))
    after: Mapped[State] = mapped_column(String(20))
    note: Mapped[Any | None] = mapped_column(Encrypted("application_history.note"))
