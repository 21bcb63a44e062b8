"""Answers that are known by their form: ID numbers, phone numbers, codes, amounts."""

from __future__ import annotations

import re

import cn2an

from backoffice.understanding.checks import check
from backoffice.understanding.dates import find_dates
from backoffice.understanding.digits import (
    PLACEHOLDERS,
    Number,
    emails,
    numbers,
    type_of,
    without_country_code,
)
from backoffice.understanding.lexicon import any_of, words
from backoffice.understanding.reading import Reading, cue_pattern, cues_of
from backoffice.understanding.types import Person, Wanted

_PHONE_WORDS = re.compile("电话|手机|号码|联系方式|联络|打我|微信号")
_ID_WORDS = re.compile("身份证|证件号|证号|身分证")
_ORGANISATION = re.compile("[们哋]?(?:的|嘅)?(?:公司|单位|厂|店|铺|学校|老板)")
_LONGEST_CODE = 8
_CUE_REACH = 14
"""Characters between a cue and a typed answer at most."""


def take_numbers(reading: Reading) -> None:
    """Phone and ID numbers to their fields; all other long numbers are hidden."""
    for start, end in emails(reading.text):
        reading.hide(start, end, "[邮箱]")
    if "验证码" in reading.text and not (reading.awaited and reading.awaited.kind == "sms_code"):
        for code in numbers(reading.text, shortest=4):
            if len(code.digits) <= _LONGEST_CODE:
                reading.hide(code.start, code.end, "[验证码]")
    _take_patterned(reading)
    _refuse_patterned(reading)
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
        pattern = _written_form(wanted)
        if not pattern or not reading.may_fill(wanted):
            continue
        for token in re.finditer(r"[A-Za-z0-9][A-Za-z0-9\- ]*[A-Za-z0-9]", reading.text):
            value = re.sub("[- ]", "", token[0])
            if not re.fullmatch(pattern.strip("^$"), value) or not re.search("[0-9]", value):
                continue
            if "pattern" not in wanted.rules and _is_of_another_kind(reading, wanted, value):
                continue
            before = reading.text[max(0, token.start() - _CUE_REACH) : token.start()]
            if cue_pattern((*cues_of(wanted), *wanted.names)).search(before) or (
                wanted.awaited and not (_PHONE_WORDS.search(before) or _ID_WORDS.search(before))
            ):
                start, end = token.span()
                if "pattern" not in wanted.rules and wanted.awaited:
                    start, end = _with_words_around(reading.text, wanted, start, end)
                    value = reading.text[start:end]
                reading.take_checked(wanted, value, start, end)
                break


def _is_of_another_kind(reading: Reading, wanted: Wanted, value: str) -> bool:
    """A phone's or identity number's form. A permit's number may look like an identity number:

    it is one only where that is still open and the number can be one.
    """
    kind = type_of(value)
    if kind == "other" or not (wanted.awaited and kind == "id_number"):
        return kind != "other"
    return any(
        not w.filled and check(w, value, today=reading.today) is None for w in reading.of(kind)
    )


def _refuse_patterned(reading: Reading) -> None:
    """A number that does not have the form of the one asked for, when little else was said."""
    awaited = reading.awaited
    if awaited is None or awaited.kind != "text" or "pattern" not in awaited.rules:
        return
    if awaited.key in reading.found or awaited.key in reading.refused:
        return
    for token in re.finditer(r"[A-Za-z0-9][A-Za-z0-9\- ]*[A-Za-z0-9]", reading.text):
        value = re.sub("[- ]", "", token[0])
        if not re.search("[0-9]{4}", value) or len(token[0]) * 2 < len(reading.text.strip()):
            continue
        if type_of(value) != "other" or not reading.is_free(*token.span()):
            continue  # a phone or identity number given beside the question
        fault = check(awaited, value, today=reading.today)
        if fault:
            reading.refuse(awaited, fault, *token.span())
            return


def _with_words_around(text: str, wanted: Wanted, start: int, end: int) -> tuple[int, int]:
    """粤佛租备2024-00123号: what stands before belongs to the number, unless it announces it."""
    before = re.search(r"[一-鿿]{1,8}[(]?$", text[:start])
    announced = cue_pattern((*cues_of(wanted), *wanted.names)).search(before[0]) if before else None
    if before is None or announced or re.search("[是系叫号码我]", before[0]):
        return start, end
    return before.start(), end + (1 if text.startswith("号", end) else 0)


def _written_form(wanted: Wanted) -> str:
    """The pattern of a number of letters and digits; any of fitting length when none is given."""
    if pattern := wanted.rules.get("pattern"):
        return str(pattern)
    shortest, longest = wanted.rules.get("len", (1, 200))
    return f"[A-Za-z0-9]{{{shortest},{longest}}}" if re.search("号码?$", wanted.label) else ""


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
            if _ORGANISATION.match(reading.text, marker.end):  # …是我公司的电话
                return "other", True
            return marker.person, True
    return reading.person_at(number.start)


def _field_for(reading: Reading, kind: str, number: Number, before: str) -> Wanted | None:
    person, said = _owner(reading, number)
    if _stands_by_an_organisation(before):
        return None
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


def _stands_by_an_organisation(before: str) -> bool:
    """东鹏公司13800138000: whose number it is, nobody said."""
    return before.rstrip(" :").endswith(tuple(words("cues", "organisation_endings")))


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
