"""Days to date fields: said as such, counted from how long, or from a contract's term."""

from __future__ import annotations

import re
from datetime import date, timedelta

from backoffice.understanding.dates import Leaning, Said, find_dates, shift_months
from backoffice.understanding.durations import Lasted, find_terms
from backoffice.understanding.lexicon import any_of
from backoffice.understanding.reading import Reading, cue_pattern, cues_of
from backoffice.understanding.types import Fault, Precision, Wanted

_CUE_REACH = 14
"""Characters between a cue and a day at most."""
_END_WORDS = ("到期", "截止", "结束", "终止", "期满")
_BEGINS = re.compile("签|起租|开始|起|租的|租了")
_STILL = re.compile("还有|还剩|剩|仲有|再租|再住|再过")
_EXACT_MONTHS = 24
"""A stretch of time said in years from here on is exact to the year only."""


def ends_something(wanted: Wanted) -> bool:
    """Whether a date field names the last day of something."""
    return wanted.rules.get("min") == "today" or any(word in wanted.label for word in _END_WORDS)


def _leaning(wanted: Wanted) -> Leaning:
    if wanted.rules.get("max") == "today" or "出生" in wanted.label:
        return "past"
    return "future" if ends_something(wanted) else "none"


def take_dates(reading: Reading) -> None:
    """Days to the date field that their words announce, or to the awaited one."""
    fields = [w for w in reading.of("date") if reading.may_fill(w)]
    if not fields:
        return
    plain = find_dates(reading.text, today=reading.today)
    if any(said.problem == "lunar" for said in plain):
        plain = [said for said in plain if said.problem == "lunar"]
    for said in plain:
        if reading.asks_at(said.start) or not reading.is_free(said.start, said.end):
            continue
        wanted = _date_field(reading, said, fields)
        if wanted is None or said.since and ends_something(wanted):
            continue
        if said.problem:
            reading.refuse(wanted, Fault(f"fault.date.{said.problem}"), said.start, said.end)
            continue
        exact = next(
            one
            for one in find_dates(
                reading.text,
                today=reading.today,
                leaning=_leaning(wanted),
                last=ends_something(wanted),
            )
            if one.start == said.start
        )
        if _is_the_beginning(reading, wanted, exact) or _take_term_end(reading, wanted, exact):
            continue
        if said.since and _take_longer_term(reading, wanted, said):
            continue
        assert exact.value is not None
        reading.take_checked(
            wanted, exact.value.isoformat(), said.start, said.end, precision=exact.precision
        )
    _take_counted(reading)


def _date_field(reading: Reading, said: Said, fields: list[Wanted]) -> Wanted | None:
    """The field whose cue is nearest to the date; the awaited one when no other is announced."""
    best: tuple[int, Wanted] | None = None
    for wanted in fields:
        for cue in cue_pattern((*cues_of(wanted), *wanted.names)).finditer(reading.text):
            if _pause_between(reading.text, cue.end(), said.start) or _pause_between(
                reading.text, said.end, cue.start()
            ):
                continue
            overlap = cue.start() < said.end and said.start < cue.end()
            distance = (
                0 if overlap else min(abs(said.start - cue.end()), abs(cue.start() - said.end))
            )
            if distance <= _CUE_REACH and (best is None or distance < best[0]):
                best = (distance, wanted)
    awaited = reading.awaited
    if best is not None and not (said.bare and best[0] > 3 and best[1] is not awaited):
        return best[1]
    return awaited if awaited in fields else None


def _pause_between(text: str, start: int, end: int) -> bool:
    return start < end and bool(re.search("[,。;!?]", text[start:end]))


def _is_the_beginning(reading: Reading, wanted: Wanted, said: Said) -> bool:
    """合同是今年3月开始的: no end, and none was asked for."""
    return said.value is None or (
        ends_something(wanted)
        and not wanted.awaited
        and said.value < reading.today
        and not find_terms(reading.text)
        and _BEGINS.search(reading.text) is not None
    )


def _take_term_end(reading: Reading, wanted: Wanted, signed: Said) -> bool:
    """两年合同,去年五月签的: the end is the beginning and the term together."""
    if not ends_something(wanted) or signed.value is None or signed.value > reading.today:
        return False
    terms = [t for t in find_terms(reading.text) if reading.is_free(t.start, t.end) and not t.vague]
    terms = [t for t in terms if not (t.start < signed.end and signed.start < t.end)]
    if len(terms) != 1 or not _BEGINS.search(reading.text):
        return False
    months = round(terms[0].least)
    if signed.precision == "day":
        end = shift_months(signed.value, months) - timedelta(days=1)
    else:  # the field's days stand for the last of their month or year already
        end = shift_months(signed.value.replace(day=1), months + 1) - timedelta(days=1)
    reading.take_checked(
        wanted, end.isoformat(), signed.start, signed.end, precision=signed.precision
    )
    return True


def _take_longer_term(reading: Reading, wanted: Wanted, said: Said) -> bool:
    """住了两年零三个月: the whole stretch, where more of it was said than the day counted."""
    for term in find_terms(reading.text):
        if term.start < said.end < term.end and not term.vague:
            day, precision = _counted(reading.today, term, backward=True)
            reading.take_checked(wanted, day.isoformat(), term.start, term.end, precision=precision)
            return True
    return False


def _take_counted(reading: Reading) -> None:
    """三年 where a past day was asked for, 还有半年 where an end was; 长期 is no day at all."""
    wanted = reading.awaited
    if wanted is None or wanted.kind != "date" or wanted.key in {*reading.found, *reading.refused}:
        return
    ends, past = ends_something(wanted), _leaning(wanted) == "past"
    if ends and (open_ended := any_of("cues", "open_ended").search(reading.text)):
        if not reading.asks_at(open_ended.start()):
            reading.refuse(wanted, Fault("fault.date.open_ended"), *open_ended.span())
        return
    terms = [t for t in find_terms(reading.text) if not reading.asks_at(t.start)]
    if len(terms) != 1 or not (past or ends and _STILL.search(reading.text)):
        return
    if terms[0].vague:
        reading.refuse(wanted, Fault("fault.date.vague"), terms[0].start, terms[0].end)
        return
    day, precision = _counted(reading.today, terms[0], backward=past)
    reading.take_checked(wanted, day.isoformat(), terms[0].start, terms[0].end, precision=precision)


def _counted(today: date, term: Lasted, *, backward: bool) -> tuple[date, Precision]:
    """The day that lies the stretch of time away; what is left of whole months as days."""
    months = int(term.least)
    days = round((term.least - months) * 30) if term.most - term.least < 1 else 0
    sign = -1 if backward else 1
    day = shift_months(today, sign * months) + timedelta(days=sign * days)
    return day, "year" if months >= _EXACT_MONTHS else "month"
