"""Working days of the People's Republic of China, from the yearly holiday arrangements."""

from collections.abc import Mapping
from datetime import date, timedelta

from catalogue.parameters import HolidayYear

CALENDAR_WARNING_DAYS = 60
"""So many days before the list ends, operators are warned: the State Council announces the next
year's in November, and the longest limits of the catalogue are 30 working days."""
_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


class CalendarMissing(Exception):
    """No holiday list for that year; the day must not be guessed."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no holiday arrangement for {year}")
        self.year = year


class WorkCalendar:
    """Which days offices work.

    Args:
        years: the State Council's arrangement by year (`catalogue.parameters.load_holidays`).
    """

    def __init__(self, years: Mapping[int, HolidayYear]) -> None:
        self.years = dict(years)
        holidays = [holiday for year in years.values() for holiday in year.holidays]
        self._worked_weekends = frozenset(day for one in holidays for day in one.workdays)
        self._off = frozenset(day for one in holidays for day in _days(one.first, one.last))

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on `day`.

        Raises:
            CalendarMissing: no arrangement for that year.
        """
        if day.year not in self.years:
            raise CalendarMissing(day.year)
        if day in self._worked_weekends:
            return True
        return day not in self._off and day.weekday() < _SATURDAY

    def days_left(self, today: date) -> int:
        """Days after `today` until the list ends; negative when it ended, or misses this year."""
        last = today.year - 1
        while last + 1 in self.years:
            last += 1
        return (date(last, 12, 31) - today).days

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, which is itself not counted.

        With `count` 0: `day` itself, whatever day it is.

        Raises:
            CalendarMissing: the count runs into a year without an arrangement.
        """
        if count < 0:
            raise ValueError("time limits run forward")
        while count:
            day += _ONE_DAY
            count -= self.is_working_day(day)
        return day

    def working_days_between(self, first: date, last: date) -> int:
        """Working days after `first` up to and including `last`; 0 when `last` is not later.

        Raises:
            CalendarMissing: a day between lies in a year without an arrangement.
        """
        return sum(self.is_working_day(day) for day in _days(first + _ONE_DAY, last))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
