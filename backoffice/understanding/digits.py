"""Finds numbers that people dictate, in whatever disguise, and hides them.

A run is digits (any script, Chinese numerals, 幺, formal numerals, the letter O between digits,
"三个零") with pauses between them. Runs are cut at the pauses into the numbers they are made of.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from backoffice.understanding.identity_numbers import birth_date, check_character

NumberType = Literal["id_number", "phone", "other"]
PLACEHOLDERS: dict[str, str] = {"id_number": "[身份证号]", "phone": "[手机号]", "other": "[号码]"}
SHORTEST_MASKED = 7
"""Digits from which on a run is taken for somebody's number."""

_SHORTEST_WITH_X = 15
"""Characters of a number so short that a following X can no longer be its check character."""
_NUMERALS = {
    character: str(digit)
    for digit, characters in enumerate(
        (
            "零〇○",
            "一幺壹弌吆",
            "二两贰貳兩弍",
            "三叁參弎",
            "四肆",
            "五伍",
            "六陆陸",
            "七柒",
            "八捌",
            "九玖",
        )
    )
    for character in characters
}
# Military and misheard digits: count only between digits.
_INNER_DIGITS = {
    "o": "0",
    "O": "0",
    "洞": "0",
    "腰": "1",
    "妖": "1",
    "邀": "1",
    "拐": "7",
    "勾": "9",
}
_PAUSE_WORDS = "呃额嗯啊哦杠横空格"
_NOT_A_PAUSE = "[]:"
_X = "Xx×Ⅹⅹ叉ＸｘХх✕✖"
_SPOKEN_X = re.compile("[艾爱埃][克可]丝?斯?")
_EMAIL = re.compile(
    r"[A-Za-z0-9._%+\-．０-９Ａ-Ｚａ-ｚ]+\s?[@＠]\s?[A-Za-z0-9\-０-９Ａ-Ｚａ-ｚ]+"
    r"(?:\s?[.．]\s?[A-Za-zＡ-Ｚａ-ｚ]{2,})+"
)

# Alphabet of the class string: 0-9 digits, O the letter, i inner digit, g 个, p pause, X, "~" tail
# of a spoken X, a other ASCII letters, "." anything else. One character per character of the text.
_RUN = re.compile(r"[0-9](?:[pigO]{0,6}[0-9])*(?:O+(?![aO]))?(?:p{0,2}X~*(?![aX]))?")
_REPEAT = re.compile(r"([2-9])g([0-9])")


class _Classes(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = result = _class_of(chr(code))
        return result


def _class_of(character: str) -> str:
    if character in _NUMERALS:
        return _NUMERALS[character]
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if character in _INNER_DIGITS:
        return "O" if character in "oO" else "i"
    if character == "个" or character == "個":
        return "g"
    if character in _X:
        return "X"
    if character in _NOT_A_PAUSE:
        return "."
    if character.isascii() and character.isalpha():
        return "a"
    if character in _PAUSE_WORDS or unicodedata.category(character)[0] in "PSZCM":
        return "p"
    return "."


_CLASSES = _Classes()


@dataclass(frozen=True)
class Number:
    """A dictated number: its digits (with a final X, upper-case) and its place in the text."""

    digits: str
    start: int
    end: int
    type: NumberType


@dataclass(frozen=True)
class _Group:
    digits: str
    start: int
    end: int


def _classes(text: str) -> str:
    classes = text.translate(_CLASSES)
    for spoken in _SPOKEN_X.finditer(text):
        tail = "X" + "~" * (spoken.end() - spoken.start() - 1)
        classes = classes[: spoken.start()] + tail + classes[spoken.end() :]
    return classes


def _groups(text: str, classes: str, start: int, end: int) -> list[_Group]:  # noqa: C901 a list of cases in their order
    """The pieces of a run between pauses, as digits."""
    groups: list[_Group] = []
    digits, first, place = "", start, start
    while place < end:
        kind = classes[place]
        repeat = _REPEAT.match(classes, place, end)
        if repeat and not (text[place + 2].isascii() and classes[place + 3 : place + 4].isdigit()):
            digits += repeat[2] * int(repeat[1])
            place = repeat.end()
            continue
        if kind in "p":
            if digits:
                groups.append(_Group(digits, first, place))
            digits = ""
        elif kind == "g":
            if digits:
                groups.append(_Group(digits, first, place))
            digits = ""
        elif kind != "~":
            if not digits:
                first = place
            digits += _INNER_DIGITS[text[place]] if kind in "iO" else kind
        place += 1
    if digits:
        groups.append(_Group(digits, first, end))
    if (
        groups
        and "X" in groups[-1].digits
        and sum(len(g.digits) for g in groups) < _SHORTEST_WITH_X
    ):
        last = groups.pop()
        if last.digits != "X":
            groups.append(_Group(last.digits[:-1], last.start, last.end - 1))
    return groups


def type_of(digits: str) -> NumberType:
    """What a number is by its form alone, valid or not."""
    if len(digits) == 18 or (len(digits) == 15 and digits.isdigit()):
        return "id_number"
    bare = without_country_code(digits)
    if re.fullmatch("1[3-9][0-9]{9}", bare):
        return "phone"
    return "other"


def without_country_code(digits: str) -> str:
    """A mobile number without 86, +86, 0086."""
    found = re.fullmatch("(?:00)?86(1[3-9][0-9]{9})", digits)
    return found[1] if found else digits


def _rank(digits: str) -> int:
    """How surely a joined sequence of groups is one number: 0 not at all, higher is surer."""
    if len(digits) == 18:
        body_ok = digits[:17].isdigit() and birth_date(digits) is not None
        if body_ok and check_character(digits[:17]) == digits[17]:
            return 4
        return 2 if body_ok else 1
    if re.fullmatch("1[3-9][0-9]{9}", without_country_code(digits)):
        return 3
    return 0


def _cut(groups: list[_Group]) -> Iterator[Number]:
    """Cuts a run at pauses into numbers; what is loose stays together when long enough."""
    loose: list[_Group] = []
    index = 0
    while index < len(groups):
        best, best_end, joined = 0, index, ""
        for last in range(index, min(index + 18, len(groups))):
            joined += groups[last].digits
            if len(joined) > 18:
                break
            rank = _rank(joined)
            if rank > best:
                best, best_end = rank, last
        if best:
            yield from _loose(loose)
            loose = []
            digits = "".join(g.digits for g in groups[index : best_end + 1])
            yield Number(digits, groups[index].start, groups[best_end].end, type_of(digits))
            index = best_end + 1
        else:
            loose.append(groups[index])
            index += 1
    yield from _loose(loose)


def _loose(groups: list[_Group]) -> Iterator[Number]:
    digits = "".join(group.digits for group in groups)
    if len(digits) >= SHORTEST_MASKED:
        yield Number(digits, groups[0].start, groups[-1].end, type_of(digits))


def numbers(text: str, *, shortest: int = SHORTEST_MASKED) -> list[Number]:
    """All dictated numbers with at least `shortest` digits, in order of the text.

    Below SHORTEST_MASKED whole runs are given, uncut (codes sent by SMS).
    """
    classes = _classes(text)
    result: list[Number] = []
    for run in _RUN.finditer(classes):
        groups = _groups(text, classes, run.start(), run.end())
        total = sum(len(group.digits) for group in groups)
        if total >= SHORTEST_MASKED:
            result += _cut(groups)
        elif total >= shortest and groups:
            joined = "".join(group.digits for group in groups)
            result.append(Number(joined, groups[0].start, groups[-1].end, "other"))
    return result


def emails(text: str) -> list[tuple[int, int]]:
    """Places of e-mail addresses."""
    return [found.span() for found in _EMAIL.finditer(text)]


def mask(text: str) -> str:
    """Replaces personal numbers and e-mail addresses by typed placeholders. Idempotent.

    [身份证号] 18 with X or digits, or 15 digits; [手机号] mobile numbers; [号码] any other seven or
    more digits; [邮箱]. Works on raw and on normalised text.
    """
    spans = [(start, end, "[邮箱]") for start, end in emails(text)]
    taken = [(start, end) for start, end, _ in spans]
    for number in numbers(text):
        if not any(number.start < end and start < number.end for start, end in taken):
            spans.append((number.start, number.end, PLACEHOLDERS[number.type]))
    for start, end, placeholder in sorted(spans, reverse=True):
        text = text[:start] + placeholder + text[end:]
    return text
