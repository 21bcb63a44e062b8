"""What leads people to the right item: near items, life situations, topics, what comes next.

Beside the items, in `data/near/`, `data/situations/`, `data/topics.yml`, `data/next_steps.yml` and
`data/elsewhere.yml`. All of it is optional: an item works without being named in any of them.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from catalogue.faults import Fault
from catalogue.parameters import load_file
from catalogue.phrases import pattern_of
from catalogue.sourced import Sourced
from catalogue.strict import Slug, Strict, Text

Phrases = Annotated[
    tuple[Text, ...], Field(description="市民的说法；“…”代表中间可以有几个字，例如 生…孩子")
]

_ASKED_FOR = re.compile(
    "办|换|补|取|考|领|登记|迁|投诉|怎么|怎样|咋|点样|点搞|去哪|哪里|哪儿|边度|预约|拖欠"
)
_AS_PAPER = re.compile(
    "带|没有|冇|无|要不要|用不用|使唔使|算不算|有效|期限|过期|到期|寄|自取|复印|原件"
)
_AROUND_A_WISH = 8
"""Characters around the name in a plain wish: `我想问一下…怎么办`."""


class NearOption(Strict):
    """One of the items that people mix up, and what tells it from the others."""

    item: Slug
    label: Text = Field(description="按钮上的字，例如 第一次办")
    words: Phrases = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return pattern_of(self.words)


class NearGroup(Strict):
    """Items that are told apart by one detail, and the question for it."""

    name: Slug
    ask: Text = Field(description="一个问句，例如 您是第一次办，还是已经有居住证了？")
    options: tuple[NearOption, ...] = Field(min_length=2)

    def decided_by(self, text: str) -> list[NearOption]:
        """The options whose deciding words are said."""
        return [one for one in self.options if one.pattern.search(text)]

    def items(self) -> list[str]:
        """The codes, in the order of the buttons."""
        return [one.item for one in self.options]


class PlanStep(Strict):
    """One item of a plan, with why it is due."""

    item: Slug
    why: Text = Field(description="一句话：为什么、什么时候办")


class Situation(Strict):
    """Something that happens in life, and what to do about it, in order."""

    name: Slug
    say: Text = Field(description="先说的一句话，关心人，再说能办什么")
    cues: Phrases
    unless: Phrases = Field(default=(), description="有这些话就不是这个情况")
    examples: tuple[Text, ...] = Field(min_length=2, description="必须认得出来的说法")
    plan: tuple[PlanStep, ...] = Field(min_length=1)
    also: Text | None = Field(default=None, description="不在本大厅办、但该提醒的事")

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return pattern_of(self.cues), pattern_of(self.unless)

    def told_in(self, text: str) -> int:
        """How much of the text speaks of it (characters of the longest cue); 0: not at all."""
        cues, unless = self._patterns
        if unless.search(text):
            return 0
        return max((len(found[0]) for found in cues.finditer(text)), default=0)


class Topic(Strict):
    """A handful of items under a name that people find their business by."""

    title: Text
    items: tuple[Slug, ...] = Field(min_length=1)


class NextStep(Strict):
    """What may follow when an item is done."""

    item: Slug
    say: Text


class Elsewhere(Sourced):
    """Government business that this hall does not take, and where it is done."""

    name: Text
    words: Phrases
    unless: Phrases = ()
    where: Text = Field(description="到哪里办，一句话；不写没有核实过的地址和电话")

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return pattern_of(self.words), pattern_of(self.unless)

    def named_in(self, text: str) -> int:
        """Characters of the longest of its words in the text; 0: not named."""
        words, unless = self._patterns
        if unless.search(text):
            return 0
        return max((len(found[0]) for found in words.finditer(text)), default=0)


@dataclass(frozen=True)
class Guides:
    """All of it."""

    near: tuple[NearGroup, ...] = ()
    situations: tuple[Situation, ...] = ()
    topics: tuple[Topic, ...] = ()
    next_steps: Mapping[str, tuple[NextStep, ...]] = field(default_factory=dict)
    elsewhere: tuple[Elsewhere, ...] = ()

    def near_group(self, one: str, other: str) -> NearGroup | None:
        """The group in which both items are."""
        return next((g for g in self.near if {one, other} <= set(g.items())), None)

    def group(self, name: str) -> NearGroup | None:
        """The group of this name."""
        return next((g for g in self.near if g.name == name), None)

    def situation_in(self, text: str) -> Situation | None:
        """The situation that most of the text speaks of."""
        told = max(self.situations, key=lambda one: one.told_in(text), default=None)
        return told if told is not None and told.told_in(text) else None

    def elsewhere_named(self, name: str) -> Elsewhere | None:
        """The business of another authority with this name."""
        return next((one for one in self.elsewhere if one.name == name), None)

    def elsewhere_in(self, text: str) -> Elsewhere | None:
        """The business of another authority that the text names."""
        named = max(self.elsewhere, key=lambda one: one.named_in(text), default=None)
        return named if named is not None and named.named_in(text) else None

    def wanted_elsewhere(self, text: str) -> Elsewhere | None:
        """The business of another authority that the text does nothing but ask for."""
        found = self.elsewhere_in(text)
        if found is None or _AS_PAPER.search(text) or not _ASKED_FOR.search(text):
            return None
        return found if len(text) <= found.named_in(text) + _AROUND_A_WISH else None

    def names_a_paper(self, text: str) -> bool:
        """Whether the text names another authority's business without wanting it done there.

        "要房产证吗" may be a question about papers; "要办护照吗" is a wish.
        """
        return self.elsewhere_in(text) is not None and not _ASKED_FOR.search(text)


class _Near(Strict):
    groups: tuple[NearGroup, ...]


class _Situations(Strict):
    situations: tuple[Situation, ...]


class _Topics(Strict):
    topics: tuple[Topic, ...]


class _Next(Strict):
    after: Mapping[Slug, tuple[NextStep, ...]]


class _Elsewhere(Strict):
    elsewhere: tuple[Elsewhere, ...]


S = TypeVar("S", bound=Strict)


def load_guides(data: Path, codes: Collection[str]) -> tuple[Guides, list[Fault]]:
    """Read what stands in `data`; what names no item of `codes` is a fault."""
    faults: list[Fault] = []

    def read(path: Path, model: type[S]) -> list[S]:
        paths = sorted(path.glob("*.yml")) if path.is_dir() else [path] if path.is_file() else []
        found = []
        for one in paths:
            content, wrong = load_file(one, model)
            faults.extend(wrong)
            found += [content] if content is not None else []
        return found

    guides = Guides(
        near=tuple(g for one in read(data / "near", _Near) for g in one.groups),
        situations=tuple(
            s for one in read(data / "situations", _Situations) for s in one.situations
        ),
        topics=tuple(t for one in read(data / "topics.yml", _Topics) for t in one.topics),
        next_steps={
            code: steps
            for one in read(data / "next_steps.yml", _Next)
            for code, steps in one.after.items()
        },
        elsewhere=tuple(
            e for one in read(data / "elsewhere.yml", _Elsewhere) for e in one.elsewhere
        ),
    )
    faults += _unknown_items(guides, codes)
    faults += [*_ambiguous_words(guides), *_unrecognised_examples(guides)]
    return guides, faults


def _unknown_items(guides: Guides, codes: Collection[str]) -> Iterator[Fault]:
    for path, file, code in _named(guides):
        if code not in codes:
            yield Fault(file, path, f"没有“{code}”这个事项，请检查拼写")


def _named(guides: Guides) -> Iterator[tuple[str, str, str]]:
    for group in guides.near:
        yield from ((group.name, "near/", one.item) for one in group.options)
    for situation in guides.situations:
        yield from ((situation.name, "situations/", one.item) for one in situation.plan)
    for topic in guides.topics:
        yield from ((topic.title, "topics.yml", one) for one in topic.items)
    for code, steps in guides.next_steps.items():
        yield "after", "next_steps.yml", code
        yield from ((f"after.{code}", "next_steps.yml", one.item) for one in steps)


def _ambiguous_words(guides: Guides) -> Iterator[Fault]:
    for group in guides.near:
        owner: dict[str, str] = {}
        for one in group.options:
            for word in (*one.words, one.label):
                if owner.setdefault(word, one.item) != one.item:
                    yield Fault("near/", group.name, f"“{word}”写在两个选项里，分不清，请只留一处")


def _unrecognised_examples(guides: Guides) -> Iterator[Fault]:
    for situation in guides.situations:
        for text in situation.examples:
            found = guides.situation_in(text)
            if found is not situation:
                told = f"被认成了“{found.name}”" if found else "认不出来"
                yield Fault("situations/", situation.name, f"例子“{text}”{told}，请改 cues 或例子")
