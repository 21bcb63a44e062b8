"""Codes by SMS: who gets in, who does not, and what is kept of it."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from backoffice.conversations.services import open_conversation
from backoffice.db import Sessions
from backoffice.identity.errors import (
    CodeExpired,
    NoCodePending,
    PhoneNotMobile,
    TooManyCodes,
    TooManyTries,
    WrongCode,
)
from backoffice.identity.models import Citizen, Consent, Proof, SmsCode
from backoffice.identity.services import (
    CodeLimits,
    Confirmation,
    SignIn,
    code_pending,
    confirm_sign_in,
    consent_of,
    phone_of,
    record_consent,
    start_sign_in,
)
from backoffice.messages import has_text
from backoffice.outbox.models import OutboxEntry

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PHONE = "13912345678"


async def ask(
    sessions: Sessions, conversation: str, phone: str = PHONE, now: datetime = NOW
) -> SignIn:
    async with sessions.begin() as session:
        return await start_sign_in(session, phone=phone, conversation_id=conversation, now=now)


async def answer(
    sessions: Sessions, conversation: str, code: str, now: datetime = NOW
) -> Confirmation:
    async with sessions.begin() as session:
        return await confirm_sign_in(session, conversation_id=conversation, code=code, now=now)


async def sent(sessions: Sessions) -> list[Any]:
    async with sessions.begin() as session:
        rows = await session.scalars(select(OutboxEntry).order_by(OutboxEntry.id))
        return [row.payload for row in rows]


async def last_code(sessions: Sessions) -> str:
    return (await sent(sessions))[-1]["params"]["code"]


def other(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06d}"


async def test_the_right_code_makes_a_citizen_with_a_proof(
    sessions: Sessions, conversation_id: str
) -> None:
    started = await ask(sessions, conversation_id)
    assert started.expires_at == NOW + timedelta(minutes=5)
    assert started.resend_after == NOW + timedelta(minutes=1)
    code = await last_code(sessions)
    done = await answer(sessions, conversation_id, f"{code[:3]} {code[3:]}")
    assert done.fault is None and done.citizen is not None
    assert phone_of(done.citizen) == PHONE
    async with sessions.begin() as session:
        proof = (await session.scalars(select(Proof))).one()
    assert (proof.kind, proof.result, proof.citizen_id) == ("sms", "confirmed", done.citizen.id)


async def test_what_was_given_before_signing_in_becomes_the_citizens(
    sessions: Sessions, conversation_id: str
) -> None:
    async with sessions.begin() as session:
        for visit in (conversation_id, "another visit"):
            await record_consent(
                session, kind="face", granted=False, conversation_id=visit, now=NOW
            )
    await ask(sessions, conversation_id)
    citizen = (await answer(sessions, conversation_id, await last_code(sessions))).citizen
    assert citizen is not None
    async with sessions.begin() as session:
        owners = (await session.scalars(select(Consent.citizen_id).order_by(Consent.id))).all()
        refusal = await consent_of(session, kind="face", citizen_id=citizen.id)
    assert owners == [citizen.id, None]
    assert refusal is not None and not refusal.granted


async def test_the_message_asks_the_worker_for_the_template_with_code_and_minutes(
    sessions: Sessions, conversation_id: str
) -> None:
    await ask(sessions, conversation_id)
    (payload,) = await sent(sessions)
    assert payload["phone"] == PHONE and payload["template"] == "sign_in_code"
    assert payload["params"]["minutes"] == "5"
    assert len(payload["params"]["code"]) == 6 and payload["params"]["code"].isdigit()
    assert datetime.fromisoformat(payload["not_after"]) == NOW + timedelta(minutes=5)


async def test_signing_in_again_finds_the_same_citizen(
    sessions: Sessions, conversation_id: str
) -> None:
    found = []
    for hours in (0, 2):
        now = NOW + timedelta(hours=hours)
        await ask(sessions, conversation_id, now=now)
        found.append(
            (await answer(sessions, conversation_id, await last_code(sessions), now)).citizen
        )
    assert found[0] is not None and found[1] is not None
    assert found[0].id == found[1].id
    assert found[1].last_seen_at == NOW + timedelta(hours=2)


async def test_a_code_works_once(sessions: Sessions, conversation_id: str) -> None:
    await ask(sessions, conversation_id)
    code = await last_code(sessions)
    assert (await answer(sessions, conversation_id, code)).citizen is not None
    assert isinstance((await answer(sessions, conversation_id, code)).fault, NoCodePending)


async def test_a_code_expires_after_five_minutes(sessions: Sessions, conversation_id: str) -> None:
    await ask(sessions, conversation_id)
    code = await last_code(sessions)
    late = NOW + timedelta(minutes=5)
    assert isinstance((await answer(sessions, conversation_id, code, late)).fault, CodeExpired)
    assert isinstance((await answer(sessions, conversation_id, code)).fault, NoCodePending)


async def test_a_code_of_one_conversation_does_not_open_another(
    sessions: Sessions, conversation_id: str
) -> None:
    await ask(sessions, conversation_id)
    code = await last_code(sessions)
    assert isinstance((await answer(sessions, "another", code)).fault, NoCodePending)


async def test_five_wrong_tries_close_the_code_even_for_the_right_one(
    sessions: Sessions, conversation_id: str
) -> None:
    await ask(sessions, conversation_id)
    code = await last_code(sessions)
    left = []
    for n in range(1, 5):
        fault = (await answer(sessions, conversation_id, other(code, n))).fault
        assert isinstance(fault, WrongCode)
        left.append(fault.params["left"])
    assert left == [4, 3, 2, 1]
    assert isinstance((await answer(sessions, conversation_id, other(code))).fault, TooManyTries)
    assert isinstance((await answer(sessions, conversation_id, code)).fault, NoCodePending)


async def test_two_tries_at_the_same_moment_both_count(
    sessions: Sessions, conversation_id: str
) -> None:
    await ask(sessions, conversation_id)
    code = await last_code(sessions)
    await asyncio.gather(*(answer(sessions, conversation_id, other(code, n)) for n in range(1, 5)))
    async with sessions.begin() as session:
        assert (await session.scalars(select(SmsCode.tries))).one() == 4


async def test_a_day_of_guessing_ten_thousand_codes_gets_fifty_tries(
    sessions: Sessions, conversation_id: str
) -> None:
    """Who asks for a new code whenever allowed and guesses on: all but 50 guesses are worth nothing."""
    counted = guesses = 0
    now = NOW
    real: str | None = None
    while guesses < 10_000 and now < NOW + timedelta(hours=23):
        try:
            await ask(sessions, conversation_id, now=now)
            real = await last_code(sessions)
        except TooManyCodes as exc:
            now += timedelta(seconds=min(int(exc.params["wait_s"]), 3600))
        async with sessions.begin() as session:
            for _ in range(420):
                guesses += 1
                guess = other(real or "0", guesses % 999_999 + 1)
                done = await confirm_sign_in(
                    session, conversation_id=conversation_id, code=guess, now=now
                )
                assert done.citizen is None
                counted += isinstance(done.fault, WrongCode | TooManyTries)
                if isinstance(done.fault, NoCodePending):
                    guesses += 420  # the rest of this burst meets the same closed door
                    break
    assert guesses >= 10_000
    assert 0 < counted <= 50


@pytest.mark.parametrize(
    ("after", "allowed"),
    [(timedelta(seconds=59), False), (timedelta(seconds=60), True)],
)
async def test_one_code_a_minute_for_a_phone(
    sessions: Sessions, conversation_id: str, after: timedelta, allowed: bool
) -> None:
    await ask(sessions, "first")
    if allowed:
        await ask(sessions, conversation_id, now=NOW + after)
        return
    with pytest.raises(TooManyCodes) as caught:
        await ask(sessions, conversation_id, now=NOW + after)
    assert caught.value.params["wait_s"] == 1
    assert len(await sent(sessions)) == 1


async def test_five_codes_an_hour_and_ten_a_day_for_a_phone(sessions: Sessions) -> None:
    at = []
    for minute in range(0, 24 * 60, 2):
        try:
            await ask(sessions, f"visit {minute}", now=NOW + timedelta(minutes=minute))
            at.append(minute)
        except TooManyCodes:
            pass
    assert at == [0, 2, 4, 6, 8, 60, 62, 64, 66, 68]


async def test_one_conversation_cannot_message_many_strangers(
    sessions: Sessions, conversation_id: str
) -> None:
    for n in range(8):
        await ask(sessions, conversation_id, phone=f"1391234500{n}")
    with pytest.raises(TooManyCodes):
        await ask(sessions, conversation_id, phone="13912345009")
    assert len(await sent(sessions)) == 8


async def test_two_requests_at_the_same_moment_send_one_message(sessions: Sessions) -> None:
    done = await asyncio.gather(
        *(ask(sessions, f"visit {n}") for n in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, SignIn) for one in done) == 1
    assert sum(isinstance(one, TooManyCodes) for one in done) == 3
    assert len(await sent(sessions)) == 1


async def test_a_new_code_replaces_the_older(sessions: Sessions, conversation_id: str) -> None:
    await ask(sessions, conversation_id)
    old = await last_code(sessions)
    later = NOW + timedelta(minutes=1)
    await ask(sessions, conversation_id, now=later)
    new = await last_code(sessions)
    if old != new:
        done = await answer(sessions, conversation_id, old, later)
        assert isinstance(done.fault, WrongCode)
    assert (await answer(sessions, conversation_id, new, later)).citizen is not None


async def test_a_refused_request_leaves_the_earlier_code_working(
    sessions: Sessions, conversation_id: str
) -> None:
    await ask(sessions, conversation_id)
    code = await last_code(sessions)
    with pytest.raises(TooManyCodes):
        await ask(sessions, conversation_id, now=NOW + timedelta(seconds=5))
    async with sessions.begin() as session:
        assert await code_pending(session, conversation_id=conversation_id, now=NOW) is not None
    assert (await answer(sessions, conversation_id, code)).citizen is not None


@pytest.mark.parametrize(
    "phone", ["", "12345", "23912345678", "139123456789", "１３９１２３４５６７８"]
)
async def test_only_mobile_numbers_get_codes(
    sessions: Sessions, conversation_id: str, phone: str
) -> None:
    with pytest.raises(PhoneNotMobile):
        await ask(sessions, conversation_id, phone=phone)
    assert await sent(sessions) == []


async def test_neither_phone_nor_code_stands_in_the_database(
    sessions: Sessions, conversation_id: str
) -> None:
    await ask(sessions, conversation_id)
    code = await last_code(sessions)
    await answer(sessions, conversation_id, code)
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Citizen)) == 1
        for table in ("citizens", "sms_codes", "proofs", "outbox"):
            for row in await session.execute(text(f"select * from {table}")):
                whole = b"|".join(
                    bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row
                )
                assert PHONE.encode() not in whole
        hashes = (await session.scalars(select(SmsCode.code_hash))).all()
    # A plain hash of six digits is undone in a second; the kept one needs the installation's key.
    assert len(hashes[0]) == 64 and hashes[0] != hashlib.sha256(code.encode()).hexdigest()


@pytest.mark.parametrize(
    "error", [PhoneNotMobile, TooManyCodes, NoCodePending, CodeExpired, WrongCode, TooManyTries]
)
def test_every_failure_has_a_text(error: type) -> None:
    assert has_text(f"error.{error.code}")


async def _visit_from(sessions: Sessions, address: str) -> str:
    async with sessions.begin() as session:
        visit, _ = await open_conversation(session, channel="phone", now=NOW, address=address)
        return visit.id


async def test_one_address_cannot_send_codes_to_a_list_of_strangers(sessions: Sessions) -> None:
    limits = CodeLimits(address=((timedelta(hours=1), 3),))

    async def ask_from(address: str, number: int) -> None:
        visit = await _visit_from(sessions, address)
        async with sessions.begin() as session:
            await start_sign_in(
                session,
                phone=f"139123450{number:02d}",
                conversation_id=visit,
                now=NOW,
                limits=limits,
            )

    for number in range(3):
        await ask_from("198.51.100.7", number)
    with pytest.raises(TooManyCodes):
        await ask_from("198.51.100.7", 3)
    await ask_from("198.51.100.8", 4)
