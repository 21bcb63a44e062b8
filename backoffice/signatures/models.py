"""The table of signatures."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc, new_id


class Signature(Base):
    """One signature under one application; never changed, a new one makes another row.

    Attributes:
        field: the form's field that was signed.
        upload_id: the picture; `picture_digest` is its `Upload.digest` when it was signed.
        signer_hash: keyed hash of the number of whoever signed (`accounts.id_hash`); None where
            no number was known. With a proxy it is the proxy's.
        for_other: whether it was signed for somebody else.
        form_version: of the canonical form (`services.FORM_VERSION`).
        content_hash: SHA-256, keyed, of what was signed in canonical form.
        document: what was signed in canonical form, and the lines that were shown.
        strokes: the pen's movement; None when only a picture was sent.
        seal: keyed hash over all of this: a row changed by any other hand is refused.
    """

    __tablename__ = "signatures"
    __table_args__ = (Index("ix_signatures_application", "application_id", "field"),)

    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True, default=new_id)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(60))
    upload_id: Mapped[str] = mapped_column(String(32))
    signer_hash: Mapped[str | None] = mapped_column(String(64))
    for_other: Mapped[bool]
    form_version: Mapped[str] = mapped_column(String(20))
    content_hash: Mapped[str] = mapped_column(String(64))
    picture_digest: Mapped[str] = mapped_column(String(64))
    document: Mapped[Any] = mapped_column(Encrypted("signatures.document"))
    strokes: Mapped[Any | None] = mapped_column(Encrypted("signatures.strokes"))
    signed_at: Mapped[datetime] = mapped_column(Utc)
    seal: Mapped[str] = mapped_column(String(64))
