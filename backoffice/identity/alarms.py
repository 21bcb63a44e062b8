"""Attempts to get in as somebody else: refused where they happen, counted and told here.

A row, a log line (`identity.attack_suspected`) and a metric say the kind and the visit; never who was
meant, what was sent, or from which address.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from prometheus_client import Counter
from sqlalchemy import Index, String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Utc
from backoffice.logs import log

KEPT_FOR = timedelta(days=90)
SHOWN_FOR = timedelta(days=7)


class AlarmKind(StrEnum):
    """What was tried."""

    WRONG_CODE = "wrong_code"
    CODES_EXHAUSTED = "codes_exhausted"
    LIVE_FAILED = "live_failed"
    LIVE_EXHAUSTED = "live_exhausted"
    REPLAYED_FRAMES = "replayed_frames"
    REPLAYED_PICTURE = "replayed_picture"
    OLD_NONCE = "old_nonce"
    FACE_DIFFERS = "face_differs"
    FOREIGN_VISIT = "foreign_visit"
    FOREIGN_UPLOAD = "foreign_upload"
    FOREIGN_WIDGET = "foreign_widget"
    FOREIGN_FINGER = "foreign_finger"
    CONFIRM_FAILED = "confirm_failed"
    SIGNATURE_BROKEN = "signature_broken"


THRESHOLDS = {
    AlarmKind.WRONG_CODE: 50,
    AlarmKind.CODES_EXHAUSTED: 3,
    AlarmKind.LIVE_FAILED: 30,
    AlarmKind.LIVE_EXHAUSTED: 3,
    AlarmKind.REPLAYED_FRAMES: 1,
    AlarmKind.REPLAYED_PICTURE: 3,
    AlarmKind.OLD_NONCE: 10,
    AlarmKind.FACE_DIFFERS: 10,
    AlarmKind.FOREIGN_VISIT: 20,
    AlarmKind.FOREIGN_UPLOAD: 3,
    AlarmKind.FOREIGN_WIDGET: 3,
    AlarmKind.FOREIGN_FINGER: 1,
    AlarmKind.CONFIRM_FAILED: 10,
    AlarmKind.SIGNATURE_BROKEN: 1,
}
"""From how many in a day on somebody has to look; below it, people mistype and cameras fail."""

COUNTED = Counter(
    "xz_identity_alarms", "Refused attempts to get in as somebody else", ["kind"], registry=None
)


class IdentityAlarm(Base):
    """One refused attempt; holds nothing personal."""

    __tablename__ = "identity_alarms"
    __table_args__ = (Index("ix_identity_alarms_at", "at", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AlarmKind] = mapped_column(String(24))
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Utc)


async def sound(
    session: AsyncSession, kind: AlarmKind, *, now: datetime, conversation_id: str | None = None
) -> None:
    """Count an attempt that was refused."""
    session.add(IdentityAlarm(kind=kind, conversation_id=conversation_id, at=now))
    log("identity").warning(
        "identity.attack_suspected", kind=str(kind), conversation_id=conversation_id
    )
    COUNTED.labels(str(kind)).inc()


async def counts(session: AsyncSession, *, now: datetime) -> list[tuple[AlarmKind, int, int, bool]]:
    """Kind, how many in the last day, in the last week, and whether somebody has to look."""
    of_day = await _since(session, now - timedelta(days=1))
    of_week = await _since(session, now - SHOWN_FOR)
    return [
        (kind, of_day.get(kind, 0), of_week[kind], of_day.get(kind, 0) >= THRESHOLDS[kind])
        for kind in AlarmKind
        if of_week.get(kind)
    ]


async def _since(session: AsyncSession, begin: datetime) -> dict[AlarmKind, int]:
    rows = await session.execute(
        select(IdentityAlarm.kind, func.count())
        .where(IdentityAlarm.at > begin)
        .group_by(IdentityAlarm.kind)
    )
    return {AlarmKind(kind): int(count) for kind, count in rows}


async def forget_old_alarms(session: AsyncSession, *, now: datetime) -> None:
    """Delete what is past its time."""
    await session.execute(delete(IdentityAlarm).where(IdentityAlarm.at < now - KEPT_FOR))
