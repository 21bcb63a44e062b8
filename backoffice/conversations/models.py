"""Conversations (one visit each), their turns, messages and widgets."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc, new_id


class Conversation(Base):
    """One visit of one person on one channel.

    Attributes:
        token_hash: keyed hash of the bearer token.
        citizen_id: who signed in during this visit.
        application_id: the application the visit is working on.
        item_code: the item last spoken of, for "要带什么？" without a name.
        focus: a question that interrupts: `{"kind": …, …}`, encrypted; see `dialogue.focus`.
        device_id: the kiosk's device that the visit takes place at.
        origin: keyed hash of the address that the visit was opened from, for the limits on codes.
        memory: small facts of the visit (refusals, last reply to repeat), encrypted.
    """

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64))
    citizen_id: Mapped[str | None] = mapped_column(String(32), index=True)
    application_id: Mapped[str | None] = mapped_column(String(32), index=True)
    item_code: Mapped[str | None] = mapped_column(String(60))
    focus: Mapped[Any | None] = mapped_column(Encrypted("conversations.focus"))
    memory: Mapped[Any | None] = mapped_column(Encrypted("conversations.memory"))
    origin: Mapped[str | None] = mapped_column(String(64), index=True)
    device_id: Mapped[str | None] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    last_turn_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class Turn(Base):
    """One turn: what was sent, what was made of it, what was answered."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "turn_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    turn_id: Mapped[str] = mapped_column(String(64))
    request: Mapped[Any] = mapped_column(Encrypted("turns.request"))
    prepared: Mapped[Any | None] = mapped_column(Encrypted("turns.prepared"))
    reply: Mapped[Any | None] = mapped_column(Encrypted("turns.reply"))
    act: Mapped[str | None] = mapped_column(String(30))
    created_at: Mapped[datetime] = mapped_column(Utc)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)


class ActionOutcome(Base):
    """What an action answered in a turn, so that a repeated call does nothing twice."""

    __tablename__ = "action_outcomes"

    turn_pk: Mapped[int] = mapped_column(
        ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    action: Mapped[str] = mapped_column(String(60), primary_key=True)
    outcome: Mapped[Any] = mapped_column(Encrypted("action_outcomes.outcome"))


class Message(Base):
    """One bubble, in the order shown: the citizen's, the bot's, or a later notice.

    `key` is set for notices: a delivery repeated after a crash shows nothing twice.
    """

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    turn_pk: Mapped[int | None] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(10))
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    body: Mapped[Any] = mapped_column(Encrypted("messages.body"))
    at: Mapped[datetime] = mapped_column(Utc)


class Widget(Base):
    """Something shown to be done beside typing: photograph a card, sign, agree.

    Attributes:
        kind: as in the chat interface (`id_card_front`, `selfie`, `document`, …).
        target: the field, material or consent it is for.
        state: `open`, `done` or `declined`.
    """

    __tablename__ = "widgets"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    application_id: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(20))
    target: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default="open")
    issued_at: Mapped[datetime] = mapped_column(Utc)
    done_at: Mapped[datetime | None] = mapped_column(Utc)
