"""One sentence being read: its clauses, whose data is spoken of where, what is already taken."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, lru_cache
from typing import Any

from backoffice.understanding.acts import clause_asks
from backoffice.understanding.checks import check
from backoffice.understanding.lexicon import alternation, any_of, lexicon
from backoffice.understanding.normal import comparable
from backoffice.understanding.types import Fault, Found, Person, Precision, Wanted

_CLAUSE = re.compile(r"[^,。;!?、 \n]+[?!]?|\?")


@dataclass(frozen=True)
class Clause:
    """A stretch of text between pauses."""

    start: int
    end: int
    asks: bool


@dataclass(frozen=True)
class Marker:
    """A word that says whose data follows."""

    person: Person
    start: int
    end: int


@dataclass
class Reading:
    """What has been understood of one sentence so far. `text` is normalised."""

    text: str
    wanted: Sequence[Wanted]
    today: date
    speaker: Person
    corrected: bool
    channel: str = "phone"
    clauses: list[Clause] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    found: dict[str, Found] = field(default_factory=dict)
    refused: dict[str, Fault] = field(default_factory=dict)
    options_said: dict[str, Any] = field(default_factory=dict)
    """Options found in the sentence by field, worked out once."""
    lower: str = ""
    """The text as option words are compared with it."""
    taken: list[tuple[int, int, str]] = field(default_factory=list)
    """Spans already understood, with the placeholder that hides each ("" shows the words)."""

    @property
    def awaited(self) -> Wanted | None:
        return next((w for w in self.wanted if w.awaited), None)

    def of(self, *kinds: str) -> list[Wanted]:
        return [w for w in self.wanted if w.kind in kinds]

    def is_free(self, start: int, end: int) -> bool:
        return not any(start < e and s < end for s, e, _ in self.taken)

    def may_fill(self, wanted: Wanted) -> bool:
        """Whether a value for this field may be taken at all."""
        return wanted.awaited or not wanted.filled or self.corrected

    def hide(self, start: int, end: int, placeholder: str) -> None:
        if start < end and self.is_free(start, end):
            self.taken.append((start, end, placeholder))

    def take(
        self,
        wanted: Wanted,
        value: Any,
        start: int,
        end: int,
        *,
        certain: bool = True,
        precision: Precision | None = None,
        fault: Fault | None = None,
        replaces: bool = False,
    ) -> bool:
        """Stores one answer unless its place or its field is taken already."""
        if not self.may_fill(wanted) or not self.is_free(start, end):
            return False
        if wanted.key in self.found and not replaces:
            return False
        if replaces:  # the older value stays hidden: its span remains taken
            self.found.pop(wanted.key, None)
        self.found[wanted.key] = Found(
            wanted.key, value, start, end, certain=certain, corrected=self.corrected,
            precision=precision, fault=fault,
        )  # fmt: skip
        self.refused.pop(wanted.key, None)
        self.taken.append((start, end, placeholder_of(wanted) if certain else ""))
        return True

    def take_checked(self, wanted: Wanted, value: Any, start: int, end: int, **more: Any) -> bool:
        """Takes a value that passes the field's check; a failing one is refused and hidden."""
        fault = check(wanted, value, today=self.today)
        if fault is None:
            return self.take(wanted, value, start, end, **more)
        self.refuse(wanted, fault, start, end)
        return False

    def refuse(self, wanted: Wanted, fault: Fault, start: int, end: int) -> None:
        if self.may_fill(wanted) and wanted.key not in self.found and self.is_free(start, end):
            self.refused.setdefault(wanted.key, fault)
            self.hide(start, end, placeholder_of(wanted))

    def clause_at(self, place: int) -> Clause | None:
        return next((c for c in self.clauses if c.start <= place < c.end), None)

    def asks_at(self, place: int) -> bool:
        clause = self.clause_at(place)
        return bool(clause and clause.asks)

    def person_at(self, place: int) -> tuple[Person, bool]:
        """Whose data is spoken of at `place`, and whether a word there says so."""
        before = [marker for marker in self.markers if marker.start < place]
        if before:
            return before[-1].person, True
        awaited = self.awaited
        if awaited and awaited.person and awaited.person != "applicant":
            return awaited.person, False
        return self.speaker, False

    def free_clauses(self) -> Iterator[Clause]:
        for clause in self.clauses:
            if not clause.asks and self.is_free(clause.start, clause.end):
                yield clause


def placeholder_of(wanted: Wanted) -> str:
    """What stands for an answer in the text that goes on; "" when its words may stay."""
    if wanted.kind == "text":
        if is_person_name(wanted):
            return "[姓名]"
        if "民族" in wanted.label or "关系" in wanted.label:
            return ""
        if "学校" in wanted.label:
            return "[学校]"
        if "单位" in wanted.label or "店" in wanted.label:
            return "[单位]"
        return "[号码]" if "号" in wanted.label else "[回答]"
    return {
        "id_number": "[身份证号]",
        "phone": "[手机号]",
        "date": "[日期]",
        "address": "[地址]",
        "region": "[地址]",
        "sms_code": "[验证码]",
        "number": "[数字]",
    }.get(wanted.kind, "")


def is_person_name(wanted: Wanted) -> bool:
    """Whether a text field holds a person's name."""
    return wanted.kind == "text" and ("姓名" in wanted.label or "名字" in wanted.names)


def cues_of(wanted: Wanted) -> tuple[str, ...]:
    """The field's cues, and those the lexicon adds for its label."""
    return cues_by_label(wanted.label, wanted.cues)


@lru_cache(maxsize=4096)
def cues_by_label(label: str, own: tuple[str, ...]) -> tuple[str, ...]:
    """A field's own cues and those of the lexicon for its label."""
    added = [
        cue for part, cues in lexicon("cues")["by_label"].items() if part in label for cue in cues
    ]
    return tuple(dict.fromkeys((*own, *added)))


@lru_cache(maxsize=4096)
def cue_pattern(cues: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(alternation(cues)) if cues else re.compile(r"(?!)")


@cache
def _person_pattern(persons: tuple[str, ...]) -> re.Pattern[str]:
    data = lexicon("cues")["persons"]
    groups = [
        f"(?P<{person}>{alternation(data[person])})"
        for person in persons
        if person in data and person != "applicant"
    ]
    relations = alternation(lexicon("cues")["relations"])
    own = alternation(data["applicant"])
    groups.append(
        f"(?P<applicant>{own}(?!(?:的|嘅|个|阿)?(?:{relations}|老板|房)|忘|不|唔|没|冇|记|知|都|想|问|先|找|搵|也|查|看|睇))"
    )
    return re.compile("|".join(groups))


def _markers(text: str, wanted: Sequence[Wanted], speaker: Person) -> list[Marker]:
    persons = dict.fromkeys(w.person for w in wanted if w.person)
    others = {"landlord", "host", "other", *(p for p in persons if p)} - {"applicant"}
    # 孩子爸爸 is the child's other parent, not the child
    persons_open = tuple(sorted(others, key=lambda person: (person != "spouse", person)))
    result = []
    for match in _person_pattern(persons_open).finditer(text):
        person: Any = match.lastgroup
        if person == "host" and "host" not in persons and "landlord" in persons:
            person = "landlord"
        if person == "applicant":
            person = speaker if match[0] != "申请人" else "applicant"
        result.append(Marker(person, match.start(), match.end()))
    if speaker == "proxy":
        known = lexicon("cues")["persons"]
        asked_about = {w for p in ("child", "spouse") if p in persons for w in known[p]}
        for match in any_of("cues", "applicant_when_proxy").finditer(text):
            if match[0].removeprefix("我") in asked_about:  # the applicant's own child
                continue
            result = [m for m in result if not (match.start() <= m.start < match.end())]
            result.append(Marker("applicant", match.start(), match.end()))
    result.sort(key=lambda marker: marker.start)
    return result if speaker == "proxy" else _with_third_persons(text, result, persons)


def _with_third_persons(
    text: str, markers: list[Marker], persons: Collection[Person | None]
) -> list[Marker]:
    """他, 她, 佢: whoever was spoken of last; somebody whose home one lives in; never oneself."""
    relation = any_of("cues", "relations")
    for match in any_of("cues", "third_person").finditer(text):
        earlier = [m.person for m in markers if m.end <= match.start() and m.person != "applicant"]
        person: Person = earlier[-1] if earlier else "other"
        lives_with = relation.search(text, 0, match.start()) and re.search(
            "[房屋家住]", text[: match.start()]
        )
        if not earlier and lives_with and "host" in persons:
            person = "host"
        markers = sorted(
            [*markers, Marker(person, match.start(), match.end())], key=lambda m: m.start
        )
    for match in re.finditer(
        rf"{relation.pattern}(?:的|嘅)?(?=电话|手机|身份证|号码|名字|姓名|叫)", text
    ):
        if not any(m.start <= match.start() < m.end for m in markers):
            markers = sorted(
                [*markers, Marker("other", match.start(), match.end())], key=lambda m: m.start
            )
    return markers


def read(
    text: str, wanted: Sequence[Wanted], today: date, channel: str, speaker: Person, corrected: bool
) -> Reading:
    """Prepares a normalised sentence for reading."""
    awaited = next((w for w in wanted if w.awaited), None)
    if speaker == "applicant" and any(w.person == "proxy" for w in wanted):
        says_so = any_of("cues", "proxy_says").search(text)
        if says_so or (awaited and awaited.person == "proxy"):
            speaker = "proxy"
    clauses = [Clause(m.start(), m.end(), clause_asks(m[0])) for m in _CLAUSE.finditer(text)]
    markers = _markers(text, wanted, speaker)
    return Reading(
        text, wanted, today, speaker, corrected, channel, clauses, markers, lower=comparable(text)
    )


def as_awaited(wanted: Iterable[Wanted], key: str) -> list[Wanted]:
    """The same fields with only `key` awaited: a correction names what it answers."""
    return [replace(w, awaited=w.key == key) for w in wanted]
