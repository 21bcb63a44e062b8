"""Who asked to be remembered, what was taken of them, and who looked for a face."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, EncryptedTemplate, Utc, new_id


class Remembered(Base):
    """One person who asked to be remembered. No picture, no name: a template bound to an account.

    Attributes:
        subject_hash: keyed hash of the identity number that was proved (`evidence.subject_hash`).
        face: a packed `FaceTemplate`.
        consent_id: the row of the yes that it rests on.
        used_at: last confirmed recognition; the time of deletion counts from here.
    """

    __tablename__ = "remembered_people"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    citizen_id: Mapped[str] = mapped_column(String(32), unique=True)
    subject_hash: Mapped[str] = mapped_column(String(64))
    face: Mapped[bytes] = mapped_column(EncryptedTemplate("remembered_people.face"))
    consent_id: Mapped[int]
    enrolled_at: Mapped[datetime] = mapped_column(Utc)
    used_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc, index=True)


class RememberedFinger(Base):
    """One finger of somebody remembered.

    Attributes:
        number: 1 or 2; which finger of the hand it is, nobody needs to know.
        template: ISO/IEC 19794-2:2005.
        sure: pressed a second time, and both impressions matched. Until then it opens nothing.
    """

    __tablename__ = "remembered_fingers"

    person_id: Mapped[str] = mapped_column(
        ForeignKey("remembered_people.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    template: Mapped[bytes] = mapped_column(EncryptedTemplate("remembered_fingers.template"))
    sure: Mapped[bool] = mapped_column(default=False)
    taken_at: Mapped[datetime] = mapped_column(Utc)


class FaceLook(Base):
    """One look at the face in front of the camera, to find it or to remember it. No template.

    Attributes:
        purpose: `recognise` or `enrol`.
        citizen_id: who was proposed (`recognise`), or whose face it was (`enrol`).
        outcome: `found`, `not_found`, `unsure` (two people are meant), `enrolled`,
            `another_face` (not the one that was proved).
        detail: distance, band, thresholds, models, margin.
        fingers: how often a finger was laid on to confirm it and was not the one.
        confirmed_by: the kind of proof that confirmed it; None until then, and for good when it
            was dropped.
        closed_at: confirmed or dropped; opens nothing any more.
    """

    __tablename__ = "face_looks"
    __table_args__ = (
        Index("ix_face_looks_conversation", "conversation_id"),
        Index("ix_face_looks_citizen", "citizen_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(String(32))
    widget_id: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(12))
    citizen_id: Mapped[str | None] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(16))
    detail: Mapped[Any] = mapped_column(JSON)
    fingers: Mapped[int] = mapped_column(default=0)
    confirmed_by: Mapped[str | None] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)


class FingerPress(Base):
    """What came of one finger laid on for a widget, until the dialogue takes it. No template.

    Attributes:
        number: the finger that is being remembered; None when it was to confirm somebody.
        result: `kept`, `again` (not the same finger as before, or one that is known already),
            `alike`, `different`.
        detail: score, threshold, quality.
    """

    __tablename__ = "finger_presses"
    __table_args__ = (Index("ix_finger_presses_conversation", "conversation_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(String(32))
    widget_id: Mapped[str] = mapped_column(String(32))
    look_id: Mapped[str | None] = mapped_column(String(32))
    number: Mapped[int | None]
    result: Mapped[str] = mapped_column(String(12))
    detail: Mapped[Any] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Utc)
    taken_at: Mapped[datetime | None] = mapped_column(Utc)


class RememberedChange(Base):
    """That somebody's template came, changed or went: what the index of each process follows."""

    __tablename__ = "remembered_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32))
