"""Named checks: questions with the answers yes, no and unknown, `data/checks/*.yml`.

A check is worked out from an answer (age, address), from the calendar (a window of time), or asked
of a register. Unknown goes to a clerk, never to a refusal.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from catalogue.faults import Fault
from catalogue.figures import Window
from catalogue.form import wrong
from catalogue.parameters import load_named
from catalogue.strict import Slug, Strict, Text


class AgeRule(Strict):
    """Whole years by the birth date in an identity number or in a date field, on the day."""

    at_least: int | None = Field(default=None, ge=0, description="满几岁（男）")
    at_least_women: int | None = Field(default=None, ge=0, description="女的满几岁；不写和男的一样")
    under: int | None = Field(default=None, gt=0, description="不满几岁（男）")
    under_women: int | None = Field(default=None, gt=0)

    def holds(self, born: str, on: date) -> bool | None:
        """Whether somebody is of this age.

        Args:
            born: an identity number of 18 places, or a birth date as ISO text.
        """
        birth, woman = _birth(born)
        if birth is None or (woman is None and self._by_sex()):
            return None
        years = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
        lower = self.at_least_women if woman and self.at_least_women else self.at_least
        upper = self.under_women if woman and self.under_women else self.under
        return (lower is None or years >= lower) and (upper is None or years < upper)

    def _by_sex(self) -> bool:
        return self.at_least_women is not None or self.under_women is not None

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.at_least is None and self.under is None:
            raise wrong("at_least 和 under 至少写一个")
        return self


class AddressRule(Strict):
    """Whether an address or region given lies within (or outside) a place."""

    field: Slug = Field(description="哪个地址字段")
    within: Text | None = Field(default=None, description="在这个地方以内，例如 广东省")
    outside: Text | None = Field(default=None, description="在这个地方以外，例如 佛山市")

    def holds(self, answers: Mapping[str, object]) -> bool | None:
        """None while no address is given, or it names neither the place nor another one."""
        given = str(answers.get(self.field) or "")
        place = self.within or self.outside or ""
        if not given:
            return None
        inside = _names_place(given, place)
        return inside if self.within else None if inside is None else not inside

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.within is None) == (self.outside is None):
            raise wrong("within 和 outside 要写一个，也只能写一个")
        return self


class NamedCheck(Strict):
    """One question. Exactly one of `register`, `age`, `address`, `window`."""

    text: Text = Field(description="查的是什么，给工作人员看的一句话")
    about: Slug = Field(default="id_no", description="查谁：哪个身份证号（或出生日期）字段")
    register_: Slug | None = Field(
        default=None, alias="register", description="问哪个登记系统，例如 household 户籍"
    )
    send: tuple[Slug, ...] = Field(default=(), description="一起送去的字段，例如 孩子的出生日期")
    months: int | None = Field(default=None, gt=0, description="要满几个月")
    within_months: int | None = Field(default=None, gt=0, description="在最近几个月以内")
    age: AgeRule | None = None
    address: AddressRule | None = None
    window: Slug | None = Field(default=None, description="data/parameters/windows.yml 里的名字")
    opening: SkipJsonSchema[Window | None] = None
    """The window itself; filled in by the loader, never written in a file."""
    sources: tuple[Text, ...] = ()

    def derived(self, answers: Mapping[str, object], on: date | None) -> bool | None:
        """What follows from the answers and the calendar alone; None when a register must say.

        Args:
            answers: in normal form: numbers as text, dates as ISO text.
            on: today; without it nothing that hangs on the calendar is derived.
        """
        if self.address is not None:
            return self.address.holds(answers)
        if on is None:
            return None
        if self.opening is not None:
            return self.opening.is_open(on)
        return self.age.holds(str(answers.get(self.about) or ""), on) if self.age else None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.register_, self.age, self.address, self.window]
        if sum(way is not None for way in ways) != 1:
            raise wrong("register、age、address、window 要写一个，也只能写一个")
        return self


def _birth(born: str) -> tuple[date | None, bool | None]:
    """Birth date and whether a woman, from a number (GB 11643: digits 7–14 and 17) or a date."""
    try:
        if re.fullmatch(r"\d{17}[\dX]", born):
            return date.fromisoformat(f"{born[6:10]}-{born[10:12]}-{born[12:14]}"), (
                int(born[16]) % 2 == 0
            )
        return date.fromisoformat(born), None
    except ValueError:
        return None, None


def _names_place(address: str, place: str) -> bool | None:
    """Whether an address lies in the place: named with or without its ending (佛山 for 佛山市).

    A lower place proves its higher one (石湾镇街道 lies in 禅城区, 佛山市, 广东省). An address that
    names no province, city or district at all decides nothing.
    """
    for inner in (place, *_WITHIN.get(place, ())):
        if inner in address or (len(inner) > 2 and inner[:-1] in address):
            return True
    return False if re.search(r"[省市区县州]", address) else None


_DISTRICTS = ("禅城区", "南海区", "顺德区", "高明区", "三水区")
_CHANCHENG = ("石湾镇街道", "祖庙街道", "张槎街道", "南庄镇")
_GUANGDONG = (
    "广州市", "深圳市", "珠海市", "汕头市", "佛山市", "韶关市", "河源市", "梅州市", "惠州市",
    "汕尾市", "东莞市", "中山市", "江门市", "阳江市", "湛江市", "茂名市", "肇庆市", "清远市",
    "潮州市", "揭阳市", "云浮市",
)  # fmt: skip
_WITHIN: Mapping[str, tuple[str, ...]] = {
    "禅城区": _CHANCHENG,
    "佛山市": (*_DISTRICTS, *_CHANCHENG),
    "广东省": (*_GUANGDONG, *_DISTRICTS, *_CHANCHENG),
}


class _Checks(Strict):
    checks: Mapping[Slug, NamedCheck]


def load_named_checks(folder: Path) -> tuple[Mapping[str, NamedCheck], list[Fault]]:
    """All checks of `data/checks/*.yml`, and what is wrong with the files."""
    return load_named(folder, "checks", _Checks, lambda content: content.checks)
