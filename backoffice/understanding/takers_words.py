"""Answers in words: yes or no, work and school, ethnic group, free text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from backoffice.understanding.acts import closed_act, is_question
from backoffice.understanding.addresses import parts
from backoffice.understanding.checks import ethnic_names
from backoffice.understanding.digits import mask
from backoffice.understanding.lexicon import alternation, any_of, lexicon, words
from backoffice.understanding.reading import Clause, Reading, cues_of, is_person_name
from backoffice.understanding.types import Fault, Wanted


def skip_leading(text: str, start: int, end: int) -> int:
    while match := any_of("cues", "answer_leading").match(text, start, end):
        if match.end() >= end:
            break
        start = match.end()
    return start


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


_GRADE = re.compile(r" ?(?:读书|读|上|念)?([一二三四五六七八九1-9]年级|[小初高大][一二三四五六])")
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
            negated = any_of("cues", "negations").fullmatch(
                reading.text[max(0, match.start() - 1) : match.start()] or "x"
            )
            if reading.asks_at(match.start(1)) or negated:
                continue
            found = (
                _relation(reading, wanted, match)
                if part == "与屋主关系"
                else _organisation(reading, wanted, match)
            )
            if found is not None and reading.take(wanted, *found):
                return


def _named(match: re.Match[str]) -> tuple[str, int]:
    """The template's value without what leads up to the name (了个小卖部叫), and its start."""
    value = match[1].strip()
    value = re.sub("^.{0,6}(?:店|铺|档|公司|厂)(?:名叫|叫做|叫)", "", value)
    value = re.sub("^(?:是|系|在|喺|叫|:)", "", value)
    value = re.sub("^(?:了|咗)?(?:一?[家间个])?.{1,8}?(?:名叫|叫做|叫)(?=.{2})", "", value)
    return value, match.end(1) - len(value)


def _relation(
    reading: Reading, wanted: Wanted, match: re.Match[str]
) -> tuple[str, int, int] | None:
    if match[0][0] in "他她佢" and not wanted.awaited:
        if not any(marker.person == "host" for marker in reading.markers):
            return None  # 他是我爸: who is spoken of need not be the host
    value, start = _named(match)
    kin = any_of("cues", "relations").match(value)
    if kin is None or re.match("(?:的|嘅)(?!房|屋|家)", value[kin.end() :]):
        return None
    return kin[0], start, start + len(kin[0])


def _organisation(
    reading: Reading, wanted: Wanted, match: re.Match[str]
) -> tuple[str, int, int] | None:
    value, start = _named(match)
    if len(value) < 2 or _EMPTY_PLACES.match(value) or value in words("cues", "no_answer"):
        return None
    end = start + len(value)
    if "年级" in wanted.label:
        if _GRADE.fullmatch(value):
            return None  # 澜石小学,读三年级: the school stands elsewhere
        if grade := _GRADE.match(reading.text, end):
            value, end = value + grade[1], grade.end()
    return value, start, end


@cache
def _ethnic_words() -> re.Pattern[str]:
    return re.compile(alternation({*ethnic_names(), *lexicon("ethnic_groups")["synonyms"]}))


@cache
def _bare_ethnic_answer(awaited: bool) -> re.Pattern[str]:
    """A group's name without 族: 汉, 我是壮的; unasked only behind 民族."""
    bare = alternation(words("ethnic_groups", "groups"))
    cue = r"(?:民族|族)?(?:是|系|:)?" if awaited else r"民族(?:是|系|:)?"
    return re.compile(rf"(?:我是|我系|我)?{cue}({bare})(?:的|嘅|啊|呀|。)?")


def _take_ethnicity(reading: Reading, wanted: Wanted) -> None:
    synonyms: dict[str, str] = lexicon("ethnic_groups")["synonyms"]
    for match in _ethnic_words().finditer(reading.text):
        before = reading.text[max(0, match.start() - 2) : match.start()]
        if (
            reading.asks_at(match.start())
            or before.endswith(("不是", "唔系"))
            or (match[0] in synonyms and not wanted.awaited)
        ):
            continue
        if reading.take(wanted, synonyms.get(match[0], match[0]), match.start(), match.end()):
            return
    for clause in reading.free_clauses():
        if match_bare := _bare_ethnic_answer(wanted.awaited).fullmatch(
            reading.text, clause.start, clause.end
        ):
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
    left = [c for c in _unused(reading) if not _says_nothing(reading, awaited, c)]
    if not left:
        return
    start, end = left[0].start, left[-1].end
    if not reading.is_free(start, end):
        end = left[0].end
    start, end = _trim(reading.text, start, end)
    value = re.sub(" (?=[一-鿿])|(?<=[一-鿿]) ", "", reading.text[start:end])
    if "年级" in awaited.label:
        value = re.sub(rf",(?={_GRADE.pattern})(?: ?(?:读书|读|上|念))?", "", value)
    if awaited.label.startswith("提供宿舍"):
        value = re.sub("(?<=.{2})(?:的|嘅)?(?:员工|职工|学生|厂里)?宿舍$", "", value)
    if mask(value) != value:
        return
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


def _unused(reading: Reading) -> Iterator[Clause]:
    """Clauses that nothing was taken from, and what stands before a hidden number in the others."""
    for clause in reading.clauses:
        if clause.asks:
            continue
        inside = [s for s, e, p in reading.taken if p and clause.start <= s < clause.end]
        if reading.is_free(clause.start, clause.end):
            yield clause
        elif (
            inside
            and min(inside) - clause.start >= 2
            and reading.is_free(clause.start, min(inside))
        ):
            yield Clause(clause.start, min(inside), False)


def _says_nothing(reading: Reading, awaited: Wanted, clause: Clause) -> bool:
    """A closed act, only the name of a field, or that there is none (没有单位)."""
    piece = reading.text[clause.start : clause.end]
    if closed_act(piece):
        return True
    unmarked = any_of("corrections", "marks").sub("", piece)
    if not re.sub("[我刚才头先前面了的是, ]", "", unmarked):
        return True
    announced = {c for w in reading.wanted for c in (*cues_of(w), *w.names)}
    denied = any_of("cues", "negations").match(piece)
    if denied and piece.rstrip("啊呀的了")[denied.end() :] in {*cues_of(awaited), *awaited.names}:
        return True
    return (
        piece.rstrip(" :是系") in announced
        or re.sub("^.{0,4}的|.*?(?=电话|手机|微信)", "", piece).rstrip(" :是系") in announced
    )


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
