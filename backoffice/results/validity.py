"""How long a result counts."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta

from backoffice.clock import CHINA, china_date


def expiry(issued: datetime, months: int) -> datetime:
    """The moment after the last valid day: the same day of the month, `months` later, in China.

    A day that this month does not have becomes its last day (民法典 第二百零二条).
    """
    first = china_date(issued)
    year, month = divmod(first.month - 1 + months, 12)
    year, month = first.year + year, month + 1
    last = date(year, month, min(first.day, monthrange(year, month)[1]))
    return datetime.combine(last + timedelta(days=1), time(), CHINA)


def last_valid_day(expires_at: datetime) -> date:
    """The day to print as 有效期至."""
    return china_date(expires_at - timedelta(seconds=1))


def standing(*, revoked: bool, expires_at: datetime | None, now: datetime) -> str:
    """`valid`, `expired` or `revoked` (which prevails)."""
    if revoked:
        return "revoked"
    return "expired" if expires_at is not None and now >= expires_at else "valid"
