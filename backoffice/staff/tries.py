"""Wrong passwords: counted and held back for each account and address by itself.

Whoever guesses from elsewhere must not lock out the clerk at the hall, so a lock holds for the
address it was earned at. The sum over all addresses is kept for the administrator: many addresses
that guess at one account show there, in the audit trail and in the log.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.audit.services import Detail, record
from backoffice.crypto import keyed_hash
from backoffice.logs import log
from backoffice.staff.models import LogInTries, StaffUser

_FREE_TRIES = 5
_FIRST_LOCK = timedelta(minutes=1)
_LONGEST_LOCK = timedelta(hours=1)
_ALERT_EVERY = 20


async def count_try(
    session: AsyncSession, user: StaffUser, *, address: str, now: datetime
) -> str | None:
    """Count one attempt before its password is looked at; the caller has locked the user's row.

    Returns:
        The address as it is kept (keyed hash); None while this address must wait.
    """
    origin = keyed_hash("staff log-in", address)
    row = await session.get(LogInTries, (user.id, origin))
    if row is None:
        row = LogInTries(user_id=user.id, origin=origin, tries=0)
        session.add(row)
    elif row.locked_until is not None and row.locked_until > now:
        return None
    row.tries, row.last_at = row.tries + 1, now
    beyond = row.tries - _FREE_TRIES
    if beyond >= 0:
        row.locked_until = now + min(_FIRST_LOCK * 2 ** min(beyond, 10), _LONGEST_LOCK)
    await session.flush()
    await _note(session, user, row, now)
    return origin


async def _note(session: AsyncSession, user: StaffUser, row: LogInTries, now: datetime) -> None:
    """Put a lock, and every so many tries from anywhere, into audit trail and log."""
    counted = select(func.sum(LogInTries.tries), func.count()).where(LogInTries.user_id == user.id)
    tries, addresses = (await session.execute(counted)).one()
    if row.tries >= _FREE_TRIES:
        action = "staff.locked"
    elif tries % _ALERT_EVERY == 0:
        action = "staff.guessed"
    else:
        return
    detail: Detail = {"here": row.tries, "tries": int(tries), "addresses": int(addresses)}
    log("staff").warning(action, user_id=user.id, **detail)
    await record(session, actor="system", action=action, subject=user.actor, detail=detail, now=now)


async def forget_tries(session: AsyncSession, user_id: str, *, origin: str | None = None) -> None:
    """Begin counting anew: at one address after a success there, at all when origin is None."""
    gone = delete(LogInTries).where(LogInTries.user_id == user_id)
    await session.execute(gone if origin is None else gone.where(LogInTries.origin == origin))


async def wrong_tries(session: AsyncSession) -> Mapping[str, int]:
    """User id → attempts since the last success at their address, over all addresses."""
    rows = await session.execute(
        select(LogInTries.user_id, func.sum(LogInTries.tries)).group_by(LogInTries.user_id)
    )
    return {user_id: int(tries) for user_id, tries in rows}
