"""Is this result genuine, unaltered and still valid? What the public page and its API answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.results.credential import Issuer
from backoffice.results.masking import mask_name
from backoffice.results.models import Result, Revocation, Status
from backoffice.results.validity import standing
from catalogue.schema import ServiceItem
from verifier import (
    Altered,
    Claims,
    OtherKey,
    check_token,
    code_is_wellformed,
    encode_text,
    normalise_code,
    read_text,
)


class Outcome(StrEnum):
    """What was found; each has its own words in `data/messages/results.yml`."""

    GENUINE = "genuine"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ALTERED = "altered"
    OTHER_KEY = "other_key"
    TEST_KEY = "test_key"
    UNKNOWN = "unknown"
    MISTYPED = "mistyped"


ON_RECORD = frozenset({Outcome.GENUINE, Outcome.EXPIRED, Outcome.REVOKED})
"""Outcomes that may show what the record says."""


@dataclass(frozen=True)
class Facts:
    """What may be shown to anybody: the holder is masked."""

    code: str
    title: str
    item_name: str
    authority: str
    legal_status: str
    accepted_by: str
    holder: str
    id_tail: str
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: Revocation | None


@dataclass(frozen=True)
class Verdict:
    """The answer to one check.

    Attributes:
        signature_checked: a token was presented and its signature is good; otherwise only the
            record was looked up by the code.
        test: signed by the key of a demonstration: no legal force.
        facts: only with an outcome in `ON_RECORD`.
    """

    outcome: Outcome
    checked_at: datetime
    signature_checked: bool = False
    test: bool = False
    facts: Facts | None = None


async def verify(
    session: AsyncSession,
    *,
    code: str | None,
    credential: str | None,
    issuer: Issuer,
    now: datetime,
) -> Verdict:
    """Check what somebody was shown.

    Args:
        code: as typed, or the whole address off a QR code.
        credential: the token in Base32, or the whole address off a QR code.
    """
    shown = read_text(credential) if credential else read_text(code or "")
    typed = read_text(code).code if code else shown.code
    if shown.damaged or (credential and shown.token is None):
        return Verdict(Outcome.ALTERED, now)
    if shown.token is not None:
        return await _by_token(session, shown.token, typed or shown.code, issuer, now)
    return await _by_code(session, typed, issuer, now)


async def _by_token(
    session: AsyncSession, token: bytes, code: str | None, issuer: Issuer, now: datetime
) -> Verdict:
    try:
        claims, key = check_token(token, issuer.key_set())
    except Altered:
        return Verdict(Outcome.ALTERED, now)
    except OtherKey as exc:
        return Verdict(await _not_ours(session, exc, code), now)
    if code is not None and normalise_code(code) != claims.code:
        # A good token of one result under the code of another.
        return Verdict(Outcome.ALTERED, now, signature_checked=True)
    result = await _find(session, claims.code)
    if result is None:
        return Verdict(Outcome.UNKNOWN, now, signature_checked=True, test=key.test)
    if not _says_the_same(result, claims) or encode_text(token) != result.credential:
        return Verdict(Outcome.ALTERED, now, signature_checked=True)
    return _verdict(result, now, signature_checked=True, test=key.test)


async def _not_ours(session: AsyncSession, found: OtherKey, code: str | None) -> Outcome:
    # The key's name may be what was altered: then the code it stands under is one of ours.
    for candidate in (code, found.code):
        known = normalise_code(candidate or "")
        if code_is_wellformed(known) and await _find(session, known) is not None:
            return Outcome.ALTERED
    return Outcome.TEST_KEY if found.test else Outcome.OTHER_KEY


async def _by_code(
    session: AsyncSession, code: str | None, issuer: Issuer, now: datetime
) -> Verdict:
    if not code or not code_is_wellformed(code):
        return Verdict(Outcome.MISTYPED, now)
    result = await _find(session, code)
    if result is None:
        return Verdict(Outcome.UNKNOWN, now)
    return _verdict(result, now, signature_checked=False, test=issuer.test)


async def _find(session: AsyncSession, code: str) -> Result | None:
    found: Result | None = await session.scalar(select(Result).where(Result.code == code))
    return found


def _says_the_same(result: Result, claims: Claims) -> bool:
    return (claims.item, claims.title, claims.status_index) == (
        result.item,
        result.title,
        result.status_index,
    )


def _verdict(result: Result, now: datetime, *, signature_checked: bool, test: bool) -> Verdict:
    found = standing(revoked=result.status == Status.REVOKED, expires_at=result.expires_at, now=now)
    outcome = Outcome.GENUINE if found == "valid" else Outcome(found)
    return Verdict(outcome, now, signature_checked, test, _facts(result))


def _facts(result: Result) -> Facts:
    said = result.subject
    return Facts(
        code=result.code,
        title=result.title,
        item_name=said["item_name"],
        authority=said["authority"],
        legal_status=said["legal_status"],
        accepted_by=said["accepted_by"],
        holder=mask_name(said["holder"]),
        id_tail=said["id_no"][-4:],
        issued_at=result.issued_at,
        expires_at=result.expires_at,
        revoked_at=result.revoked_at,
        revoked_reason=None if result.revoked_reason is None else Revocation(result.revoked_reason),
    )


async def status_token(session: AsyncSession, *, issuer: Issuer, now: datetime) -> bytes:
    """The signed list of revoked results as of now, for offline checkers."""
    issued = await session.scalar(select(func.max(Result.status_index)))
    revoked = await session.scalars(
        select(Result.status_index).where(Result.status == Status.REVOKED)
    )
    return issuer.sign_status(revoked, 0 if issued is None else issued + 1, now)


def papers(items: Mapping[str, ServiceItem]) -> dict[str, dict[str, str]]:
    """What the hall's documents mean, by item, published beside the keys."""
    return {
        code: {
            "legal_status": item.result.document.legal_status,
            "accepted_by": item.result.document.accepted_by,
        }
        for code, item in items.items()
        if item.result.document is not None
    }
