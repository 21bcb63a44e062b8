"""How long something has lasted, as people say it: 半年多, 快一年了, 五六个月, 去年八月办的.

Always as a span of months, so that a rule such as "half a year at least" is met, missed, or open.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

import cn2an

from backoffice.understanding.dates import Said, find_dates

_DIGITS = "一二三四五六七八九"
_COUNT = (
    r"大半|小半|(?<![上下])半|好几|好多|几十|十几|几|成半|成"
    rf"|[{_DIGITS}两]?百(?:零?[{_DIGITS}十]{{1,3}})?|[{_DIGITS}]?十[{_DIGITS}]?"
    rf"|[{_DIGITS}两][{_DIGITS}]|[{_DIGITS}两]|(?<![0-9])[0-9]{{1,3}}(?:[-~至到][0-9]{{1,3}})?"
)
_DURATION = re.compile(
    rf"(?:(?P<n>{_COUNT})(?:个(?P<more>多|几|半)?(?P<u1>月|星期|礼拜)|(?P<more2>多|几)?(?P<u2>年|天|周|星期|礼拜))"
    r"|(?<![一-鿿])(?P<one>个|年)(?P<few>半|几|多)(?P<u3>月)?)"
    r"(?P<plus>半(?!年)|多|几|有多|有余|有几)?(?!级|以?后|之后|[人])"
    rf"(?:零|又)?(?:(?P<m>[{_DIGITS}两]|[0-9]{{1,2}})个月)?"
)
_UNDER_BEFORE = re.compile(
    r"(?:没有?|未|唔|冇|不|还差[^,。;]{0,3})(?:登记|交|住|读|办|买)?(?:到|够|足|满|有|过|了)*$"
)
_NEARLY_BEFORE = re.compile(
    r"(?:快要?|就快|将近|接近|差不多到|差(?:点|一点|几天|几日|[^,。;]{1,3}[天月日])(?:就|到|够|满)*)(?:到|满|够|有)?$"
)
_OVER_BEFORE = re.compile(r"(?:超过|过了?|不止|唔止|至少|起码|最少|大于)$")
_ABOUT_BEFORE = re.compile(r"(?:差不多|大概|大约|约|约莫|可能|应该)(?:有|是|满|够|住了)?$")
_UNDER_AFTER = re.compile(
    r"(?:都|也|还|仲)?(?:没|未|不|唔|冇|还没)(?:有|到|够|足|满)|以内|以下|之内"
)
_OVER_AFTER = re.compile(r"以上|开外|有多|有余")
_ABOUT_AFTER = re.compile(r"左右|上下|这样|咁上下")
_JUST = re.compile(r"刚刚|刚|啱啱|啱|最近|这几天|呢几日|近排|头先|先至")
_FEW = {"几": (2, 9), "好几": (3, 10), "好多": (3, 30), "几十": (20, 99), "十几": (11, 19)}
_MONTHS = {"年": 12.0, "月": 1.0, "星期": 7 / 30.4, "礼拜": 7 / 30.4, "周": 7 / 30.4, "天": 1 / 30}
_LONGEST_YEARS = 15
"""From here on "22年" is a year of the calendar."""
_A_LITTLE = 0.05
_RECENT_MONTHS = 2.0


@dataclass(frozen=True)
class Lasted:
    """From `least` to `most` months, said at text[start:end]."""

    least: float
    most: float
    start: int
    end: int
    vague: bool = False
    """Said without a number (好几年): no day can be counted from it."""

    def meets(self, at_least: int | None, less_than: int | None) -> bool:
        """Whether the whole span satisfies the rule."""
        if at_least is not None and self.least < at_least:
            return False
        return less_than is None or self.most < less_than


def find_durations(text: str, *, today: date) -> list[Lasted]:
    """Durations up to today in a normalised text, past days counted from then, in order."""
    found = find_terms(text)
    for said in find_dates(text, today=today, leaning="past"):
        if said.value is None or any(o.start < said.end and said.start < o.end for o in found):
            continue
        if (since := _since(said, today)) is not None:
            found.append(since)
    if not found and (just := _JUST.search(text)):
        found.append(Lasted(0, _RECENT_MONTHS, just.start(), just.end()))
    return sorted(found, key=lambda one: one.start)


def find_terms(text: str) -> list[Lasted]:
    """Stretches of time named as such (三个月, 一年半), no days, in order."""
    return [one for match in _DURATION.finditer(text) if (one := _measured(match, text))]


def _count(word: str) -> tuple[float, float] | None:
    """The number or the two bounds said; None: no duration (二二年)."""
    if word in _FEW:
        return _FEW[word]
    if word in ("半", "大半", "小半", "成半"):
        return {"半": (0.5, 0.5), "大半": (0.51, 0.95), "小半": (0.3, 0.49), "成半": (0.42, 0.49)}[
            word
        ]
    if word == "成":
        return (0.8, 1.0)
    if bounds := re.fullmatch(r"([0-9]+)[-~至到]([0-9]+)", word):
        return float(bounds[1]), float(bounds[2])
    if word.isdigit():
        return float(word), float(word)
    if re.fullmatch(rf"[{_DIGITS}两]{{2}}", word):  # 两三, 五六
        low, high = (1 + _DIGITS.index(c.replace("两", "二")) for c in word)
        return (low, high) if low < high else None
    number = float(cn2an.cn2an(word.replace("两", "二") if len(word) > 1 else word, "smart"))
    return number, number


def _measured(match: re.Match[str], text: str) -> Lasted | None:
    groups = match.groupdict()
    if groups["one"]:
        unit = 12.0 if groups["one"] == "年" else 1.0
        if (groups["one"] == "个") != bool(groups["u3"]):
            return None
        counted: tuple[float, float] | None = (1.5, 1.5) if groups["few"] == "半" else (1.01, 1.99)
    else:
        unit = _MONTHS[groups["u1"] or groups["u2"]]
        counted = _count(groups["n"])
    if counted is None or (unit == _MONTHS["年"] and groups["n"] and counted[0] > _LONGEST_YEARS):
        return None
    least, most = counted[0] * unit, counted[1] * unit
    more = groups["more"] or groups["more2"] or groups["plus"]
    if more == "半":
        least, most = least + unit / 2, most + unit / 2
    elif more:
        least, most = least + _A_LITTLE, most + (unit if counted[1] >= 1 else unit / 2) - _A_LITTLE
    if groups["m"]:
        extra = _count(groups["m"]) or (0, 0)
        least, most = least + extra[0], most + extra[1]
    least, most = _qualified(least, most, text[: match.start()], text[match.end() :])
    vague = groups["n"] in (*_FEW, "大半", "小半")
    return Lasted(least, most, match.start(), match.end(), vague)


def _qualified(least: float, most: float, before: str, after: str) -> tuple[float, float]:
    """The span with 不到, 快, 超过, 左右 around it."""
    if _NEARLY_BEFORE.search(before):
        return least * 0.75, most - _A_LITTLE
    if _OVER_BEFORE.search(before) and not before.endswith("没过") or _OVER_AFTER.match(after):
        return least, most * 3
    if _UNDER_BEFORE.search(before) or _UNDER_AFTER.match(after):
        return 0, most - _A_LITTLE
    if _ABOUT_BEFORE.search(before) or _ABOUT_AFTER.match(after):
        return least * 0.9, most * 1.1
    return least, most


def _months_between(earlier: date, later: date) -> float:
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months + (later.day - earlier.day) / 31


def _since(said: Said, today: date) -> Lasted | None:
    """From a past day until today; a day said to the month or year gives a span."""
    first = last = said.value
    assert first is not None and last is not None
    if said.precision == "year":
        first, last = first.replace(month=1, day=1), first.replace(month=12, day=31)
    elif said.precision == "month":
        ends = calendar.monthrange(first.year, first.month)[1]
        first, last = first.replace(day=1), first.replace(day=ends)
    if first > today:
        return None
    return Lasted(
        max(0.0, _months_between(last, today)), _months_between(first, today), said.start, said.end
    )
