"""Answers in words: choices, yes or no, work and school, ethnic group, free text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from pypinyin import lazy_pinyin

from backoffice.understanding.acts import closed_act, is_question
from backoffice.understanding.addresses import parts
from backoffice.understanding.checks import ethnic_names
from backoffice.understanding.lexicon import alternation, any_of, lexicon, words
from backoffice.understanding.normal import normalise
from backoffice.understanding.reading import Clause, Reading, cues_of, is_person_name
from backoffice.understanding.types import Fault, Option, Wanted


def skip_leading(text: str, start: int, end: int) -> int:
    while match := any_of("cues", "answer_leading").match(text, start, end):
        if match.end() >= end:
            break
        start = match.end()
    return start


# ---------------------------------------------------------------- choices

_CANTONESE = str.maketrans({"咗": "了", "嘅": "的", "冇": "没", "喺": "在", "啲": "些", "哋": "们"})


@dataclass(frozen=True)
class _Word:
    value: str
    short: bool


@lru_cache(maxsize=512)
def _option_words(options: tuple[Option, ...]) -> tuple[dict[str, _Word], re.Pattern[str]]:
    known: dict[str, _Word] = {}
    doubtful: set[str] = set()
    for option in options:
        labels = {option.label, *re.split(r"[/／(（)）、]", option.label)}
        for word, short in [
            *((w, False) for w in option.synonyms),
            *((w, w != option.label or len(w) < 3) for w in labels),
            *((w, True) for w in option.short_answers),
        ]:
            word = _comparable(normalise(word))
            if not word:
                continue
            if word in known and known[word].value != option.value:
                doubtful.add(word)
            known.setdefault(word, _Word(option.value, short))
    for word in doubtful:
        known.pop(word, None)
    return known, re.compile(alternation(known) if known else r"(?!)")


def _comparable(text: str) -> str:
    """For comparing only: small letters, and Cantonese function words as Mandarin's, one to one."""
    return text.lower().translate(_CANTONESE)


@dataclass(frozen=True)
class _Choice:
    value: str
    start: int
    end: int
    negated: bool
    short: bool


def _choices(reading: Reading, wanted: Wanted) -> list[_Choice]:
    """The field's options in the sentence, outside questions and outside other answers."""
    if wanted.key not in reading.options_said:
        reading.options_said[wanted.key] = _all_choices(reading, wanted)
    said: list[_Choice] = reading.options_said[wanted.key]
    return [choice for choice in said if reading.is_free(choice.start, choice.end)]


def _all_choices(reading: Reading, wanted: Wanted) -> list[_Choice]:
    known, pattern = _option_words(wanted.options)
    negation = any_of("cues", "negations").pattern
    result = []
    for match in pattern.finditer(_comparable(reading.text)):
        if reading.asks_at(match.start()):
            continue
        before = reading.text[max(0, match.start() - 6) : match.start()]
        negated = re.search(negation + r"(?:我|自己|在|住|去|是|系)?$", before) is not None
        word = known[match[0]]
        result.append(_Choice(word.value, match.start(), match.end(), negated, word.short))
    return result


def take_choices(reading: Reading) -> None:
    """Options named in the sentence; for the awaited field also short answers and ordinals."""
    fields = [w for w in reading.of("choice") if reading.may_fill(w)]
    for wanted in sorted(fields, key=lambda w: not w.awaited):
        said = [
            c
            for c in _choices(reading, wanted)
            if wanted.awaited or not c.short and _is_unmistakable(reading, wanted, c)
        ]
        values = list(dict.fromkeys(c.value for c in said if not c.negated))
        denied = {c.value for c in said if c.negated}
        if (
            not wanted.awaited
            and wanted.filled
            and not denied
            and not _field_is_named(reading, wanted)
        ):
            continue
        if wanted.awaited and not values:
            values, said = _other_ways(reading, wanted, denied, said)
        if not values:
            continue
        _take_choice(reading, wanted, values, [c for c in said if not c.negated])


def _take_choice(reading: Reading, wanted: Wanted, values: list[str], said: list[_Choice]) -> None:
    last = said[-1]
    if wanted.multiple:
        reading.take(wanted, tuple(values), said[0].start, last.end)
    elif len(values) == 1:
        reading.take(wanted, values[0], said[0].start, said[0].end)
    elif any_of("corrections", "marks").search(reading.text, said[0].end, last.start):
        reading.take(wanted, last.value, last.start, last.end)
    elif wanted.awaited:
        options = "、".join(o.label for o in wanted.options if o.value in values)
        reading.refused.setdefault(
            wanted.key, Fault("fault.choice.ambiguous", {"options": options})
        )


def _is_unmistakable(reading: Reading, wanted: Wanted, choice: _Choice) -> bool:
    """Two characters at least, and no option of another field in the same place."""
    word = reading.text[choice.start : choice.end].lower()
    if len(word) < 2:
        return False
    for other in reading.of("choice"):
        if other.key == wanted.key:
            continue
        if any(c.start < choice.end and choice.start < c.end and (c.end - c.start > len(word) or (not c.short and c.end - c.start == len(word)))
               for c in _choices(reading, other)):  # fmt: skip
            return False
    return True


def _field_is_named(reading: Reading, wanted: Wanted) -> bool:
    return any(name in reading.text for name in (*wanted.names, *cues_of(wanted), wanted.label))


def _other_ways(
    reading: Reading, wanted: Wanted, denied: set[str], said: list[_Choice]
) -> tuple[list[str], list[_Choice]]:
    """第二个, 2, "not the other one" of two, and options misheard (same sounds)."""
    text = reading.text.strip(" 。.,!的啊呀吧啦个嘅")
    values = [option.value for option in wanted.options]
    if (index := _ordinal(text, len(values))) is not None:
        if not 0 < index <= len(values):
            options = "、".join(option.label for option in wanted.options)
            reading.refused.setdefault(
                wanted.key, Fault("fault.choice.number", {"options": options})
            )
            return [], said
        value = values[index - 1]
        return [value], [_Choice(value, 0, len(reading.text), False, True)]
    if len(values) == 2 and len(denied) == 1 and not is_question(reading.text):
        value = next(v for v in values if v not in denied)
        place = next(c for c in said if c.negated)
        return [value], [_Choice(value, place.start, place.end, False, True)]
    heard = _sounds(text)
    known, _ = _option_words(wanted.options)
    if len(text) >= 2 and not is_question(reading.text) and not re.search("[0-9]", text):
        alike = {
            known[word].value for word in known if len(word) == len(text) and _sounds(word) == heard
        }
        if len(alike) == 1:
            value = alike.pop()
            return [value], [_Choice(value, 0, len(reading.text), False, True)]
    return [], said


def _ordinal(text: str, count: int) -> int | None:
    bare = re.sub("^(?:我?[选要拣揿按]|就|系|是)*|(?:号|项|种|样|吧|啦|，)+$", "", text)
    if re.fullmatch("[1-9]", bare):
        return int(bare)
    if re.fullmatch("[一二三四五六七八九]", bare):
        return "一二三四五六七八九".index(bare) + 1
    if bare.lower() in tuple("abcdefgh"[:count]):
        return "abcdefgh".index(bare.lower()) + 1
    number = re.fullmatch("第([1-9])(?:个|种|项)?", bare)
    if number:
        return int(number[1])
    for word, index in lexicon("cues")["ordinals"].items():
        if bare.rstrip("个种项") == word:
            return count if index == -1 else int(index)
    return None


@lru_cache(maxsize=4096)
def _sounds(text: str) -> tuple[str, ...]:
    """Toneless pinyin with the endings that southern speakers merge made one."""
    merged = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
    sounds = []
    for syllable in lazy_pinyin(text):
        for ending, plain in merged:
            syllable = syllable.replace(ending, plain)
        sounds.append(syllable)
    return tuple(sounds)


def take_yes_no(reading: Reading) -> None:
    """Yes or no to the awaited question."""
    awaited = reading.awaited
    if awaited is None or awaited.kind != "yes_no":
        return
    for clause in (Clause(0, len(reading.text), False), *reading.clauses[:1]):
        act = closed_act(reading.text[clause.start : clause.end])
        if act in ("affirm", "deny"):
            reading.take(awaited, act == "affirm", clause.start, clause.end)
            return


# ---------------------------------------------------------------- words


@cache
def _templates(label_part: str) -> tuple[tuple[re.Pattern[str], bool], ...]:
    """The lexicon's templates as patterns, and whether each is closed on both sides."""
    result = []
    for template in lexicon("cues")["templates"][label_part]:
        before, after = template.split("{}")
        avoid = f"(?!{re.escape(before)})" if before else ""
        middle = rf"((?:{avoid}[^,。;!?、 ]){{1,40}}?)"
        tail = re.escape(after) if after else r"(?=[,。;!?、]|$)"
        result.append((re.compile(re.escape(before) + middle + tail), bool(after)))
    if label_part == "单位":
        endings = alternation(words("cues", "organisation_endings"))
        named = rf"(?:在|喺|给|帮)((?:(?![在喺])[^,。;!?、 ]){{2,30}}?{endings})(?=[,。;!?、 ]|$|里|做|上|当|打)"
        result.append((re.compile(named), True))
    return tuple(result)


_GRADE = re.compile(r"(?:读书|读|上|念)?([一二三四五六七八九1-9]年级|[小初高大][一二三四五六])")
_EMPTY_PLACES = re.compile(
    "^(?:这里|这边|那边|附近|外面|佛山|广东|哪里|厂里|厂|工厂|公司|工地|家|家里|石湾|呢度|本地|这|那|街上|市区)$"
)


def take_announced_text(reading: Reading) -> None:
    """Employer, school and relation where a set phrase announces them; the ethnic group."""
    for wanted in reading.of("text"):
        if not reading.may_fill(wanted) or is_person_name(wanted):
            continue
        if "民族" in wanted.label:
            _take_ethnicity(reading, wanted)
            continue
        part = next(
            (
                p
                for p in lexicon("cues")["templates"]
                if p in wanted.label and "宿舍" not in wanted.label
            ),
            None,
        )
        if part:
            _take_by_template(reading, wanted, part)


def _take_by_template(reading: Reading, wanted: Wanted, part: str) -> None:
    for pattern, _ in _templates(part):
        for match in pattern.finditer(reading.text):
            value = match[1].strip()
            start, end = match.span(1)
            if reading.asks_at(start) or any_of("cues", "negations").fullmatch(
                reading.text[max(0, match.start() - 1) : match.start()] or "x"
            ):
                continue
            value = re.sub("^.{0,6}(?:店|铺|档|公司|厂)(?:名叫|叫做|叫)", "", value)
            value = re.sub("^(?:是|系|在|喺|叫|:)", "", value)
            start = end - len(value)
            if part == "与屋主关系":
                value = re.sub("(?:的|嘅|家|屋企)$", "", value)
                if value not in words("cues", "relations"):
                    continue
            elif (
                len(value) < 2 or _EMPTY_PLACES.match(value) or value in words("cues", "no_answer")
            ):
                continue
            end = start + len(value)
            if "年级" in wanted.label and (grade := _GRADE.match(reading.text, end)):
                value, end = value + grade[1], grade.end()
            if reading.take(wanted, value, start, end):
                return


def _take_ethnicity(reading: Reading, wanted: Wanted) -> None:
    synonyms: dict[str, str] = lexicon("ethnic_groups")["synonyms"]
    pattern = alternation({*ethnic_names(), *synonyms})
    for match in re.finditer(pattern, reading.text):
        before = reading.text[max(0, match.start() - 2) : match.start()]
        if (
            reading.asks_at(match.start())
            or before.endswith(("不是", "唔系"))
            or (match[0] in synonyms and not wanted.awaited)
        ):
            continue
        if reading.take(wanted, synonyms.get(match[0], match[0]), match.start(), match.end()):
            return
    bare = alternation(words("ethnic_groups", "groups"))
    cue = r"(?:民族|族)?(?:是|系|:)?" if wanted.awaited else r"民族(?:是|系|:)?"
    for clause in reading.free_clauses():
        if match_bare := re.compile(
            rf"(?:我是|我系|我)?{cue}({bare})(?:的|嘅|啊|呀|。)?"
        ).fullmatch(reading.text, clause.start, clause.end):
            reading.take(wanted, match_bare[1] + "族", match_bare.start(1), match_bare.end(1))
            return


def take_free_text(reading: Reading) -> None:  # noqa: C901 a list of cases in their order
    """What is left of the sentence, for an awaited text field; uncertain, the act decides.

    Never a question, a control word, a refusal to answer, or a clause with another answer in it.
    """
    awaited = reading.awaited
    if (
        awaited is None
        or awaited.kind not in ("text", "address", "region")
        or awaited.key in reading.found
    ):
        return
    if awaited.key in reading.refused or (is_person_name(awaited) and "单位" not in awaited.label):
        return
    if awaited.rules.get("pattern") or is_question(reading.text) or closed_act(reading.text):
        return
    left = [c for c in reading.free_clauses() if not closed_act(reading.text[c.start : c.end])]
    if not left:
        return
    start, end = left[0].start, left[-1].end
    if not reading.is_free(start, end):
        end = left[0].end
    start, end = _trim(reading.text, start, end)
    value = reading.text[start:end]
    if (
        not value
        or value in words("cues", "no_answer")
        or re.sub("[了啊呀的]$", "", value) in words("cues", "no_answer")
    ):
        return
    if "民族" in awaited.label:
        if len(value) <= 4:
            reading.refuse(awaited, Fault("fault.ethnicity.unknown"), start, end)
        return
    if awaited.kind == "text" or parts(value):
        certain = (
            value.endswith(tuple(words("cues", "organisation_endings"))) and "位" in awaited.label
        )
        if certain or not is_person_name(awaited):
            reading.take_checked(awaited, value, start, end, certain=certain)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    start = skip_leading(text, start, end)
    changed = True
    while changed:
        changed = False
        for word in sorted(words("cues", "answer_trailing"), key=len, reverse=True):
            if text.endswith(word, start, end) and end - start > len(word):
                end -= len(word)
                changed = True
    while start < end and text[end - 1] in " ,。;!":
        end -= 1
    return start, end
