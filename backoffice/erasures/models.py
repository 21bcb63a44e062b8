"""The ledger of deletions: which id, what kind, when; never what was deleted."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Utc, new_id


class ErasureKind(StrEnum):
    """How much was asked to be deleted.

    `remembered`: templates of face and fingers; `faces`: those, and selfies with what was compared.
    """

    CITIZEN = "citizen"
    FACES = "faces"
    REMEMBERED = "remembered"


class Erasure(Base):
    """One deletion. Kept as long as any archive that holds what was deleted.

    Attributes:
        subject: the citizen's random id.
        exported_at: since when it also stands in the file beside the archives.
    """

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    kind: Mapped[ErasureKind] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Utc)
    exported_at: Mapped[datetime | None] = mapped_column(Utc, index=True)
