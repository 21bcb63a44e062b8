"""Finds people's names: with a cue ("我叫", "姓名:") or as the answer to the question for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from backoffice.understanding.lexicon import alternation, lexicon, words

_HAN = "㐀-䶿一-鿿𠀀-𪛟"
_DOTTED = re.compile(rf"[{_HAN}]{{1,15}}(?:·[{_HAN}]{{1,15}})+")
_LATIN = re.compile(r"[A-Za-z][A-Za-z'\-.]+(?: [A-Za-z][A-Za-z'\-.]*){0,4}")
_LATIN_LEAD = re.compile(r"(?i)(?:my name is|i am|i'm|this is|name is|name)[ :]+")
_EXPLAINED = re.compile(r"[,、 ]*(?:是|就是|系)?[㐀-鿿]{1,4}[的嘅个]$")
LONGEST_NAME = 30


@dataclass(frozen=True)
class NameSpan:
    """A name in the text. complete: False when only the surname was said (陈, 陈先生)."""

    value: str
    start: int
    end: int
    complete: bool = True
    has_surname: bool = True


@cache
def _surnames() -> frozenset[str]:
    return frozenset("".join(lexicon("names")["surnames"].split()))


@cache
def _compound() -> tuple[str, ...]:
    return tuple(sorted(words("names", "compound_surnames")))


@cache
def _unlikely() -> frozenset[str]:
    return frozenset(lexicon("names")["unlikely_characters"])


@cache
def _particles() -> str:
    return str(lexicon("names")["particles"])


@cache
def _followers() -> re.Pattern[str]:
    return re.compile(alternation(words("names", "followers")))


@cache
def _titles() -> re.Pattern[str]:
    return re.compile(alternation(words("names", "titles")))


@cache
def _spelled() -> re.Pattern[str]:
    """姓李，单名一个梅字 / 姓李名梅 / 姓李叫小梅."""
    return re.compile(
        rf"姓([{_HAN}]{{1,2}}?)[,、 ]*(?:单名|双名|名字叫|名叫|名字是|名|叫做|叫)(?:一个|个|系|是)?(?!\1)([{_HAN}]{{1,2}}?)"
        rf"(?:字|(?=[,。;!? {_particles()}]|$))"
    )


@cache
def _described() -> re.Pattern[str]:
    """木子李，梅花的梅: the surname and each given character explained."""
    described = alternation(lexicon("names")["described_surnames"])
    return re.compile(
        rf"({described})[,、 ]*(?:[{_HAN}]{{1,3}}[的嘅]([{_HAN}]))(?:[,、 ]*[{_HAN}]{{1,3}}[的嘅]([{_HAN}]))?"
    )


def surname_length(text: str) -> int:
    """Characters of the surname that the text begins with, 0 for none."""
    if text[:2] in _compound():
        return 2
    return 1 if text[:1] in _surnames() else 0


def is_not_a_name(text: str) -> bool:
    """Words that look like a name and are none; and whatever holds everyday characters."""
    if text in words("names", "not_names") or re.search("公司|宿舍|学校|工厂|饭店", text):
        return True
    bare = re.sub("[省市县区]?(?:人|的|仔|妹|男|女|那边)?$", "", text)
    return bare in words("places", "provinces") or bare in words("places", "cities")


def _explanation_end(text: str, place: int, name: str) -> int:
    """End of explanations behind a name ("李梅，木子李，梅花的梅"), to be hidden with it."""
    described = alternation(lexicon("names")["described_surnames"])
    part = re.compile(
        rf"[,、。 ]*(?:就?是|系)?(?:{described}|[{_HAN}]{{1,4}}[的嘅][{name}](?:字)?)"
    )
    while found := part.match(text, place):
        place = found.end()
    return place


def _given_ends(text: str, place: int, surname: int) -> tuple[int, bool]:
    """End of the name whose surname is at `place`, and whether a boundary follows."""
    boundaries = []
    for given in (2, 1, 3):
        end = place + surname + given
        piece = text[place + surname : end]
        if len(piece) < given or not re.fullmatch(rf"[{_HAN}]+", piece):
            continue
        if any(c in _particles() or c in "的嘅" for c in piece):
            continue
        rest = text[end:]
        if (
            not rest
            or rest[0] not in _HAN_SET
            or rest[0] in _particles()
            or _followers().match(rest)
        ):
            boundaries.append((end, piece))
    for end, piece in boundaries:
        cut = _followers().search(piece)
        if len(piece) == 1 or not (
            cut and cut.start() > 0 and _cut_is_likelier(text, place, surname, cut.start())
        ):
            return end, True
    return place + surname, False


def _cut_is_likelier(text: str, place: int, surname: int, cut: int) -> bool:
    """李梅住…: a word such as 住 inside the given name that goes on behind it."""
    tail = text[place + surname + cut :]
    return len(tail) > 1


class _HanSet:
    def __contains__(self, character: object) -> bool:
        return isinstance(character, str) and bool(re.match(rf"[{_HAN}]", character))


_HAN_SET = _HanSet()


def name_at(text: str, place: int) -> NameSpan | None:  # noqa: C901 one case per way to write a name
    """The name that begins at `place`, where a cue has announced one."""
    if dotted := _DOTTED.match(text, place):
        value = dotted[0].rstrip(_particles())
        return NameSpan(value, place, place + len(value))
    if latin := _LATIN.match(text, place):
        if lead := _LATIN_LEAD.match(text, place):
            return name_at(text, lead.end())
        return NameSpan(latin[0], place, latin.end(), has_surname=False)
    surname = surname_length(text[place:])
    if not surname:
        return None
    if title := _titles().match(text, place + surname):
        after = text[title.end() : title.end() + 1]
        if (
            after not in _HAN_SET
            or len(title[0]) > 1
            or after in _particles()
            or _followers().match(text, title.end())
        ):
            return NameSpan(text[place : place + surname], place, title.end(), complete=False)
    if text.startswith("叫", place + surname):  # 姓欧阳叫…
        return NameSpan(text[place : place + surname], place, place + surname, complete=False)
    end, bounded = _given_ends(text, place, surname)
    if end == place + surname:
        after = text[end : end + 1]
        if not after or after not in _HAN_SET or after in _particles() or after in "的嘅":
            return NameSpan(text[place:end], place, end, complete=False)
        if not bounded:  # nothing shows where it ends: two characters behind the surname
            end = min(end + 2, len(text))
            while end > place + surname + 1 and text[end - 1] in _unlikely():
                end -= 1
            if text[place + surname] in _unlikely():
                return NameSpan(
                    text[place : place + surname], place, place + surname, complete=False
                )
    value = text[place:end]
    if is_not_a_name(value):
        return None
    return NameSpan(value, place, _explanation_end(text, end, value))


def spelled_name(text: str, start: int = 0) -> NameSpan | None:
    """A name whose characters are given one by one."""
    if found := _spelled().search(text, start):
        value = found[1] + found[2]
        if surname_length(found[1]) == len(found[1]):
            return NameSpan(value, found.start(), _explanation_end(text, found.end(), value))
    if found := _described().search(text, start):
        surname = lexicon("names")["described_surnames"][found[1]]
        return NameSpan(surname + found[2] + (found[3] or ""), found.start(), found.end())
    return None


def whole_name(text: str, start: int, end: int) -> NameSpan | None:
    """The name when text[start:end] is nothing but one, for the question that asks for it."""
    piece = text[start:end]
    strip = piece.strip(" ,。.!;:、" + _particles())
    if not strip or is_not_a_name(strip):
        return None
    start += piece.find(strip)
    if lead := _LATIN_LEAD.match(strip):
        start, strip = start + lead.end(), strip[lead.end() :]
    if _DOTTED.fullmatch(strip) or (
        _LATIN.fullmatch(strip) and len(strip) >= 4 and not strip.islower()
    ):
        return NameSpan(strip, start, start + len(strip)) if len(strip) <= LONGEST_NAME else None
    spaced = strip.replace(" ", "")
    if not re.fullmatch(rf"[{_HAN}]{{1,4}}", spaced):
        return None
    surname = surname_length(spaced)
    title = _titles().fullmatch(spaced, surname) if surname else None
    if surname == len(spaced) or title:
        return NameSpan(spaced[:surname], start, start + len(strip), complete=False)
    if len(spaced) < 2 or len(spaced) - surname > 3:
        return None
    unlikely = any(c in _unlikely() for c in spaced[surname:])
    if unlikely and not surname:
        return None
    return NameSpan(spaced, start, start + len(strip), has_surname=bool(surname) and not unlikely)
