"""Days as people say them: 2024年3月5号, 去年三月底, 上个月, 3/5, 半年前, 住了三年.

Less than a day's precision gives the first day of the span, or its last for fields that end
something; 底 gives the last day, 初 the first, 中 the middle. The caller reads it back.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from backoffice.understanding.types import Precision

Leaning = Literal["past", "future", "none"]
"""Which side of today an incomplete date means."""

_DIGIT = {
    c: str(n)
    for n, cs in enumerate(("零〇○", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for c in cs
}
_N = r"[0-9]{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[一二两三四五六七八九]"
_RELATIVE_YEARS = {
    "大前年": -3, "前年": -2, "去年": -1, "旧年": -1, "上年": -1, "今年": 0, "本年": 0, "当年": 0,
    "明年": 1, "出年": 1, "下年": 1, "来年": 1, "大后年": 3, "后年": 2,
}  # fmt: skip
_RELATIVE_DAYS = {
    "大前天": -3, "大前日": -3, "前天": -2, "前日": -2, "昨天": -1, "昨日": -1, "琴日": -1, "寻日": -1, "噚日": -1,
    "今天": 0, "今日": 0, "明天": 1, "明日": 1, "听日": 1, "聽日": 1, "大后天": 3, "后天": 2, "后日": 2,
}  # fmt: skip
_HOLIDAYS = {
    "元旦": (1, 1),
    "劳动节": (5, 1),
    "五一": (5, 1),
    "国庆节": (10, 1),
    "国庆": (10, 1),
    "十一国庆": (10, 1),
}
_YEAR_WORD = "|".join(sorted(_RELATIVE_YEARS, key=len, reverse=True))
_DAY_WORD = "|".join(sorted(_RELATIVE_DAYS, key=len, reverse=True))
_YEAR_NUMBER = r"[0-9]{4}|廿[一二三四五六七八九]?|[0-9]{2}|[一二][零〇○一二三四五六七八九]{3}|[零〇○一二三四五六七八九]{2}"
_LUNAR = re.compile(r"农历|旧历|阴历|正月|腊月|冬月|年三十|初[一二三四五六七八九十]|大年")
_SEASONS = re.compile(
    rf"(?:(?:{_YEAR_WORD}|[0-9]{{2,4}}年)的?)?(?<![不超])"
    r"(?:春节|过完?年|中秋节?|端午节?|清明节?|重阳节?|元宵节?|暑假|寒假|开学)(?:前后|前|后|的时候)?(?!底)"
)
"""Times of the year whose days differ from year to year, or that have none."""
_EDGE = "上半年|下半年|初|头|上旬|中旬|中间|中|下旬|底|尾|末"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "compact",
            r"(?<![0-9])(?P<Y>(?:19|20)[0-9]{2})(?P<M>[01][0-9])(?P<D>[0-3][0-9])(?![0-9])",
        ),
        (
            "numeric",
            r"(?<![0-9./-])(?P<Y>[0-9]{4}|[0-9]{2}) ?(?P<s>[./-]) ?(?P<M>[0-9]{1,2}) ?(?P=s) ?(?P<D>[0-9]{1,2})(?![0-9./-])[日号]?",
        ),
        (
            "numeric_month",
            r"(?<![0-9./-])(?P<Y>(?:19|20)[0-9]{2}) ?[./-] ?(?P<M>[0-9]{1,2})(?![0-9./-])",
        ),
        (
            "worded",
            rf"(?:(?P<Y>{_YEAR_NUMBER})年|(?P<RY>{_YEAR_WORD}))?的?[, ]?"
            rf"(?:(?P<M>{_N})(?:[、到至~-](?:{_N}))?(?:月份|月)|(?P<RM>上上个?月|上个?月|前个月|这个月|今个月|本月|呢个月|下下个?月|下个?月))"
            rf"(?:[的 ]?(?P<D>{_N})(?:[号日]|(?![0-9一二三四五六七八九十年月天个楼室房栋座路])))?(?:的?(?P<E>{_EDGE}))?",
        ),
        (
            "month_and_day_number",
            rf"(?P<RY>{_YEAR_WORD})(?P<M>[0-9]{{1,2}})[./-](?P<D>[0-9]{{1,2}})(?![0-9])",
        ),
        (
            "holiday",
            rf"(?:(?P<Y>{_YEAR_NUMBER})年|(?P<RY>{_YEAR_WORD}))?的?(?P<H>{'|'.join(sorted(_HOLIDAYS, key=len, reverse=True))})(?![0-9一二三四五六七八九零])",
        ),
        (
            "ago",
            rf"(?:(?P<half>半)|(?P<n>[0-9]{{1,3}}|{_N}|几))个?(?P<more>多|几)?(?P<u>天|日|星期|礼拜|周|月|年)(?P<plus>半|多|几)?(?P<way>之?以?前|之?后|以后)",
        ),
        (
            "lasting",
            rf"(?:住|来|嚟|搬|租|做)[^,。;!?0-9]{{0,6}}?(?:了|咗|满|有|左|够)(?:差不多|大概|大约|快|将近|已经|成)?(?:(?P<half>半)|(?P<n>[0-9]{{1,3}}|{_N}))个?(?P<more>多|几)?(?P<u>天|日|星期|礼拜|周|月|年)(?P<plus>半|多|几)?",
        ),
        ("weekday", r"(?P<W>上上|上|这|本|呢|下)个?(?:星期|礼拜|周)(?P<w>[一二三四五六日天1-6])?"),
        ("day", rf"(?P<RD>{_DAY_WORD})"),
        (
            "year_edge",
            rf"(?:(?P<Y>{_YEAR_NUMBER})年|(?P<RY>{_YEAR_WORD}))的?(?:年)?(?P<E>{_EDGE})?",
        ),
        (
            "year_edge",
            r"(?P<Y>[0-9]{2}|[0-9]{4})?(?P<E2>年初|年头|年中|年底|年尾|年末|上半年|下半年)",
        ),
        (
            "month_day_slash",
            r"(?<![0-9./-])(?P<M>[0-9]{1,2}) ?[/.-] ?(?P<D>[0-9]{1,2})(?![0-9./-])[日号]?",
        ),
        (
            "year_alone",
            r"(?<![0-9A-Za-z.-])(?P<Y>(?:19|20)[0-9]{2})(?![0-9A-Za-z年号房室栋座楼./-])",
        ),
        (
            "day_only",
            r"(?<![0-9一二三四五六七八九十])(?:这个月|本月|今个月)?(?P<D>[0-9]{1,2}|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])[号日](?![0-9楼栋座房线室铺院窗门])",
        ),
    )
)


@dataclass(frozen=True)
class Said:
    """A day in the text. value is None when it cannot be one; `problem` says why."""

    value: date | None
    precision: Precision
    start: int
    end: int
    problem: Literal["lunar", "impossible", "vague"] | None = None
    bare: bool = False
    """Only digits and separators, or only a day of the month: no date unless one is asked for."""
    since: bool = False
    """Counted back from how long something has gone on (住了三年)."""


def small_number(text: str) -> int:
    """0–99 in digits or Chinese numerals."""
    if text.isdigit():
        return int(text)
    text = text.replace("廿", "二十").replace("两", "二")
    if "十" in text:
        tens, units = text.split("十", 1)
        return (int(_DIGIT[tens]) if tens else 1) * 10 + (int(_DIGIT[units]) if units else 0)
    return int("".join(_DIGIT[c] for c in text))


def _year(found: re.Match[str], today: date) -> int | None:
    groups = found.groupdict()
    if groups.get("RY"):
        return today.year + _RELATIVE_YEARS[groups["RY"]]
    if not groups.get("Y"):
        return None
    digits = "".join(_DIGIT.get(c, c) for c in groups["Y"])
    if digits.startswith("廿"):
        digits = str(small_number(groups["Y"]))
    number = int(digits)
    if len(digits) == 2:
        number += 2000 if number <= (today.year - 2000) + 30 else 1900
    return number


def _span(year: int, month: int | None, edge: str | None, last: bool) -> date:
    """The day standing for a whole month or year."""
    first_month, last_month = (month, month) if month else (1, 12)
    end = date(year, last_month, calendar.monthrange(year, last_month)[1])
    if edge and edge[-1] in "底尾末":
        return end
    if edge and (edge[-1] in "初头" or edge == "上旬"):
        return date(year, first_month, 1)
    if edge in ("上半年", "下半年"):
        half = 1 if edge == "上半年" else 7
        return date(year, half + 5, 30 if half == 1 else 31) if last else date(year, half, 1)
    if edge == "下旬":
        return date(year, last_month, 21)
    if edge and edge[0] == "中":
        return date(year, first_month, 15) if month else date(year, 6, 30)
    return end if last else date(year, first_month, 1)


def shift_months(day: date, months: int) -> date:
    """The same day some months later or, below zero, earlier; the month's last when it is shorter."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _guess_year(month: int, day: int, today: date, leaning: Leaning) -> int:
    if leaning == "past" and (month, day) > (today.month, today.day):
        return today.year - 1
    if leaning == "future" and (month, max(day, 1)) < (today.month, today.day):
        return today.year + 1
    return today.year


def _duration(found: re.Match[str], today: date, backward: bool) -> tuple[date, Precision] | None:
    groups = found.groupdict()
    unit = groups["u"]
    if groups.get("n") == "几" or groups.get("more") and unit in "天日":
        return None
    amount = 0.5 if groups.get("half") else float(small_number(groups["n"]))
    if groups.get("plus") == "半":
        amount += 0.5
    sign = -1 if backward else 1
    vague = bool(groups.get("more") or groups.get("plus") in ("多", "几"))
    if unit in "天日":
        return today + timedelta(days=sign * int(amount)), "day"
    if unit in ("星期", "礼拜", "周"):
        return today + timedelta(days=sign * int(amount * 7)), "month"
    months = int(amount * 12) if unit == "年" else int(amount)
    if unit == "月" and amount % 1:
        return today + timedelta(days=sign * int(amount * 30)), "month"
    precision: Precision = "year" if unit == "年" and (vague or amount >= 2) else "month"
    return shift_months(today, sign * months), precision


def _worded(
    found: re.Match[str], today: date, leaning: Leaning, last: bool
) -> tuple[date, Precision]:
    """Year, month, day in words, any of year and day left out. ValueError: no such day."""
    groups = found.groupdict()
    year = _year(found, today)
    if groups.get("RM"):
        relative = {"上上": -2, "上": -1, "前": -1, "下下": 2, "下": 1}
        offset = next((n for word, n in relative.items() if groups["RM"].startswith(word)), 0)
        anchor = shift_months(today.replace(day=1), offset)
        year, month = anchor.year, anchor.month
    else:
        month = small_number(groups["M"])
    if not 1 <= month <= 12:
        raise ValueError
    if groups.get("D"):
        day = small_number(groups["D"])
        return date(year or _guess_year(month, day, today, leaning), month, day), "day"
    year = year or _guess_year(month, 1 if leaning != "future" else 31, today, leaning)
    return _span(year, month, groups.get("E"), last), "month"


def _weekday(found: re.Match[str], today: date) -> tuple[date, Precision]:
    weeks = {"上上": -2, "上": -1, "下": 1}.get(found["W"], 0)
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)
    if not found["w"]:
        return monday, "month"
    index = "一二三四五六日".find(found["w"].replace("天", "日"))
    return monday + timedelta(days=index if index >= 0 else int(found["w"]) - 1), "day"


def _value(
    name: str, found: re.Match[str], today: date, leaning: Leaning, last: bool
) -> tuple[date, Precision] | None:
    """The day meant by one match; None: too vague. ValueError: no such day."""
    if name in ("compact", "numeric", "month_and_day_number"):
        return date(_year(found, today) or today.year, int(found["M"]), int(found["D"])), "day"
    if name == "numeric_month":
        return _span(int(found["Y"]), int(found["M"]), None, last), "month"
    if name == "worded":
        return _worded(found, today, leaning, last)
    if name == "holiday":
        month, day = _HOLIDAYS[found["H"]]
        return date(
            _year(found, today) or _guess_year(month, day, today, leaning), month, day
        ), "day"
    if name in ("ago", "lasting"):
        return _duration(found, today, name == "lasting" or "前" in found["way"])
    if name == "weekday":
        return _weekday(found, today)
    if name == "day":
        return today + timedelta(days=_RELATIVE_DAYS[found["RD"]]), "day"
    if name in ("year_edge", "year_alone"):
        return _year_edge(found, today, last)
    if name == "month_day_slash":
        month, day = int(found["M"]), int(found["D"])
        return date(_guess_year(month, day, today, leaning), month, day), "day"
    return _day_of_month(found, today, leaning)


def _year_edge(found: re.Match[str], today: date, last: bool) -> tuple[date, Precision]:
    edge = found.groupdict().get("E2") or found.groupdict().get("E")
    year = _year(found, today) or today.year
    exact = edge is not None and not edge.endswith("半年")
    return _span(year, None, edge, last), "month" if exact else "year"


def _day_of_month(found: re.Match[str], today: date, leaning: Leaning) -> tuple[date, Precision]:
    day = small_number(found["D"])
    month_shift = -1 if leaning == "past" and day > today.day else 0
    month_shift = 1 if leaning == "future" and day < today.day else month_shift
    anchor = shift_months(today.replace(day=1), month_shift)
    return anchor.replace(day=day), "day"


def find_dates(
    text: str, *, today: date, leaning: Leaning = "none", last: bool = False
) -> list[Said]:
    """All days said in a normalised text, in order.

    Args:
        today: Asia/Shanghai.
        leaning: "past" for fields that cannot lie in the future, "future" for the opposite.
        last: a span stands for its last day (租约到期), not its first.
    """
    found: list[Said] = [
        Said(None, "day", lunar.start(), lunar.end(), "lunar") for lunar in _LUNAR.finditer(text)
        if not re.match(r"[月年]", text[max(0, lunar.start() - 1) : lunar.start()] or "x")
    ]  # fmt: skip
    found += [Said(None, "day", *season.span(), "vague") for season in _SEASONS.finditer(text)]
    taken = [False] * (len(text) + 1)
    for one in found:
        taken[one.start : one.end] = [True] * (one.end - one.start)
    for name, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            try:
                result = _value(name, match, today, leaning, last)
                problem: Literal["impossible", "vague"] | None = None if result else "vague"
            except (ValueError, OverflowError):
                result, problem = None, "impossible"
            if name == "ago" and re.search("[一二三四五六七八九十0-9]$", text[: match.start()]):
                result, problem = None, "vague"  # 三四年前
            taken[match.start() : match.end()] = [True] * (match.end() - match.start())
            value, precision = result or (None, "day")
            bare = name in ("month_day_slash", "day_only", "compact", "numeric_month", "year_alone")
            found.append(
                Said(value, precision, *match.span(), problem, bare, since=name == "lasting")
            )
    return sorted(found, key=lambda one: one.start)
