"""Tasks with their promise, and what log-in promises."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from backoffice.audit import AuditEntry
from backoffice.clock import CHINA
from backoffice.errors import Busy
from backoffice.retention import forget_log_in_tries
from backoffice.staff.models import StaffSession, StaffUser
from backoffice.staff.passwords import PasswordTooWeak, hash_password
from backoffice.staff.services import (
    ABSOLUTE,
    IDLE,
    attempt_succeeds,
    count_attempt,
    ensure_demo_staff,
    is_due_again,
    log_in,
    log_out,
    seen_again,
    set_active,
    staff_of,
)
from backoffice.staff.tries import wrong_tries
from backoffice.tasks import Task, TaskState, finish, open_task, take
from backoffice.tasks.services import OutcomeMissing
from bootstrap.container import Office
from gateway.staff import guard
from tests.staff.conftest import NOW, PASSWORD, Browser, FixedClock


async def _open(office: Office, key: str = "k", now: datetime = NOW) -> Task:
    async with office.sessions.begin() as session:
        return await open_task(
            session,
            kind="callback",
            conversation_id="c",
            application_id=None,
            item_code=None,
            phone="13800138000",
            summary="想问租约",
            now=now,
            calendar=office.calendar,
            key=key,
        )


async def test_the_same_wish_opens_one_task_promised_in_working_days(office: Office) -> None:
    friday = datetime(2026, 11, 20, 16, 0, tzinfo=CHINA)
    first, again = await _open(office, now=friday), await _open(office, now=friday)
    assert first.id == again.id
    assert first.promised_at is not None
    assert first.promised_at == datetime(2026, 11, 23, 18, 0, tzinfo=CHINA)
    assert str(first.promised_on) == "2026-11-23"


async def test_nothing_is_promised_without_a_holiday_list(office: Office) -> None:
    task = await _open(office, now=datetime(2031, 3, 3, 9, 0, tzinfo=CHINA))
    assert task.promised_at is None


async def test_a_task_has_one_holder_and_ends_with_a_word(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    task, chen, wu = await _open(office), staff["chen"], staff["wu"]
    for _ in range(2):
        async with office.sessions.begin() as session:
            assert (await take(session, task.id, staff=chen, now=NOW)).taken_by == chen.id
    for attempt in (take, finish):
        with pytest.raises(Busy):
            async with office.sessions.begin() as session:
                words = {"outcome": "x"} if attempt is finish else {}
                await attempt(session, task.id, staff=wu, now=NOW, **words)
    with pytest.raises(OutcomeMissing):
        async with office.sessions.begin() as session:
            await finish(session, task.id, staff=chen, outcome=" ", now=NOW)
    async with office.sessions.begin() as session:
        done = await finish(session, task.id, staff=chen, outcome="已回电", now=NOW)
    assert done.state == TaskState.DONE and done.outcome == "已回电"


async def _try(
    office: Office,
    password: str,
    now: datetime,
    username: str = " Chen ",
    address: str = "10.0.0.5",
) -> bool:
    async with office.sessions.begin() as session:
        attempt = await count_attempt(session, username=username, address=address, now=now)
    return attempt_succeeds(attempt, password)


async def test_after_five_wrong_passwords_even_the_right_one_must_wait_longer_each_time(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    for _ in range(5):
        assert not await _try(office, "wrong wrong wrong", NOW)
    assert not await _try(office, PASSWORD, NOW + timedelta(seconds=59))
    assert not await _try(office, "wrong wrong wrong", NOW + timedelta(seconds=61))
    assert not await _try(office, PASSWORD, NOW + timedelta(seconds=61 + 119))
    assert await _try(office, PASSWORD, NOW + timedelta(seconds=61 + 121))


async def test_guessing_from_elsewhere_does_not_lock_out_the_clerk_at_the_hall(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    for second in range(30):
        moment = NOW + timedelta(hours=2 * second)
        assert not await _try(office, "wrong wrong wrong", moment, address="203.0.113.9")
    last = NOW + timedelta(hours=58)
    assert not await _try(office, PASSWORD, last, address="203.0.113.9")
    assert await _try(office, PASSWORD, last, address="10.0.0.5")


async def test_guessing_from_many_addresses_is_told_and_outlasts_the_clerks_own_success(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    for number in range(20):
        await _try(office, "wrong wrong wrong", NOW, address=f"203.0.113.{number}")
    token = await _log_in(office)
    assert token
    async with office.sessions.begin() as session:
        entries = list(await session.scalars(select(AuditEntry)))
        (told,) = [one for one in entries if one.action == "staff.guessed"]
        assert told.subject == staff["chen"].actor and '"addresses":20' in told.detail
        assert not any("203.0.113" in one.detail for one in entries)
        assert (await wrong_tries(session))[staff["chen"].id] == 20
        await set_active(session, staff["chen"].id, active=True, by=staff["admin"], now=NOW)
        assert await wrong_tries(session) == {}


async def test_old_tries_are_forgotten(office: Office, staff: dict[str, StaffUser]) -> None:
    await _try(office, "wrong wrong wrong", NOW)
    for days, left in ((1, 1), (3, 0)):
        async with office.sessions.begin() as session:
            await forget_log_in_tries(session, wall_clock=NOW + timedelta(days=days))
            assert len(await wrong_tries(session)) == left


async def _log_in(office: Office, now: datetime = NOW) -> str:
    async with office.sessions.begin() as session:
        attempt = await count_attempt(session, username="chen", address="10.0.0.5", now=now)
        return (await log_in(session, attempt, kind="api", now=now)).token


async def _open_at(office: Office, token: str, now: datetime) -> bool:
    async with office.sessions.begin() as session:
        signed = await staff_of(session, token, now)
        if signed is not None and is_due_again(signed, now):
            await seen_again(session, signed, now)
        return signed is not None


async def test_a_session_ends_idle_and_in_any_case(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    token = await _log_in(office)
    assert not await _open_at(office, token, NOW + IDLE + timedelta(seconds=1))
    moment = NOW
    while moment + timedelta(minutes=25) < NOW + ABSOLUTE:
        moment += timedelta(minutes=25)
        assert await _open_at(office, token, moment)
    assert not await _open_at(office, token, NOW + ABSOLUTE + timedelta(seconds=1))


async def test_a_session_ends_by_log_out_and_by_closing_the_account(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    first, second = await _log_in(office), await _log_in(office)
    async with office.sessions.begin() as session:
        signed = await staff_of(session, first, NOW)
        assert signed is not None
        await log_out(session, signed, NOW)
    assert not await _open_at(office, first, NOW) and await _open_at(office, second, NOW)
    async with office.sessions.begin() as session:
        await set_active(session, staff["chen"].id, active=False, by=staff["admin"], now=NOW)
    assert not await _open_at(office, second, NOW)
    assert not await _try(office, PASSWORD, NOW)


async def test_neither_token_nor_password_is_stored(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    token = await _log_in(office)
    async with office.sessions.begin() as session:
        (row,) = await session.scalars(select(StaffSession))
        user = await session.get_one(StaffUser, row.user_id)
    assert token not in row.token_hash and user.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("password", ["short", "eleven char", "my name is chen!"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(PasswordTooWeak):
        hash_password(password, username="chen")


async def test_demo_staff_are_made_once_and_follow_the_printed_password(office: Office) -> None:
    for password in ("first password 1", "second password 2"):
        async with office.sessions.begin() as session:
            made = await ensure_demo_staff(session, {"clerk": password, "head": ""}, NOW)
        assert [user.username for user in made] == ["clerk"]
        assert await _try(office, password, NOW, "clerk")


@pytest.mark.parametrize("by_itself", [True, False])
async def test_a_page_left_open_that_looks_for_news_keeps_nobody_logged_in(
    office: Office,
    staff: dict[str, StaffUser],
    browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
    by_itself: bool,
) -> None:
    wall = FixedClock(datetime.now(UTC))
    monkeypatch.setattr(guard, "WALL", wall)
    clerk = browser()
    await clerk.log_in("chen")
    headers = {guard.HTMX: "true"} if by_itself else {}
    statuses = []
    for _ in range(4):
        wall.moment += IDLE / 3 + timedelta(seconds=1)
        statuses.append((await clerk.client.get("/staff/queue/bar", headers=headers)).status_code)
    assert statuses == ([200, 200, 401, 401] if by_itself else [200] * 4)
