"""Facts about the hall and the world around it: `data/parameters/*.yml` and `data/sources.yml`."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from catalogue.faults import CatalogueError, Fault, schema_faults
from catalogue.form import wrong
from catalogue.sourced import Sourced
from catalogue.strict import Slug, Strict, Text
from catalogue.yaml_files import read_yaml

Quality = Literal["primary_text", "official", "official_mirror", "media", "guide", "secondary"]


class Source(Strict):
    """One page or text that facts were read from."""

    quality: Quality
    address: Text
    gave: Text


class Department(Strict):
    """A department whose items the hall takes."""

    code: Slug
    name: Text


class PlannedItem(Strict):
    """An item of the hall's list that has no file in `data/items/` yet."""

    code: Slug
    name: Text
    department: Slug
    also: tuple[Text, ...] = ()
    """What people call it."""


class HallFact(Sourced):
    """A fact about the hall; `value` is null when it is not known and must be said to be so."""

    value: Text | None


class CallBack(Sourced):
    """The promise made when a person is asked for."""

    working_days: Annotated[int, Field(gt=0)]
    note: Text


class Reminder(Sourced):
    """When staff are reminded of a case whose last day comes near."""

    working_days: Annotated[int, Field(gt=0)]
    note: Text


class Hall(Strict):
    """The hall the citizen would go to."""

    name: Text
    short_name: Text
    address: HallFact
    hours: HallFact
    phone: HallFact
    call_back: CallBack
    reminder: Reminder


class Holiday(Strict):
    """Days off around one holiday, and the weekend days worked instead."""

    name: Text
    first: date
    last: date
    workdays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise wrong("last 不能早于 first")
        return self


class HolidayYear(Sourced):
    """The State Council's arrangement for one year."""

    title: Text
    doc_no: Text
    link: Text
    last_checked: date
    note: Text | None = None
    holidays: tuple[Holiday, ...] = Field(min_length=1)


class _Sources(Strict):
    sources: Mapping[str, Source]


class _Departments(Strict):
    departments: tuple[Department, ...]


class _Planned(Strict):
    planned: tuple[PlannedItem, ...]


class _Holidays(Strict):
    years: Mapping[str, HolidayYear]

    @model_validator(mode="after")
    def _days_of_their_year(self) -> Self:
        for year, content in self.years.items():
            for holiday in content.holidays:
                for day in (holiday.first, holiday.last, *holiday.workdays):
                    if str(day.year) != year:
                        raise wrong(f"{year} 年的“{holiday.name}”里有别的年份的日期 {day}")
        return self


S = TypeVar("S", bound=Strict)
E = TypeVar("E")


def load_file(path: Path, model: type[S]) -> tuple[S | None, list[Fault]]:
    """One file as `model`, or None with what is wrong with it."""
    if not path.is_file():
        return None, [Fault(path.name, "", "没有这个文件，请补上")]
    data, faults = read_yaml(path)
    if faults:
        return None, faults
    try:
        return model.parse(data), []
    except ValidationError as exc:
        return None, schema_faults(path.name, data, exc)


def load_named(
    folder: Path, kind: str, model: type[S], entries: Callable[[S], Mapping[str, E]]
) -> tuple[dict[str, E], list[Fault]]:
    """The named entries of all files of a folder, and what is wrong with the files.

    Args:
        kind: the key under which each file lists its entries.
        entries: takes them out of a file's content.
    """
    found: dict[str, E] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yml")):
        content, wrong_here = load_file(path, model)
        faults += wrong_here
        for key, entry in entries(content).items() if content else ():
            if key in found:
                faults.append(Fault(path.name, f"{kind}.{key}", "别的文件里也有这个名字，请改名"))
            found[key] = entry
    return found, faults


def load_strict(path: Path, model: type[S]) -> S:
    """One file as `model`. Raises CatalogueError with all its faults."""
    content, faults = load_file(path, model)
    if content is None:
        raise CatalogueError(faults)
    return content


def load_sources(path: Path) -> Mapping[str, Source]:
    """`data/sources.yml`. Raises CatalogueError."""
    return load_strict(path, _Sources).sources


def load_departments(path: Path) -> tuple[Department, ...]:
    """`data/parameters/departments.yml`. Raises CatalogueError."""
    return load_strict(path, _Departments).departments


def load_planned(path: Path) -> tuple[PlannedItem, ...]:
    """`data/parameters/planned_items.yml`. Raises CatalogueError."""
    return load_strict(path, _Planned).planned


def load_hall(path: Path) -> Hall:
    """`data/parameters/hall.yml`. Raises CatalogueError."""
    return load_strict(path, Hall)


def load_holidays(path: Path) -> Mapping[int, HolidayYear]:
    """`data/parameters/holidays.yml` by year; a year without an arrangement is absent.

    Raises:
        CatalogueError: the file cannot be used.
    """
    return {int(year): content for year, content in load_strict(path, _Holidays).years.items()}
