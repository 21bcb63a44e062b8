"""Results (办理结果) and their documents."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Dialect, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.crypto import keys
from backoffice.db import Base, Encrypted, Utc, new_id


class Status(StrEnum):
    """Whether a result still counts. Expiry is a matter of the clock, not of status."""

    VALID = "valid"
    REVOKED = "revoked"


class Revocation(StrEnum):
    """Why a result no longer counts; said publicly, so a closed list without personal data."""

    ISSUED_IN_ERROR = "issued_in_error"
    FALSE_PAPERS = "false_papers"
    CIRCUMSTANCES_CHANGED = "circumstances_changed"
    HOLDER_REQUEST = "holder_request"
    REPLACED = "replaced"


class EncryptedBytes(Encrypted):
    """A file, encrypted at rest and bound to its column."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else keys().encrypt(value, self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else keys().decrypt(bytes(value), self.context)


class Result(Base):
    """What the hall issued on one approved application.

    Attributes:
        code: 20 characters, random, on the document and in the page's address (`/v/<code>`).
        item: the catalogue's code; kind of result.
        status_index: place in the published status list.
        subject: what the document says (encrypted JSON): `{"holder", "id_no", "application",
            "authority", "legal_status", "accepted_by", "made_by", "lines": [[label, value]]}`.
        credential: the signed token in Base32 (encrypted: it names the holder, masked).
        revoked_by: `staff:<id>`; the public sees only when and why.
        revoked_note: the reason in words, for the holder and for staff, never for the public.
    """

    __tablename__ = "results"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.id"), unique=True)
    citizen_id: Mapped[str | None] = mapped_column(String(32), index=True)
    item: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(120))
    status_index: Mapped[int] = mapped_column(unique=True)
    subject: Mapped[Any] = mapped_column(Encrypted("results.subject"))
    credential: Mapped[Any] = mapped_column(Encrypted("results.credential"))
    issued_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime | None] = mapped_column(Utc)
    status: Mapped[Status] = mapped_column(String(10), default=Status.VALID)
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)
    revoked_reason: Mapped[Revocation | None] = mapped_column(String(30))
    revoked_by: Mapped[str | None] = mapped_column(String(60))
    revoked_note: Mapped[Any | None] = mapped_column(Encrypted("results.revoked_note"))


class ResultDocument(Base):
    """The PDF of a result; apart, so that lists of results do not load it.

    Attributes:
        seal: who sealed it, as the seal service names itself; None while unsealed.
    """

    __tablename__ = "result_documents"

    result_id: Mapped[str] = mapped_column(
        ForeignKey("results.id", ondelete="CASCADE"), primary_key=True
    )
    pdf: Mapped[Any] = mapped_column(EncryptedBytes("result_documents.pdf"))
    seal: Mapped[str | None] = mapped_column(String(120))
    made_at: Mapped[datetime] = mapped_column(Utc)
