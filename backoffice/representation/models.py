"""The record of one person acting for another in one application."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc, new_id


class Proved(StrEnum):
    """By what the relation is proved."""

    REGISTER = "register"
    ARCHIVE = "archive"
    CLERK = "clerk"


class Ended(StrEnum):
    """Why an authority ended before its last day.

    `replaced`: other people, another relation, or proved anew; `withdrawn` by either person;
    `refused`: a clerk looked and it is not so.
    """

    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


FOR_GOOD = frozenset({Ended.WITHDRAWN, Ended.REFUSED})
"""Ended by a person or a clerk: only a clerk begins it again."""


class Representation(Base):
    """Who acts for whom in one application, by what proof, for what and until when.

    Made when the relation was asked about; another person, relation or proof makes another row.

    Attributes:
        id: how the outside names it; `seq` says which is newer.
        citizen_id: the account of who acts.
        relation: what who acts is to the person; a relation of the rules.
        agent_hash, principal_hash: keyed hashes of both identity numbers, as `Citizen.id_hash`.
        people: `{"agent": {"name", "id_no"}, "principal": …}`.
        steps: what may be done (`rules.Step`), in this application only.
        rules_version: of the file that said so.
        proved: None while a clerk has to look at papers.
        detail: `asked` (what each register said: register, answer, source, reference, as_of),
            `papers` (upload ids, or `window`), `archive` (the earlier row), `judged` (clerk, papers
            by name), `child_consent` (text, version, time).
        expires_on: the last day that it counts.
        ended_by: `citizen:<id>` or `staff:<id>`.
    """

    __tablename__ = "representations"
    __table_args__ = (
        Index("ix_representations_application", "application_id"),
        Index("ix_representations_people", "agent_hash", "principal_hash"),
        Index("ix_representations_principal", "principal_hash"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True, default=new_id)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    citizen_id: Mapped[str | None] = mapped_column(String(32))
    relation: Mapped[str] = mapped_column(String(20))
    agent_hash: Mapped[str] = mapped_column(String(64))
    principal_hash: Mapped[str] = mapped_column(String(64))
    people: Mapped[Any] = mapped_column(Encrypted("representations.people"))
    steps: Mapped[Any] = mapped_column(JSON)
    rules_version: Mapped[str] = mapped_column(String(20))
    proved: Mapped[Proved | None] = mapped_column(String(12))
    detail: Mapped[Any] = mapped_column(Encrypted("representations.detail"))
    begun_at: Mapped[datetime] = mapped_column(Utc)
    proved_at: Mapped[datetime | None] = mapped_column(Utc)
    expires_on: Mapped[date]
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_why: Mapped[Ended | None] = mapped_column(String(12))
    ended_by: Mapped[str | None] = mapped_column(String(60))
