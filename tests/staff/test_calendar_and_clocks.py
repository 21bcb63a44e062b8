"""Working days around real holidays, and the time limits that rest on them."""

from datetime import date
from pathlib import Path

import pytest

from backoffice.applications.clocks import due_on, silence_ends_on
from backoffice.calendar import CalendarMissing, WorkCalendar
from catalogue.loader import load_catalogue
from catalogue.parameters import load_holidays
from catalogue.schema import ServiceItem

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return WorkCalendar(load_holidays(DATA / "parameters" / "holidays.yml"))


@pytest.fixture(scope="module")
def item() -> ServiceItem:
    return load_catalogue(DATA / "items").items["residence_permit_apply"]


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # a Saturday worked instead
        (date(2026, 10, 11), False),  # an ordinary Sunday
    ],
)
def test_working_days_around_national_day(calendar: WorkCalendar, day: date, worked: bool) -> None:
    assert calendar.is_working_day(day) is worked


@pytest.mark.parametrize(
    ("day", "count", "end"),
    [
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 10, 3), 1, date(2026, 10, 8)),
        (date(2026, 10, 3), 0, date(2026, 10, 3)),
        (date(2026, 11, 20), 5, date(2026, 11, 27)),
    ],
)
def test_adding_working_days_skips_holidays_and_counts_worked_weekends(
    calendar: WorkCalendar, day: date, count: int, end: date
) -> None:
    assert calendar.add_working_days(day, count) == end
    if count:
        assert calendar.working_days_between(day, end) == count


def test_a_year_without_a_list_is_not_guessed(calendar: WorkCalendar, item: ServiceItem) -> None:
    with pytest.raises(CalendarMissing):
        calendar.add_working_days(date(2031, 1, 2), 1)
    assert silence_ends_on(calendar, date(2031, 1, 2)) is None
    assert due_on(item, calendar, date(2031, 1, 2)) is None


def test_the_days_of_a_correction_do_not_count(calendar: WorkCalendar, item: ServiceItem) -> None:
    limit = item.time.promised
    assert limit.unit == "working_day" and limit.value
    accepted = date(2026, 11, 2)
    plain = due_on(item, calendar, accepted)
    paused = due_on(item, calendar, accepted, [(date(2026, 11, 3), date(2026, 11, 6))])
    assert plain == calendar.add_working_days(accepted, limit.value)
    assert paused == calendar.add_working_days(plain, 3)
