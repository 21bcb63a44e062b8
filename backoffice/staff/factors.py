"""The second factor of staff: one-time codes of an authenticator app (RFC 6238), recovery codes.

Enrolled by its owner, with the password; asked for again wherever something is signed. It counts by
the machine's time, like log-ins. A code is good once.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.audit.services import record
from backoffice.crypto import keyed_hash
from backoffice.db import Base, Encrypted, Utc
from backoffice.errors import CitizenError
from backoffice.staff.models import StaffUser

STEP_S = 30
_SECRET_BYTES = 20
_DIGITS = 6
_DRIFT = (0, -1, 1)
"""Steps that a phone's clock may be wrong by."""
_RECOVERY = 10
_ENROL_WITHIN = timedelta(minutes=30)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is easily confused on paper


class FactorMissing(CitizenError):
    """No second factor is enrolled."""

    code = "factor.missing"
    status = 409


class FactorWrong(CitizenError):
    """Not the code of now, or one used before."""

    code = "factor.wrong"


class FactorThere(CitizenError):
    """One is enrolled; an administrator takes away one that is lost."""

    code = "factor.there"
    status = 409


class StaffFactor(Base):
    """One person's authenticator.

    Attributes:
        secret: the shared secret, hex.
        confirmed_at: since when it counts; None while the first code has not been typed.
        last_step: the newest step of time whose code was used; it and earlier ones are spent.
    """

    __tablename__ = "staff_factors"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[Any] = mapped_column(Encrypted("staff_factors.secret"))
    made_at: Mapped[datetime] = mapped_column(Utc)
    confirmed_at: Mapped[datetime | None] = mapped_column(Utc)
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code on paper that stands in once for the authenticator; only its keyed hash is kept."""

    __tablename__ = "staff_recovery_codes"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(Utc)


async def has_factor(session: AsyncSession, user_id: str) -> bool:
    """Whether a second factor is enrolled and confirmed."""
    row = await session.get(StaffFactor, user_id)
    return row is not None and row.confirmed_at is not None


async def enrolled(session: AsyncSession) -> frozenset[str]:
    """Ids of all who have one, for the administrator."""
    rows = select(StaffFactor.user_id).where(StaffFactor.confirmed_at.is_not(None))
    return frozenset(await session.scalars(rows))


async def begin_enrolment(session: AsyncSession, user: StaffUser, *, now: datetime) -> str:
    """A fresh secret; the caller has seen the password.

    Returns:
        The address for an authenticator app (`otpauth://`), to be shown once as a QR code.

    Raises:
        FactorThere: one is confirmed.
    """
    row = await _locked(session, user.id)
    if row is not None and row.confirmed_at is not None:
        raise FactorThere
    secret = secrets.token_bytes(_SECRET_BYTES)
    if row is None:
        row = StaffFactor(user_id=user.id, last_step=0)
        session.add(row)
    row.secret, row.made_at = secret.hex(), now
    await session.flush()
    return _totp(secret).get_provisioning_uri(user.username, "小政后台")


async def confirm_enrolment(
    session: AsyncSession, user: StaffUser, code: str, *, now: datetime
) -> list[str]:
    """The first code shows that the app has the secret; from here it counts.

    Returns:
        The recovery codes; they are never shown again.

    Raises:
        FactorMissing: nothing was begun, or too long ago.
        FactorThere, FactorWrong: as they say.
    """
    row = await _locked(session, user.id)
    if row is None or now - row.made_at > _ENROL_WITHIN:
        raise FactorMissing
    if row.confirmed_at is not None:
        raise FactorThere
    _spend(row, code, now)
    row.confirmed_at = now
    codes = [_recovery_code() for _ in range(_RECOVERY)]
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    session.add_all(RecoveryCode(user_id=user.id, code_hash=_hash(user, one)) for one in codes)
    await session.flush()
    await _record(session, user, "enrolled", user.actor, now)
    return codes


async def require_factor(
    session: AsyncSession, user: StaffUser, code: str, *, now: datetime
) -> None:
    """The code of now, or a recovery code; used up by this.

    The caller counts attempts before (`count_attempt`): six digits can be guessed.

    Raises:
        FactorMissing, FactorWrong: as they say.
    """
    row = await _locked(session, user.id)
    if row is None or row.confirmed_at is None:
        raise FactorMissing
    given = "".join(code.split()).casefold()
    if given.isdecimal():
        _spend(row, given, now)
        await session.flush()
        return
    spent = await session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == _hash(user, given),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise FactorWrong
    await _record(session, user, "recovery_used", user.actor, now)


async def codes_left(session: AsyncSession, user_id: str) -> int:
    """How many recovery codes were not used yet."""
    rows = await session.scalars(
        select(RecoveryCode.code_hash).where(
            RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
        )
    )
    return len(list(rows))


async def take_away(
    session: AsyncSession, user: StaffUser, *, by: StaffUser, now: datetime
) -> None:
    """A lost one is taken away by an administrator; its owner enrols a new one."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    await session.execute(delete(StaffFactor).where(StaffFactor.user_id == user.id))
    await _record(session, user, "taken_away", by.actor, now)


async def ensure_demo_factor(
    session: AsyncSession, user: StaffUser, secret: bytes, *, now: datetime
) -> None:
    """The demonstration's head has one from the start, with a secret made at its first start."""
    row = await _locked(session, user.id)
    if row is None:
        row = StaffFactor(user_id=user.id, last_step=0)
        session.add(row)
    row.secret, row.made_at, row.confirmed_at = secret.hex(), now, row.confirmed_at or now
    await session.flush()


def code_at(secret: bytes, now: datetime) -> str:
    """The code of a moment: what the authenticator app shows."""
    return _totp(secret).generate(int(now.timestamp())).decode()


def _spend(row: StaffFactor, code: str, now: datetime) -> None:
    totp, moment = _totp(bytes.fromhex(row.secret)), int(now.timestamp())
    for drift in _DRIFT:
        step = moment // STEP_S + drift
        try:
            totp.verify(code.encode(), step * STEP_S)
        except InvalidToken:
            continue
        if step <= row.last_step:
            raise FactorWrong  # seen over a shoulder, or sent twice
        row.last_step = step
        return
    raise FactorWrong


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, _DIGITS, SHA1(), STEP_S)  # SHA-1 is what every authenticator app speaks


async def _locked(session: AsyncSession, user_id: str) -> StaffFactor | None:
    return await session.get(StaffFactor, user_id, with_for_update=True, populate_existing=True)


def _recovery_code() -> str:
    # begins with a letter, so that it is never taken for the authenticator's
    parts = ["".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3)]
    return f"{secrets.choice(_ALPHABET[:23])}{parts[0][1:]}-{parts[1]}-{parts[2]}"


def _hash(user: StaffUser, code: str) -> str:
    return keyed_hash("staff.recovery", f"{user.id}:{code}")


async def _record(
    session: AsyncSession, user: StaffUser, what: str, actor: str, now: datetime
) -> None:
    await record(session, actor=actor, action=f"factor.{what}", subject=user.actor, now=now)
