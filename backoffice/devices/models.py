"""Devices, the nonces they used, and what they read."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc, new_id


class Device(Base):
    """One kiosk's daemon, known by its key.

    Attributes:
        id: thumbprint of the public key, see `signing.device_id`.
        kind: `kiosk`.
        public_key: 32 bytes of Ed25519, as hexadecimal digits.
        pairing_hash: keyed hash of the secret with which the kiosk's page begins visits here.
        card_reader_at: when the daemon last said that its card reader answers.
    """

    __tablename__ = "devices"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    public_key: Mapped[str] = mapped_column(String(64))
    pairing_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Utc)
    last_seen_at: Mapped[datetime | None] = mapped_column(Utc)
    card_reader_at: Mapped[datetime | None] = mapped_column(Utc)
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)


class DeviceNonce(Base):
    """A signature that was used. Kept for longer than a signature is fresh."""

    __tablename__ = "device_nonces"
    __table_args__ = (Index("ix_device_nonces_used_at", "used_at"),)

    device_id: Mapped[str] = mapped_column(
        ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True
    )
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(Utc)


class DeviceReading(Base):
    """What a device read for one widget, until the dialogue takes it (or for ten minutes).

    Attributes:
        widget_id: a widget gets one reading.
        content: the card's parts, see `backoffice.devices.readings`.
    """

    __tablename__ = "device_readings"
    __table_args__ = (Index("ix_device_readings_expires_at", "expires_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    widget_id: Mapped[str] = mapped_column(String(32), unique=True)
    content: Mapped[Any] = mapped_column(Encrypted("device_readings.content"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
