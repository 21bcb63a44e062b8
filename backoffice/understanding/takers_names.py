"""People's names to their fields: announced by a word, or as the answer to the question."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backoffice.understanding.acts import closed_act
from backoffice.understanding.lexicon import any_of, lexicon, words
from backoffice.understanding.names import (
    NameSpan,
    name_at,
    spelled_name,
    surname_length,
    whole_name,
)
from backoffice.understanding.reading import Reading, is_person_name
from backoffice.understanding.takers_words import skip_leading, take_free_text
from backoffice.understanding.types import Fault, Wanted

_CONNECTOR = r"(?:的?(?:全名|姓名|名字|名))?[ ]*(?:写错了?|错了|不对)?[, ]*(?:应该)?(?:改成|改为|改做|换成|是|系|叫做|叫|就是|为|:)*[ ]*"
_NAME_CUE = re.compile(
    r"(?P<cue>叫做|名叫|名字叫|叫|姓名|名字|全名|单名|(?<!贵)姓(?!名))" + _CONNECTOR
)
_SELF_CUE = re.compile(
    r"(?:^|(?<=[,。;! ]))(?:你好|您好)?(?:我是|我系|我就是|本人是|本人)(?=[一-鿿])"
)


def take_names(reading: Reading) -> None:
    """People's names, by cue and by whose they are; then the awaited one."""
    fields = [w for w in reading.wanted if is_person_name(w) and reading.may_fill(w)]
    if not fields:
        return
    for span in _announced(reading, fields):
        wanted = _name_field(reading, fields, span.start)
        if wanted is not None:
            _take_name(reading, wanted, span)
    awaited = reading.awaited
    if awaited in fields and awaited is not None and awaited.key not in reading.found:
        _take_awaited_name(reading, awaited)
    if reading.corrected or any(w.key in reading.found for w in fields):
        # the name that was wrong is a name too
        for denial in any_of("corrections", "not_this_but").finditer(reading.text):
            wrong = name_at(reading.text, denial.end())
            if wrong and wrong.complete and _plausible(wrong):
                reading.hide(wrong.start, wrong.end, "[姓名]")


def _announced(reading: Reading, fields: list[Wanted]) -> Iterator[NameSpan]:
    place = 0
    while spelled := spelled_name(reading.text, place):
        yield spelled
        place = spelled.end
    yield from _named(reading)
    yield from _self_named(reading)
    yield from _named_by_person(reading, fields)
    yield from _named_by_role(reading, fields)


def _named(reading: Reading) -> Iterator[NameSpan]:
    """Behind 叫, 姓名, 姓."""
    for cue in _NAME_CUE.finditer(reading.text):
        span = name_at(reading.text, cue.end())
        if span is None or reading.asks_at(span.start):
            continue
        if not span.complete and cue["cue"].endswith("姓"):  # 姓王,王大锤
            again = re.compile("[,、。 ]+(?:叫|名)?|叫做?|名叫?").match(reading.text, span.end)
            fuller = name_at(reading.text, again.end()) if again else None
            if fuller and fuller.complete and fuller.value.startswith(span.value):
                span = fuller
        if span.complete or cue["cue"].endswith("姓"):
            yield span


def _self_named(reading: Reading) -> Iterator[NameSpan]:
    """Behind 我是, when nothing follows."""
    for cue in _SELF_CUE.finditer(reading.text):
        span = name_at(reading.text, cue.end())
        clause = reading.clause_at(cue.end())
        if span and span.complete and clause and span.end >= clause.end - 1 and _plausible(span):
            yield span


def _named_by_person(reading: Reading, fields: list[Wanted]) -> Iterator[NameSpan]:
    """房东是陈大文, 房东陈先生."""
    persons = [w.person for w in fields if w.person not in (None, "applicant")]
    for marker in reading.markers:
        if marker.person not in persons:
            continue
        connector = re.compile(_CONNECTOR).match(reading.text, marker.end)
        start = connector.end() if connector else marker.end
        kin = re.compile(
            rf"(?:我|我的|我哋)?{any_of('cues', 'relations').pattern}[:,]?(?:叫|是|系)?"
        )
        if start > marker.end and (relative := kin.match(reading.text, start)):
            start = relative.end()  # 屋主是我姑妈陈秀英
        span = name_at(reading.text, start)
        if span is None or reading.asks_at(start):
            continue
        awaited = reading.awaited
        linked = start > marker.end or (awaited is not None and awaited.person == marker.person)
        titled = not span.complete and span.end > start + 1
        if titled or (linked and span.complete and _plausible(span)):
            yield span


def _named_by_role(reading: Reading, fields: list[Wanted]) -> Iterator[NameSpan]:
    """转给黄大强: right behind a field's own words that end in a linking word."""
    for wanted in fields:
        for word in _role_words(wanted):
            for cue in re.finditer(re.escape(word), reading.text):
                link = re.compile(_CONNECTOR).match(reading.text, cue.end())
                start = link.end() if link else cue.end()
                if start == cue.end() and word[-1] not in "叫是系给为":
                    continue
                span = name_at(reading.text, start)
                if span and span.complete and _plausible(span) and not reading.asks_at(start):
                    yield span


def _plausible(span: NameSpan) -> bool:
    """A name without a naming word must have no everyday characters."""
    unlikely = lexicon("names")["unlikely_characters"]
    return "·" in span.value or not any(c in unlikely for c in span.value[1:])


def _name_field(reading: Reading, fields: list[Wanted], place: int) -> Wanted | None:
    if (by_role := _announced_field(reading, fields, place)) is not None:
        return by_role
    person, said = reading.person_at(place)
    own = [w for w in fields if (w.person or "applicant") == person]
    if person not in ("applicant", "proxy", "landlord", "host") and _asked_by_proxy(reading):
        return reading.awaited
    if len(own) == 1:
        return own[0]
    if reading.awaited in own:
        return reading.awaited
    if not own and not said and reading.awaited in fields:
        return reading.awaited
    return None


_SAYS_NOT_WHOSE = re.compile("[他她佢我本人的姓名字全叫做是系]*")
"""Words that announce any name (她叫, 名字是); whose it is must be said by something else."""


def _role_words(wanted: Wanted) -> set[str]:
    """What announces this field's name and no other's: 新老板叫, 转给."""
    said = {*wanted.cues, *wanted.names, wanted.label}
    return {word for word in said if not _SAYS_NOT_WHOSE.fullmatch(word)}


def _announced_field(reading: Reading, fields: list[Wanted], place: int) -> Wanted | None:
    """新老板叫…: the one field whose own words stand nearest before the name in its clause."""
    clause = reading.clause_at(place)
    before = reading.text[clause.start : place] if clause is not None else ""
    ends = [
        (before.rfind(word) + len(word), len(word), index)
        for index, wanted in enumerate(fields)
        for word in _role_words(wanted)
        if word in before
    ]
    if not ends:
        return None
    end, length, index = max(ends)
    rivals = {i for e, n, i in ends if (e, n) == (end, length)}
    return fields[index] if len(rivals) == 1 else None


def _asked_by_proxy(reading: Reading) -> bool:
    """我老公叫刘强: who fills the form for another was asked for the applicant's name."""
    awaited = reading.awaited
    return (
        awaited is not None
        and is_person_name(awaited)
        and awaited.person == "applicant"
        and any(w.person == "proxy" and w.filled for w in reading.wanted)
    )


def _take_name(reading: Reading, wanted: Wanted, span: NameSpan, *, certain: bool = True) -> bool:
    if wanted.key in reading.found and reading.found[wanted.key].fault is None:
        return False
    value, fault = span.value, None
    if not span.complete:
        if wanted.key in reading.found:
            return False
        fault = Fault("fault.name.surname_only")
    taken = reading.take(
        wanted, value, span.start, span.end, certain=certain, fault=fault,
        replaces=wanted.key in reading.found,
    )  # fmt: skip
    if taken and certain and len(value) > 1:  # said twice, hidden twice
        for again in re.finditer(re.escape(value), reading.text):
            reading.hide(again.start(), again.end(), "[姓名]")
    return taken


def _with_known_surname(awaited: Wanted, span: NameSpan) -> NameSpan:
    """大文 after 陈 was given: 陈大文. A whole name of the same surname stays as it is."""
    known = str(awaited.current or "")
    if not known or surname_length(known) != len(known) or len(span.value) > 2:
        return span
    if len(span.value) == 2 and span.value.startswith(known):
        return span
    return NameSpan(known + span.value, span.start, span.end)


def _take_awaited_name(reading: Reading, awaited: Wanted) -> None:
    if (nickname := _nickname(reading, awaited)) is not None:
        reading.refuse(awaited, Fault("fault.name.surname_only"), *nickname)
        return
    if _take_relative(reading, awaited):
        return
    if _take_spaced(reading, awaited) or _take_alone(reading, awaited):
        return
    if _take_leading(reading, awaited):
        return
    if "单位" in awaited.label and any_of("cues", "organisation_endings").search(reading.text):
        take_free_text(reading)


_NICKNAME = re.compile(
    r"(?:^|[,。 ])(?:大家|别人|人家|人哋|佢哋|他们|你|您)*(?:都|就|可以)?(?:叫我|喊我|称呼我|嗌我|叫做?)?"
    r"([老小阿][一-鿿])(?:就行|就得|就好|就可以|都得|行了|吧|啦|得啦|啊|好了)*(?=$|[,。!])"
)


def _nickname(reading: Reading, awaited: Wanted) -> tuple[int, int] | None:
    """叫我老王就行, 阿强: no name for a form. After a surname was given 小梅 may be one."""
    if awaited.current:
        return None
    found = _NICKNAME.search(reading.text)
    if found is None or found[1][1] in "的了板师家人公婆乡妈爸哥姐弟妹":
        return None
    if found[0].startswith("阿"):  # some peoples' real names begin so
        return None
    return found.span(1)


def _take_relative(reading: Reading, awaited: Wanted) -> bool:
    """我表哥: who it is, but no name. Of a host the relation is an answer, too."""
    bare = re.sub("^(?:是|系|就是|就系)?(?:我的|我)?|[啊呀的嘅啦吧。]+$", "", reading.text)
    if bare not in words("cues", "relations"):
        return False
    relation = next((w for w in reading.of("text") if "与屋主关系" in w.label), None)
    start = reading.text.find(bare)
    reading.refused.setdefault(awaited.key, Fault("fault.name.surname_only"))
    if awaited.person == "host" and relation is not None:
        reading.take(relation, bare, start, start + len(bare))
    return True


def _take_spaced(reading: Reading, awaited: Wanted) -> bool:
    if re.fullmatch(
        r"[一-鿿](?: [一-鿿]){1,3}|[A-Za-z][A-Za-z'-]+(?: [A-Za-z][A-Za-z'.-]*){1,6}", reading.text
    ):  # 王 小 明, Ahmed Hassan
        spaced = whole_name(reading.text, 0, len(reading.text))
        return spaced is not None and _take_name(
            reading, awaited, spaced, certain=spaced.has_surname or spaced.value.isascii()
        )
    return False


def _take_alone(reading: Reading, awaited: Wanted) -> bool:
    """A clause that is nothing but a name."""
    for clause in list(reading.free_clauses()):
        start = skip_leading(reading.text, clause.start, clause.end)
        span = whole_name(reading.text, start, clause.end)
        if span is None or closed_act(reading.text[clause.start : clause.end]):
            continue
        span = _with_known_surname(awaited, span)
        if not span.has_surname and len(reading.clauses) > 1:
            continue
        if _take_name(reading, awaited, span, certain=span.has_surname):
            return True
    return False


def _take_leading(reading: Reading, awaited: Wanted) -> bool:
    """李梅租的: a name with something behind it."""
    ordinary = tuple(word for word in words("names", "not_names") if len(word) > 1)
    for clause in list(reading.free_clauses()):
        start = skip_leading(reading.text, clause.start, clause.end)
        span = name_at(reading.text, start)
        if not (span and span.complete and span.end < clause.end and _plausible(span)):
            continue
        if reading.text.startswith(ordinary, start):
            continue
        behind = reading.text[span.end : clause.end]
        if any_of("names", "followers").match(behind) and _take_name(reading, awaited, span):
            return True
    return False
