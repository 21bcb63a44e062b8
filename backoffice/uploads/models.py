"""The table of uploads; their bytes are encrypted files beside the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc, new_id


class Upload(Base):
    """One picture or paper as it is kept (re-encoded; never the bytes that came in).

    Attributes:
        kind: the widget's kind: `id_card_front`, `id_card_back`, `selfie`, `photo`, `document`,
            `material`, `signature`; or `id_card_chip`, the photo on a card's chip.
        mime: `image/jpeg`, `image/png` (signatures) or `application/pdf`.
        size: bytes before encryption.
        digest: keyed SHA-256 of the kept bytes.
        analysis: what reading it gave, by kind; see `backoffice.uploads.analysis`.
        expires_at: after this the worker deletes it, unless an application keeps it longer.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        Index("ix_uploads_conversation", "conversation_id", "created_at"),
        Index("ix_uploads_expires_at", "expires_at"),
        Index("ix_uploads_citizen", "citizen_id"),
        Index("ix_uploads_digest", "digest"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(String(32))
    application_id: Mapped[str | None] = mapped_column(String(32), index=True)
    widget_id: Mapped[str] = mapped_column(String(32), index=True)
    citizen_id: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(20))
    mime: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    analysis: Mapped[Any] = mapped_column(Encrypted("uploads.analysis"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
