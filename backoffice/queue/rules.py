"""The hall's rules for queueing: `data/queue/*.yml`, read strictly. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backoffice.calendar import CalendarMissing, WorkCalendar
from backoffice.clock import CHINA, china_date
from catalogue.faults import CatalogueError, Fault
from catalogue.form import wrong
from catalogue.parameters import load_strict
from catalogue.sourced import Sourced
from catalogue.strict import Slug, Strict, Text

FOLDER = Path("queue")
"""Below the data folder."""

Letter = Annotated[str, Field(pattern=r"^[A-Z]$")]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Count = Annotated[int, Field(gt=0)]
_DAYS_LOOKED_AHEAD = 31


class Period(Strict):
    """One stretch of a day in which tickets are given and called, in the time of China."""

    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(min_length=1)
    open: Clock
    close: Clock

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.close <= self.open:
            raise wrong("close 要晚于 open")
        return self


class AppointmentRules(Strict):
    """What may be booked, and when one may come."""

    days_ahead: Count
    slot_minutes: Count
    places: Count
    early_minutes: Count
    late_minutes: Count


class HallRules(Sourced):
    """`hall.yml`: hours and numbers."""

    hall: Slug
    hours: tuple[Period, ...] = Field(min_length=1)
    near: Count
    calls_before_no_show: Count
    back_behind: Count
    priority_head_start_minutes: Count
    priority_letter: Letter
    waiting_per_address: Count
    pause_seconds: Annotated[int, Field(ge=0)]
    appointments: AppointmentRules
    appointment_letter: Letter


class Business(Strict):
    """What one takes a ticket for: a group of departments' items."""

    code: Slug
    name: Text
    letter: Letter
    departments: tuple[Slug, ...]
    typical_minutes: Count


class Priority(Strict):
    """People who are called earlier. What they say is taken; nobody is asked to prove it."""

    code: Slug
    name: Text
    words: tuple[Text, ...] = ()
    from_age: Count | None = None


class Businesses(Strict):
    """`businesses.yml`."""

    businesses: tuple[Business, ...] = Field(min_length=1)
    priorities: tuple[Priority, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for what, values in (
            ("businesses 的 code", [one.code for one in self.businesses]),
            ("letter", [one.letter for one in self.businesses]),
            ("departments", [d for one in self.businesses for d in one.departments]),
            ("priorities 的 code", [one.code for one in self.priorities]),
        ):
            if len(set(values)) < len(values):
                raise wrong(f"{what} 有重复的")
        return self


class Window(Strict):
    """A window of the hall and what may be taken there."""

    number: Count
    name: Text
    takes: Literal["any"] | tuple[Slug, ...]


class Windows(Strict):
    """`windows.yml`."""

    windows: tuple[Window, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({one.number for one in self.windows}) < len(self.windows):
            raise wrong("窗口的 number 有重复的")
        return self


class QueueRules:
    """Everything of `data/queue/`, with the calendar it is applied by."""

    def __init__(
        self, hall: HallRules, kinds: Businesses, windows: Windows, calendar: WorkCalendar
    ) -> None:
        self.hall = hall.hall
        self.numbers = hall
        self.businesses: Mapping[str, Business] = {one.code: one for one in kinds.businesses}
        self.priorities: Mapping[str, Priority] = {one.code: one for one in kinds.priorities}
        self.windows: Mapping[int, Window] = {one.number: one for one in windows.windows}
        self._calendar = calendar
        if faults := self._faults():
            raise CatalogueError(faults)

    def _faults(self) -> list[Fault]:
        """What only shows when the files are held against each other."""
        faults = [
            Fault("windows.yml", f"windows.{number}", "takes 里有 businesses.yml 没有的业务")
            for number, one in self.windows.items()
            if one.takes != "any" and not set(one.takes) <= set(self.businesses)
        ]
        taken = [one.letter for one in self.businesses.values()]
        for name in ("priority_letter", "appointment_letter"):
            letter = getattr(self.numbers, name)
            if letter in taken:
                faults.append(Fault("hall.yml", name, "这个字母已经用了，请换一个"))
            taken.append(letter)
        return faults

    @cached_property
    def of_department(self) -> Mapping[str, Business]:
        """The business that a department's items belong to."""
        return {code: one for one in self.businesses.values() for code in one.departments}

    @cached_property
    def anything_else(self) -> str:
        """The business of whatever belongs to no other: the one without departments."""
        codes = [code for code, one in self.businesses.items() if not one.departments]
        return next(iter([*codes, *self.businesses]))

    def standing(self, business: str) -> str:
        """The business as the rules know it; what was taken out of them is anything else."""
        return business if business in self.businesses else self.anything_else

    def name_of(self, business: str) -> str:
        """What a business is called, also one that was taken out of the rules."""
        return self.businesses[self.standing(business)].name

    def series(self, business: str, priority: str | None, *, booked: bool = False) -> str:
        """The letters before the number: the business's, after that of a booking or priority."""
        letter = self.businesses[business].letter
        if booked:
            return f"{self.numbers.appointment_letter}{letter}"
        return f"{self.numbers.priority_letter}{letter}" if priority else letter

    def slots_on(self, day: date) -> list[datetime]:
        """When one can be booked on this day: every slot that ends while the hall is open."""
        length = timedelta(minutes=self.numbers.appointments.slot_minutes)
        slots = []
        for begin, end in self.periods_on(day):
            while begin + length <= end:
                slots.append(begin)
                begin += length
        return slots

    @property
    def longest_head_start(self) -> timedelta:
        """By how much earlier than they came people with a priority are placed."""
        return timedelta(minutes=self.numbers.priority_head_start_minutes)

    def head_start(self, priority: str | None) -> timedelta:
        """By how much earlier than they came these people are placed."""
        return self.longest_head_start if priority else timedelta()

    def priority_in(self, text: str) -> str | None:
        """The priority that these words tell of, if any."""
        for one in self.priorities.values():
            if any(word in text for word in one.words):
                return one.code
        return None

    def priority_at(self, age: int) -> str | None:
        """The priority that comes with this age, if any."""
        for one in self.priorities.values():
            if one.from_age is not None and age >= one.from_age:
                return one.code
        return None

    def taken_at(self, window: int) -> frozenset[str]:
        """Codes of the businesses that may be taken at this window; none when it is no more."""
        known = self.windows.get(window)
        if known is None:
            return frozenset()
        return frozenset(self.businesses) if known.takes == "any" else frozenset(known.takes)

    def periods_on(self, day: date) -> list[tuple[datetime, datetime]]:
        """When the hall is open on this day, in order; empty on a day off.

        A year whose holidays are not known yet is taken by its weekdays: a ticket is no deadline.
        """
        try:
            worked = self._calendar.is_working_day(day)
        except CalendarMissing:
            worked = any(day.isoweekday() in one.days for one in self.numbers.hours)
        if not worked:
            return []
        # A worked weekend keeps the hours of a Friday.
        weekday = min(day.isoweekday(), 5)
        return sorted(
            (_at(day, one.open), _at(day, one.close))
            for one in self.numbers.hours
            if weekday in one.days
        )

    def gives_tickets(self, moment: datetime) -> bool:
        """Whether a ticket of this day can still be called: also in the pause at noon."""
        periods = self.periods_on(china_date(moment))
        return bool(periods) and periods[0][0] <= moment < periods[-1][1]

    def next_open(self, moment: datetime) -> datetime | None:
        """When the hall opens next after this moment; None when no day is known."""
        for offset in range(_DAYS_LOOKED_AHEAD):
            for begin, _ in self.periods_on(china_date(moment) + timedelta(days=offset)):
                if begin > moment:
                    return begin
        return None

    def after_working(self, moment: datetime, seconds: float) -> datetime | None:
        """The moment when the hall has been open for so long after `moment`; None: not today."""
        left = timedelta(seconds=seconds)
        for begin, end in self.periods_on(china_date(moment)):
            begin = max(begin, moment)
            if begin >= end:
                continue
            if begin + left <= end:
                return begin + left
            left -= end - begin
        return None


def label(series: str, number: int) -> str:
    """A ticket's number as printed: `A003`."""
    return f"{series}{number:03d}"


def load_queue(folder: Path, calendar: WorkCalendar) -> QueueRules:
    """Read `data/queue/`. Raises CatalogueError with all faults of a file."""
    return QueueRules(
        load_strict(folder / "hall.yml", HallRules),
        load_strict(folder / "businesses.yml", Businesses),
        load_strict(folder / "windows.yml", Windows),
        calendar,
    )


def _at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), CHINA)
