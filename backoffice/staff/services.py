"""Staff accounts and sessions."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.audit.services import record
from backoffice.errors import CitizenError, NotFound
from backoffice.staff.models import ALL_DEPARTMENTS, Role, StaffSession, StaffUser
from backoffice.staff.passwords import hash_password, password_matches
from backoffice.staff.tries import count_try, forget_tries

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=10)
_SEEN_EVERY = timedelta(minutes=1)


class LogInFailed(CitizenError):
    """Unknown user, wrong password, locked, or no longer active: all look the same."""

    code = "staff.log_in_failed"
    status = 401


class UsernameTaken(CitizenError):
    """There is an account of this name."""

    code = "staff.username_taken"
    status = 409


@dataclass(frozen=True)
class Attempt:
    """A log-in attempt that was counted and may now be looked at.

    Attributes:
        user_id: None when there is no such user, it is not active, or the address must wait.
        origin: keyed hash of the address.
    """

    user_id: str | None = None
    password_hash: str | None = None
    origin: str = ""


@dataclass(frozen=True)
class LoggedIn:
    """A fresh session; the token is shown only here."""

    user: StaffUser
    session_id: str
    token: str
    csrf_token: str


@dataclass(frozen=True)
class Signed:
    """Who is asking."""

    user: StaffUser
    session: StaffSession

    @property
    def csrf_token(self) -> str:
        """What every state-changing form of this session must carry."""
        return csrf_of(self.session)


async def count_attempt(
    session: AsyncSession, *, username: str, address: str, now: datetime
) -> Attempt:
    """First step of a log-in: count the attempt before the password is looked at.

    Counting first means that many guesses sent at once cannot all slip in before the lock.
    """
    user = await session.scalar(
        select(StaffUser).where(StaffUser.username == _normal(username)).with_for_update()
    )
    if user is None or not user.active:
        return Attempt()
    origin = await count_try(session, user, address=address, now=now)
    return Attempt() if origin is None else Attempt(user.id, user.password_hash, origin)


def attempt_succeeds(attempt: Attempt, password: str) -> bool:
    """Second step: look at the password. Slow on purpose; outside any transaction, in a thread."""
    return password_matches(attempt.password_hash, password)


async def log_in(session: AsyncSession, attempt: Attempt, *, kind: str, now: datetime) -> LoggedIn:
    """Third step, after `attempt_succeeds`: forget this address's tries and begin a session.

    Raises:
        LogInFailed: the account was closed meanwhile.
    """
    user = await session.get(StaffUser, attempt.user_id)
    if user is None or not user.active:
        raise LogInFailed
    await forget_tries(session, user.id, origin=attempt.origin)
    token = secrets.token_urlsafe(32)
    row = StaffSession(
        user_id=user.id,
        token_hash=_token_hash(token),
        csrf_secret=secrets.token_urlsafe(32),
        kind=kind,
        created_at=now,
        last_seen_at=now,
    )
    session.add(row)
    await session.flush()
    await record(
        session,
        actor=user.actor,
        action="staff.logged_in",
        subject=user.actor,
        detail={"kind": kind},
        now=now,
    )
    return LoggedIn(user, row.id, token, csrf_of(row))


async def staff_of(session: AsyncSession, token: str, now: datetime) -> Signed | None:
    """Who holds this token; None when it is unknown, expired or revoked, or the account closed."""
    row = await session.scalar(
        select(StaffSession).where(
            StaffSession.token_hash == _token_hash(token), StaffSession.revoked_at.is_(None)
        )
    )
    if row is None or now - row.last_seen_at > IDLE or now - row.created_at > ABSOLUTE:
        return None
    user = await session.get(StaffUser, row.user_id)
    if user is None or not user.active:
        return None
    return Signed(user, row)


def is_due_again(signed: Signed, now: datetime) -> bool:
    """Whether `seen_again` has something to write down; not at every request."""
    return now - signed.session.last_seen_at > _SEEN_EVERY


async def seen_again(session: AsyncSession, signed: Signed, now: datetime) -> None:
    """Note that the session is in use, so that it does not end as idle."""
    await session.execute(
        update(StaffSession).where(StaffSession.id == signed.session.id).values(last_seen_at=now)
    )


async def log_out(session: AsyncSession, signed: Signed, now: datetime) -> None:
    """End the session at once."""
    await session.execute(
        update(StaffSession).where(StaffSession.id == signed.session.id).values(revoked_at=now)
    )
    actor = signed.user.actor
    await record(session, actor=actor, action="staff.logged_out", subject=actor, now=now)


def csrf_of(session: StaffSession) -> str:
    """The session's CSRF token."""
    return hmac.new(str(session.csrf_secret).encode(), b"csrf", hashlib.sha256).hexdigest()


def csrf_matches(session: StaffSession, given: str | None) -> bool:
    """Whether a form or request carries this session's CSRF token; constant time."""
    if given is None or not given.isascii():
        return False
    return hmac.compare_digest(csrf_of(session).encode(), given.encode())


async def create_user(
    session: AsyncSession,
    *,
    username: str,
    display_name: str,
    password: str,
    role: Role,
    departments: Sequence[str],
    now: datetime,
    by: str = "system",
) -> StaffUser:
    """Open an account.

    Raises:
        PasswordTooWeak: see `hash_password`.
        UsernameTaken: the name is in use.
    """
    username = _normal(username)
    taken = select(StaffUser.id).where(StaffUser.username == username)
    if await session.scalar(taken) is not None:
        raise UsernameTaken
    user = StaffUser(
        username=username,
        display_name=display_name.strip(),
        password_hash=hash_password(password, username=username),
        role=role,
        departments=sorted(set(departments)),
        created_at=now,
    )
    session.add(user)
    await session.flush()
    await record(
        session,
        actor=by,
        action="staff.created",
        subject=user.actor,
        detail={"role": role.value, "departments": user.departments},
        now=now,
    )
    return user


async def set_active(
    session: AsyncSession, user_id: str, *, active: bool, by: StaffUser, now: datetime
) -> StaffUser:
    """Close or reopen an account; closing ends its sessions, reopening also lifts a lock.

    Raises:
        NotFound: no such account.
    """
    user = await session.get(StaffUser, user_id)
    if user is None:
        raise NotFound
    user.active = active
    if active:
        await forget_tries(session, user.id)
    else:
        await session.execute(
            update(StaffSession)
            .where(StaffSession.user_id == user.id, StaffSession.revoked_at.is_(None))
            .values(revoked_at=now)
        )
    action = "staff.reopened" if active else "staff.closed"
    await record(session, actor=by.actor, action=action, subject=user.actor, now=now)
    return user


async def list_users(session: AsyncSession) -> list[StaffUser]:
    """All accounts, by name."""
    return list(await session.scalars(select(StaffUser).order_by(StaffUser.username)))


_DEMO = (
    ("clerk", "陈晓敏", Role.CLERK),
    ("head", "黄志强", Role.HEAD),
    ("admin", "系统管理员", Role.ADMIN),
    ("auditor", "何敏仪", Role.AUDITOR),
)


async def ensure_demo_staff(
    session: AsyncSession, passwords: Mapping[str, str], now: datetime
) -> list[StaffUser]:
    """The demonstration's accounts (`clerk`, `head`, `admin`, `auditor`), made when missing.

    An existing account gets the given password, so that what the start prints is always true.

    Args:
        passwords: user name → password, generated at set-up; a name without one is left out.
    """
    made = []
    for username, display_name, role in _DEMO:
        password = passwords.get(username)
        if not password:
            continue
        found = await session.scalar(select(StaffUser).where(StaffUser.username == username))
        if found is None:
            found = await create_user(
                session,
                username=username,
                display_name=display_name,
                password=password,
                role=role,
                departments=[ALL_DEPARTMENTS],
                now=now,
            )
        elif not password_matches(found.password_hash, password):
            found.password_hash = hash_password(password, username=username)
        made.append(found)
    return made


def _normal(username: str) -> str:
    return username.strip().casefold()[:40]


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
