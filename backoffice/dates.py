"""Days and moments as people in the hall write them, in the time of China."""

from datetime import date, datetime

from backoffice.clock import CHINA, china_date
from backoffice.messages import text


def day_text(day: date | datetime) -> str:
    """`2026年11月23日`; of a moment, the day it has in China."""
    local = china_date(day) if isinstance(day, datetime) else day
    return text("document.date", year=local.year, month=local.month, day=local.day)


def moment_text(moment: datetime) -> str:
    """`2026年11月23日 09:05`."""
    return f"{day_text(moment)} {moment.astimezone(CHINA):%H:%M}"
