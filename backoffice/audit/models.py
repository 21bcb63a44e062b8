"""The audit trail's tables, and the database's own guard against changing it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, String, Text, event
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from backoffice.db import Base, Utc


class AuditEntry(Base):
    """One link of the chain.

    Attributes:
        seq: 1, 2, 3 … without a gap.
        actor: `staff:<id>`, `citizen:<id>`, `clock`, `robot` or `system`.
        action: `subject.verb`, for instance `case.approved`.
        subject: `application:<id>`, `task:<id>` …
        detail: canonical JSON; ids and codes only, never personal data.
        prev_hash: hash of the entry before (64 zeros for the first).
        hash: keyed hash over all the other columns.
    """

    __tablename__ = "audit_trail"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Utc)
    actor: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    detail: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The chain's end (one row): writers lock it in turn, and a cut-off tail is noticed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


def guard_statements(dialect: str) -> list[str]:
    """SQL that makes the database itself refuse UPDATE and DELETE on the trail.

    Args:
        dialect: `sqlite` or `postgresql`. Used by the tests' tables and by the migration.
    """
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER audit_trail_no_{verb.lower()} BEFORE {verb} ON audit_trail "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        "CREATE OR REPLACE FUNCTION audit_trail_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        "CREATE TRIGGER audit_trail_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON audit_trail FOR EACH STATEMENT EXECUTE FUNCTION audit_trail_refuse()",
    ]


@event.listens_for(AuditEntry.__table__, "after_create")
def _guard(_table: Any, connection: Connection, **_: Any) -> None:
    for statement in guard_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


@event.listens_for(AuditEntry, "before_update")
@event.listens_for(AuditEntry, "before_delete")
def _refuse(_mapper: Mapper[Any], _connection: Connection, _entry: AuditEntry) -> None:
    raise RuntimeError("the audit trail is append-only")
