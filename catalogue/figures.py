"""Figures that grow old (standards, subsidies) and windows of time: `data/parameters/`.

Items name a figure instead of writing its number, so that a new year's standard is changed in one
place, and an outdated one is never spoken as a fact.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from catalogue.faults import Fault
from catalogue.form import wrong
from catalogue.parameters import load_file, load_named
from catalogue.sourced import Sourced
from catalogue.strict import Slug, Strict, Text


class Dated(Sourced):
    """Something that holds from one day to another."""

    effective_from: date | None = Field(default=None, description="从哪天起实行")
    good_until: date | None = Field(
        default=None, description="哪天以后就算过时（年度标准写当年最后一天）；不写：没有定期限"
    )
    checked: date = Field(description="哪天核对过来源")
    note: Text | None = Field(default=None, description="使用时要注意什么，给训练师看")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.effective_from and self.good_until and self.good_until < self.effective_from:
            raise wrong("good_until 不能早于 effective_from")
        return self

    def in_force(self, on: date) -> bool:
        """Whether it holds on this day."""
        begun = self.effective_from is None or self.effective_from <= on
        return begun and (self.good_until is None or on <= self.good_until)


class Figure(Dated):
    """An amount of money or another number with its unit. `value` null: not known, ask a person."""

    what: Text = Field(description="是什么，例如 佛山低保标准")
    value: Annotated[Decimal, Field(ge=0)] | None
    unit: Text
    formula: Text | None = None


class Window(Dated):
    """Days within which applications are taken; both null while the year's notice is awaited."""

    what: Text
    first: date | None
    last: date | None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.first is None) != (self.last is None):
            raise wrong("first 和 last 要么都写，要么都写 null")
        if self.first and self.last and self.last < self.first:
            raise wrong("last 不能早于 first")
        return self

    def is_open(self, on: date) -> bool | None:
        """Whether applications are taken on this day; None when no notice covers the day."""
        if self.first is None or self.last is None or not self.in_force(on):
            return None
        return self.first <= on <= self.last


class _Figures(Strict):
    figures: Mapping[Slug, Figure]


class _Windows(Strict):
    windows: Mapping[Slug, Window]


def load_figures(folder: Path) -> tuple[Mapping[str, Figure], list[Fault]]:
    """All figures of `data/parameters/figures/*.yml`, and what is wrong with the files."""
    return load_named(folder, "figures", _Figures, lambda content: content.figures)


def load_windows(path: Path) -> tuple[Mapping[str, Window], list[Fault]]:
    """All windows of `data/parameters/windows.yml` (none without the file), and its faults."""
    if not path.is_file():
        return {}, []
    content, faults = load_file(path, _Windows)
    return (content.windows if content else {}), faults
