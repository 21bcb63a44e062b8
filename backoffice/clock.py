"""What time it is. Services get `now` from their caller; only the entry points ask a clock."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Source of the present moment."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class DemoClock:
    """The machine's clock moved by an offset that all processes of a demo share through a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset()

    def offset(self) -> timedelta:
        """How far the demo's clock is ahead; zero when it was never moved."""
        try:
            return timedelta(seconds=float(self._file.read_text("ascii")))
        except (OSError, ValueError):
            return timedelta()

    def move(self, by: timedelta) -> datetime:
        """Move the clock of all processes; returns the new present."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(str((self.offset() + by).total_seconds()), "ascii")
        return self.now()


def china_date(moment: datetime) -> date:
    """The calendar day in China at that moment."""
    return moment.astimezone(CHINA).date()
