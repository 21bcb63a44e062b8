"""Answers that are known by their form: ID numbers, phone numbers, codes, dates, amounts."""

from __future__ import annotations

import re

import cn2an

from backoffice.understanding.checks import check
from backoffice.understanding.dates import Leaning, Said, find_dates
from backoffice.understanding.digits import (
    PLACEHOLDERS,
    Number,
    emails,
    numbers,
    without_country_code,
)
from backoffice.understanding.lexicon import any_of
from backoffice.understanding.reading import Reading, cue_pattern, cues_of
from backoffice.understanding.types import Fault, Person, Wanted

_PHONE_WORDS = re.compile("电话|手机|号码|联系方式|联络|打我|微信号")
_ID_WORDS = re.compile("身份证|证件号|证号|身分证")
_LONGEST_CODE = 8
_CUE_REACH = 14
"""Characters between a cue and a typed answer at most."""
_END_WORDS = ("到期", "截止", "结束", "终止", "期满")


def take_numbers(reading: Reading) -> None:
    """Phone and ID numbers to their fields; all other long numbers are hidden."""
    for start, end in emails(reading.text):
        reading.hide(start, end, "[邮箱]")
    if "验证码" in reading.text and not (reading.awaited and reading.awaited.kind == "sms_code"):
        for code in numbers(reading.text, shortest=4):
            if len(code.digits) <= _LONGEST_CODE:
                reading.hide(code.start, code.end, "[验证码]")
    _take_patterned(reading)
    previous = 0
    for number in numbers(reading.text):
        if reading.is_free(number.start, number.end) and not _is_awaited_date(reading, number):
            _place_number(reading, number, previous)
            reading.hide(number.start, number.end, PLACEHOLDERS[number.type])
        previous = number.end
    _refuse_short(reading)


def _take_patterned(reading: Reading) -> None:
    """Receipt and register numbers: text fields whose form is a pattern of letters and digits."""
    for wanted in reading.of("text"):
        pattern = str(wanted.rules.get("pattern", ""))
        if not pattern or not reading.may_fill(wanted):
            continue
        for token in re.finditer(r"[A-Za-z0-9][A-Za-z0-9\- ]*[A-Za-z0-9]", reading.text):
            value = re.sub("[- ]", "", token[0])
            if not re.fullmatch(pattern.strip("^$"), value) or not re.search("[0-9]", value):
                continue
            before = reading.text[max(0, token.start() - _CUE_REACH) : token.start()]
            if cue_pattern((*cues_of(wanted), *wanted.names)).search(before) or (
                wanted.awaited and not (_PHONE_WORDS.search(before) or _ID_WORDS.search(before))
            ):
                reading.take_checked(wanted, value, token.start(), token.end())
                break


def _is_awaited_date(reading: Reading, number: Number) -> bool:
    awaited = reading.awaited
    if number.type != "other" or not (awaited and awaited.kind == "date"):
        return any(said.start <= number.start and number.end <= said.end and not said.bare
                   for said in find_dates(reading.text, today=reading.today))  # fmt: skip
    return any(
        said.start <= number.start and number.end <= said.end and said.value
        for said in find_dates(reading.text, today=reading.today)
    )


def _kind_of(reading: Reading, number: Number, before: str) -> str | None:
    """Which kind of field a number is for; its form decides, then the words, then the question."""
    if number.type != "other":
        return number.type
    phone, identity = _last(_PHONE_WORDS, before), _last(_ID_WORDS, before)
    if phone != identity:
        return "phone" if phone > identity else "id_number"
    awaited = reading.awaited
    if awaited and awaited.kind in ("phone", "id_number", "sms_code"):
        return awaited.kind
    return None


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _place_number(reading: Reading, number: Number, previous: int) -> None:
    before = reading.text[max(previous, number.start - 24) : number.start]
    kind = _kind_of(reading, number, before)
    if kind is None or kind == "sms_code":
        return
    if re.search(any_of("corrections", "not_this_but").pattern + r"[ :]?$", before):
        return
    wanted = _field_for(reading, kind, number, before)
    if wanted is None:
        return
    value = without_country_code(number.digits) if kind == "phone" else number.digits
    replaces = wanted.key in reading.found and bool(
        any_of("corrections", "marks").search(
            reading.text[reading.found[wanted.key].end : number.start]
        )
    )
    reading.take_checked(wanted, value, number.start, number.end, replaces=replaces)


def _owner(reading: Reading, number: Number) -> tuple[Person, bool]:
    """Whose number it is: the word right behind it ("…是房东的"), else the words before it."""
    for marker in reading.markers:
        between = reading.text[number.end : marker.start]
        if marker.start >= number.end and re.fullmatch(r"[ ,]?(?:这|呢)?个?(?:是|系)", between):
            return marker.person, True
    return reading.person_at(number.start)


def _field_for(reading: Reading, kind: str, number: Number, before: str) -> Wanted | None:
    person, said = _owner(reading, number)
    fields = [w for w in reading.of(kind) if reading.may_fill(w)]
    awaited = reading.awaited
    cued = [w for w in fields if any(len(c) > 2 and c in before for c in (*w.cues, *w.names))]
    cued = [w for w in cued if (w.person or "applicant") == person or not said]
    if len(cued) == 1 and not said and not cued[0].filled:
        return cued[0]
    if person == "other" and said:
        return awaited if awaited in fields else None
    own = [w for w in fields if (w.person or "applicant") == person]
    if awaited in own:
        return awaited
    if own:
        open_fields = [w for w in own if not w.filled and w.key not in reading.found] or own
        narrowed = [w for w in open_fields if w in cued] or open_fields
        return narrowed[0] if len(narrowed) == 1 else None
    if said:
        return None
    if awaited in fields:
        return awaited
    if any((w.person or "applicant") == person for w in reading.of(kind)):
        return None  # one's own is known already; whose this is, nothing says
    alone = [w for w in fields if not w.filled and w.key not in reading.found]
    return alone[0] if len(alone) == 1 else None


def _refuse_short(reading: Reading) -> None:
    """A number too short to be hidden, given where a phone, ID number or code was asked for."""
    awaited = reading.awaited
    if (
        awaited is None
        or awaited.kind not in ("phone", "id_number", "sms_code")
        or awaited.key in reading.found
    ):
        return
    for number in numbers(reading.text, shortest=3):
        if not reading.is_free(number.start, number.end) or reading.asks_at(number.start):
            continue
        if awaited.kind == "sms_code":
            reading.take_checked(awaited, number.digits, number.start, number.end)
        elif len(number.digits) * 2 >= len(reading.text.strip()):
            fault = check(awaited, number.digits, today=reading.today)
            if fault:
                reading.refuse(awaited, fault, number.start, number.end)


def take_code(reading: Reading) -> None:
    """The six digits of an SMS code, only while awaited."""
    awaited = reading.awaited
    if awaited is None or awaited.kind != "sms_code":
        return
    for number in numbers(reading.text, shortest=4):
        if len(number.digits) == 6 and reading.take(
            awaited, number.digits, number.start, number.end
        ):
            return


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
        if wanted is None:
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
        if exact.value is not None:
            reading.take_checked(
                wanted, exact.value.isoformat(), said.start, said.end, precision=exact.precision
            )


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


def take_amount(reading: Reading) -> None:
    """A number for the awaited number field: 3, 三个, 两千五, 1.5万."""
    awaited = reading.awaited
    if awaited is None or awaited.kind != "number":
        return
    for found in re.finditer(
        r"[0-9]+(?:\.[0-9]+)?[万千百]?|[零〇一二三四五六七八九十百千万亿两半]+", reading.text
    ):
        if not reading.is_free(found.start(), found.end()) or reading.asks_at(found.start()):
            continue
        try:
            value = float(cn2an.cn2an(found[0], "smart"))
        except ValueError:
            continue
        number = int(value) if value.is_integer() else value
        reading.take_checked(awaited, number, found.start(), found.end())
        return
