"""Citizens, the codes sent to them, what was proved, and what they consented to."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc, blind_of, new_id

_BY_PHONE = blind_of("phone", "citizens.phone")


class Citizen(Base):
    """A person who has signed in at least once, by phone or by card and face.

    Attributes:
        phone: 11 digits; one citizen per number. None for who signed in by card without a phone.
        phone_index: keyed hash of `phone` to look it up by.
        id_hash: keyed hash of the identity number that this person proved to be theirs with a
            live face; None until then. One citizen per number.
        last_seen_at: last sign-in; the retention of unused accounts counts from here.
    """

    __tablename__ = "citizens"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    phone: Mapped[Any | None] = mapped_column(Encrypted("citizens.phone"))
    phone_index: Mapped[str | None] = mapped_column(String(64), unique=True, info=_BY_PHONE)
    id_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    last_seen_at: Mapped[datetime] = mapped_column(Utc)


class SmsCode(Base):
    """One code sent to a phone. The code itself is nowhere but in the message.

    Attributes:
        number: the how-manieth code of this phone; unique with the phone, so that two requests at
            the same moment cannot both pass the limits.
        code_hash: keyed hash over the row's id and the code.
        tries: wrong guesses so far.
        closed_at: used, replaced by a newer code, or guessed too often; never opens again.
    """

    __tablename__ = "sms_codes"
    __table_args__ = (
        UniqueConstraint("phone_index", "number"),
        Index("ix_sms_codes_conversation", "conversation_id", "purpose"),
        Index("ix_sms_codes_sent_at", "sent_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    phone: Mapped[Any] = mapped_column(Encrypted("sms_codes.phone"))
    phone_index: Mapped[str] = mapped_column(String(64), info=_BY_PHONE)
    number: Mapped[int]
    purpose: Mapped[str] = mapped_column(String(20))
    conversation_id: Mapped[str] = mapped_column(String(32))
    code_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)


class ProofKind(StrEnum):
    """By what somebody showed who they are, or who looked.

    `card_back` is the side that says how long the card is good; `clerk` compared the pictures, `window` and `video` saw the person; `remembered` is a face found
    among those the hall was asked to remember.
    """

    SMS = "sms"
    ID_CARD = "id_card"
    CARD_BACK = "card_back"
    FACE = "face"
    FINGER = "finger"
    REMEMBERED = "remembered"
    POLICE = "police"
    CLERK = "clerk"
    WINDOW = "window"
    VIDEO = "video"


class Proof(Base):
    """One piece of evidence of who somebody is; never changed afterwards.

    Attributes:
        application_id: the application it was given for, when there was one.
        subject_hash: keyed hash of the identity number it is about (`evidence.subject_hash`).
        upload_ids: the pictures it rests on.
        result: `confirmed` (sms, remembered), `read`, `read_chip` or `doubtful` (card), `read`
            or `expired` (its back), `alike`,
            `unsure`, `different` or `not_compared` (face, finger), `yes`, `no` or `unknown`
            (police), `seen` (window, video), `same` (clerk). A face that was not shown to be alive
            is advice to a clerk, never a decision.
        detail: score, band, thresholds, model, liveness; never a picture or a face's vector.
        device: the device of ours that it was given at.
    """

    __tablename__ = "proofs"
    __table_args__ = (
        Index("ix_proofs_application", "application_id"),
        Index("ix_proofs_conversation", "conversation_id"),
        Index("ix_proofs_citizen", "citizen_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ProofKind] = mapped_column(String(12))
    conversation_id: Mapped[str] = mapped_column(String(32))
    application_id: Mapped[str | None] = mapped_column(String(32))
    citizen_id: Mapped[str | None] = mapped_column(String(32))
    subject_hash: Mapped[str | None] = mapped_column(String(64))
    device: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Utc)
    upload_ids: Mapped[Any] = mapped_column(Encrypted("proofs.upload_ids"))
    result: Mapped[str] = mapped_column(String(20))
    detail: Mapped[Any] = mapped_column(Encrypted("proofs.detail"))


class Consent(Base):
    """A yes or no to a use of somebody's data; the newest row of a kind counts.

    Attributes:
        kind: what was asked: `face` (compare it with the card), `recognise` (look for it among
            those remembered), `remember` (keep templates).
        text_version: which wording was shown; `words`, the wording itself.
        granted: False for a refusal and for a withdrawal.
        channel: where it was answered, as of a conversation.
    """

    __tablename__ = "consents"
    __table_args__ = (
        Index("ix_consents_conversation", "conversation_id"),
        Index("ix_consents_citizen", "citizen_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    text_version: Mapped[str] = mapped_column(String(20))
    words: Mapped[str | None] = mapped_column(Text)
    granted: Mapped[bool]
    channel: Mapped[str | None] = mapped_column(String(16))
    conversation_id: Mapped[str] = mapped_column(String(32))
    citizen_id: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Utc)


class LivenessChallenge(Base):
    """What somebody was asked to do in front of the camera; its id is the nonce. Used once.

    Attributes:
        subject_hash: whom who stands there says to be, as proofs name people.
        actions: `LiveAction` values in the order asked for.
        used_at: when frames were sent for it; from then on it opens nothing.
        outcome: `passed`, or why not (`LivenessReading.fault`); None while it is not known.
    """

    __tablename__ = "liveness_challenges"
    __table_args__ = (Index("ix_liveness_challenges_conversation", "conversation_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(String(32))
    application_id: Mapped[str | None] = mapped_column(String(32))
    widget_id: Mapped[str] = mapped_column(String(32))
    subject_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    actions: Mapped[Any] = mapped_column(JSON)
    issued_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    used_at: Mapped[datetime | None] = mapped_column(Utc)
    outcome: Mapped[str | None] = mapped_column(String(20))


class LiveFrame(Base):
    """The keyed digest of one frame sent for a challenge, to know it when it comes again."""

    __tablename__ = "live_frames"

    challenge_id: Mapped[str] = mapped_column(
        ForeignKey("liveness_challenges.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
