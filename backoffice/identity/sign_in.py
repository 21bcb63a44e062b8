"""Signing in by a code sent to the phone."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.conversations.models import Conversation
from backoffice.crypto import blind_index
from backoffice.errors import CitizenError
from backoffice.identity.accounts import citizen_with_phone, phone_index
from backoffice.identity.alarms import AlarmKind, sound
from backoffice.identity.errors import (
    CodeExpired,
    NoCodePending,
    PhoneNotMobile,
    TooManyCodes,
    TooManyTries,
    WrongCode,
)
from backoffice.identity.models import Citizen, Consent, Proof, ProofKind, SmsCode
from backoffice.identity.proofs import keep_proof
from backoffice.logs import log
from backoffice.outbox.services import put
from backoffice.uploads.models import Upload

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=5)
MAX_TRIES = 5
PURPOSE_SIGN_IN = "sign_in"

Limits = tuple[tuple[timedelta, int], ...]
"""(within, at most), shortest span first."""


@dataclass(frozen=True)
class CodeLimits:
    """How many codes may be asked for, each limit as (span, most).

    Attributes:
        phone: ten codes of five tries each are at most 50 guesses a day among a million.
        address: one address may serve many (the hall's kiosks, a mobile network), but not open
            visit after visit to send messages to a list of strangers.
        guesses_of_phone, guesses_of_address: wrong codes, over all visits.
        conversation: one may mistype one's number, but not send messages to a list of strangers.
    """

    phone: Limits = (
        (timedelta(minutes=1), 1),
        (timedelta(hours=1), 5),
        (timedelta(days=1), 10),
    )
    conversation: Limits = ((timedelta(hours=1), 8), (timedelta(days=1), 12))
    address: Limits = ((timedelta(hours=1), 60), (timedelta(days=1), 400))
    guesses_of_phone: Limits = ((timedelta(hours=1), 20), (timedelta(days=1), 40))
    guesses_of_address: Limits = ((timedelta(hours=1), 100), (timedelta(days=1), 300))


_RACE = timedelta(seconds=30)
"""What the slower of two simultaneous requests is told to wait."""

GENEROUS = CodeLimits(
    phone=((timedelta(hours=1), 200),),
    conversation=((timedelta(hours=1), 200),),
    address=((timedelta(hours=1), 5000),),
)
"""For the demonstration, where nobody's phone rings."""

_MOBILE = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True)
class SignIn:
    """A code is on its way. `resend_after`: when the same phone may have another."""

    expires_at: datetime
    resend_after: datetime


@dataclass(frozen=True)
class Confirmation:
    """Outcome of a try: exactly one of the two is set.

    A fault is returned, not raised: the wrong try must be counted, and raising would roll the
    caller's transaction back.

    Attributes:
        citizen: who is now signed in.
        fault: WrongCode, CodeExpired, TooManyTries or NoCodePending, with the text's parameters.
    """

    citizen: Citizen | None = None
    fault: CitizenError | None = None


async def start_sign_in(
    session: AsyncSession,
    *,
    phone: str,
    conversation_id: str,
    now: datetime,
    limits: CodeLimits = CodeLimits(),
) -> SignIn:
    """Send a code to `phone` (11 digits); older codes of the conversation stop working.

    The message goes out through the outbox, kind `sms.send`; its payload's `not_after` says until
    when delivering it makes sense.

    Raises:
        PhoneNotMobile: not a mainland mobile number.
        TooManyCodes: limit reached; nothing was sent, an earlier code still works.
    """
    if not _MOBILE.fullmatch(phone):
        raise PhoneNotMobile
    index = phone_index(phone)
    await _check_limits(session, SmsCode.phone_index == index, limits.phone, now)
    await _check_limits(
        session, SmsCode.conversation_id == conversation_id, limits.conversation, now
    )
    origin = await session.scalar(
        select(Conversation.origin).where(Conversation.id == conversation_id)
    )
    if origin is not None:
        same = select(Conversation.id).where(Conversation.origin == origin)
        await _check_limits(session, SmsCode.conversation_id.in_(same), limits.address, now)
    for older in await _open_codes(session, conversation_id):
        older.closed_at = now
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row = await _store(session, phone, index, conversation_id, code, now)
    await put(
        session,
        kind="sms.send",
        key=f"sms_code:{row.id}",
        payload={
            "phone": phone,
            "template": "sign_in_code",
            "params": {"code": code, "minutes": str(CODE_LIFE // timedelta(minutes=1))},
            "not_after": row.expires_at.isoformat(),
        },
        now=now,
    )
    log("identity").info("sign_in.code_sent", conversation_id=conversation_id)
    return SignIn(
        expires_at=row.expires_at, resend_after=now + limits.phone[0][0] / limits.phone[0][1]
    )


async def confirm_sign_in(
    session: AsyncSession,
    *,
    conversation_id: str,
    code: str,
    now: datetime,
    limits: CodeLimits = CodeLimits(),
) -> Confirmation:
    """Try a code; see `Confirmation` for why faults are returned. Commit in every case.

    On success the citizen exists (made on the first sign-in), an `sms` proof is recorded, and the
    visit's proofs, consents and uploads are the citizen's. The caller binds the conversation and
    its draft.

    Args:
        code: what was typed, normalised to ASCII digits; spaces and hyphens do not matter.
    """
    newest = next(iter(await _open_codes(session, conversation_id)), None)
    if newest is None:
        return Confirmation(fault=NoCodePending())
    if await _guessed_too_often(session, newest, limits, now):
        newest.closed_at = now
        await sound(session, AlarmKind.CODES_EXHAUSTED, now=now, conversation_id=conversation_id)
        return Confirmation(fault=TooManyTries())
    if now >= newest.expires_at:
        newest.closed_at = now
        return Confirmation(fault=CodeExpired())
    typed = re.sub(r"[\s-]", "", code)
    if not hmac.compare_digest(_code_hash(newest.id, typed), newest.code_hash):
        newest.tries += 1
        await sound(session, AlarmKind.WRONG_CODE, now=now, conversation_id=conversation_id)
        if newest.tries >= MAX_TRIES:
            newest.closed_at = now
            log("identity").warning("sign_in.too_many_tries", conversation_id=conversation_id)
            return Confirmation(fault=TooManyTries())
        return Confirmation(fault=WrongCode(left=MAX_TRIES - newest.tries))
    newest.closed_at = now
    citizen = await citizen_with_phone(session, str(newest.phone), now=now)
    application_id = await session.scalar(
        select(Conversation.application_id).where(Conversation.id == conversation_id)
    )
    proof = Proof(
        kind=ProofKind.SMS,
        application_id=application_id,
        citizen_id=citizen.id,
        upload_ids=[],
        result="confirmed",
        detail={"tries": newest.tries + 1},
    )
    await keep_proof(session, proof, conversation_id=conversation_id, now=now)
    await adopt_what_was_given(session, conversation_id, citizen.id)
    log("identity").info(
        "sign_in.confirmed", conversation_id=conversation_id, citizen_id=citizen.id
    )
    return Confirmation(citizen=citizen)


async def adopt_what_was_given(
    session: AsyncSession, conversation_id: str, citizen_id: str
) -> None:
    """What was given in this visit before signing in belongs to the citizen from now on.

    So a refusal is not asked again next time, and deleting somebody's data finds all of it.
    """
    await session.flush()
    for table in (Proof, Consent, Upload):
        await session.execute(
            update(table)
            .where(table.conversation_id == conversation_id, table.citizen_id.is_(None))
            .values(citizen_id=citizen_id)
        )


async def code_pending(
    session: AsyncSession, *, conversation_id: str, now: datetime
) -> SmsCode | None:
    """The code this conversation can still be answered with, if any."""
    found = next(iter(await _open_codes(session, conversation_id)), None)
    return found if found is not None and now < found.expires_at else None


async def _guessed_too_often(
    session: AsyncSession, code: SmsCode, limits: CodeLimits, now: datetime
) -> bool:
    """Whether codes of this phone, or from this address, were guessed wrongly too often."""
    if await _wrong(session, SmsCode.phone_index == code.phone_index, limits.guesses_of_phone, now):
        return True
    origin = await session.scalar(
        select(Conversation.origin).where(Conversation.id == code.conversation_id)
    )
    if origin is None:
        return False
    same = select(Conversation.id).where(Conversation.origin == origin)
    here = SmsCode.conversation_id.in_(same)
    return await _wrong(session, here, limits.guesses_of_address, now)


async def _wrong(
    session: AsyncSession, whose: ColumnElement[bool], limits: Limits, now: datetime
) -> bool:
    for span, most in limits:
        tries = await session.scalar(
            select(func.sum(SmsCode.tries)).where(whose, SmsCode.sent_at > now - span)
        )
        if (tries or 0) >= most:
            return True
    return False


def _code_hash(row_id: str, code: str) -> str:
    # The row's id is the salt: equal codes of two people do not look equal.
    return blind_index("sms_codes.code", f"{row_id}:{code}")


async def _open_codes(session: AsyncSession, conversation_id: str) -> list[SmsCode]:
    """Codes not closed yet, newest first, locked: two tries at once must both count."""
    rows = await session.scalars(
        select(SmsCode)
        .where(
            SmsCode.conversation_id == conversation_id,
            SmsCode.purpose == PURPOSE_SIGN_IN,
            SmsCode.closed_at.is_(None),
        )
        .order_by(SmsCode.sent_at.desc())
        .with_for_update()
        # a row loaded earlier in this session may be older than what the lock let us see
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def _check_limits(
    session: AsyncSession, whose: ColumnElement[bool], limits: Limits, now: datetime
) -> None:
    longest = limits[-1][0]
    sent = list(
        await session.scalars(
            select(SmsCode.sent_at)
            .where(whose, SmsCode.sent_at > now - longest)
            .order_by(SmsCode.sent_at.desc())
        )
    )
    waits = [
        sent[most - 1] + span - now
        for span, most in limits
        if len(sent) >= most and sent[most - 1] > now - span
    ]
    if waits:
        raise _too_many(max(waits))


def _too_many(wait: timedelta) -> TooManyCodes:
    seconds = max(1, int(-(-wait.total_seconds() // 1)))
    return TooManyCodes(wait_s=seconds, wait_minutes=-(-seconds // 60))


async def _store(
    session: AsyncSession, phone: str, index: str, conversation_id: str, code: str, now: datetime
) -> SmsCode:
    number = await session.scalar(
        select(func.max(SmsCode.number)).where(SmsCode.phone_index == index)
    )
    row = SmsCode(
        id=secrets.token_urlsafe(16),
        phone=phone,
        phone_index=index,
        number=(number or 0) + 1,
        purpose=PURPOSE_SIGN_IN,
        conversation_id=conversation_id,
        sent_at=now,
        expires_at=now + CODE_LIFE,
    )
    row.code_hash = _code_hash(row.id, code)
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as exc:  # another request of the same phone was quicker
        raise _too_many(_RACE) from exc
    return row
