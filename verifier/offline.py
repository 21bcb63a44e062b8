"""The offline verdict: signature, expiry, and revocation as of the list at hand."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from verifier.claims import Claims
from verifier.keyset import KeySet
from verifier.status import StatusList
from verifier.text import Presented
from verifier.token import Altered, OtherKey, check_token


class Finding(StrEnum):
    """What was found; the exit code is 0 for `GOOD` only."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
    ALTERED = "altered"
    OTHER_KEY = "other_key"
    TEST_KEY = "test_key"
    NO_TOKEN = "no_token"


class StatusKnown(StrEnum):
    """How much the status list says about this result."""

    AS_OF = "status_as_of"
    UNKNOWN = "status_unknown"
    STALE = "status_stale"
    TOO_OLD = "status_too_old"


@dataclass(frozen=True)
class Report:
    """The answer of one offline check.

    Attributes:
        claims: what the signed token says; only when its signature is good.
        status: only meaningful with `GOOD`.
        test: signed by the key of a demonstration.
    """

    finding: Finding
    claims: Claims | None = None
    status: StatusKnown = StatusKnown.UNKNOWN
    test: bool = False


def check_offline(
    shown: Presented, keys: KeySet, status: StatusList | None, now: datetime
) -> Report:
    """Check what was shown with the published keys and, if there is one, a status list."""
    if shown.damaged:
        return Report(Finding.ALTERED)
    if shown.token is None:
        return Report(Finding.NO_TOKEN)
    try:
        claims, key = check_token(shown.token, keys)
    except Altered:
        return Report(Finding.ALTERED)
    except OtherKey as exc:
        return Report(Finding.TEST_KEY if exc.test else Finding.OTHER_KEY)
    if shown.code is not None and shown.code != claims.code:
        return Report(Finding.ALTERED)  # a good token under the code of another result
    finding = Finding.GOOD
    if status is not None and status.revoked(claims.status_index):
        finding = Finding.REVOKED
    elif claims.expires_at is not None and claims.expires_at <= now:
        finding = Finding.EXPIRED
    return Report(finding, claims, _status(claims, status, now), key.test)


def _status(claims: Claims, status: StatusList | None, now: datetime) -> StatusKnown:
    if status is None:
        return StatusKnown.UNKNOWN
    if status.revoked(claims.status_index) is None or status.as_of < claims.issued_at:
        return StatusKnown.TOO_OLD
    return StatusKnown.STALE if status.expires_at <= now else StatusKnown.AS_OF
