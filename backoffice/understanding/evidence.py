"""What speaks for each option of a choice: its words, what is spoken of, and for how long.

Every piece of evidence is a set of options. Pieces are put together by `weigh`; where more than
one option is left, nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from backoffice.understanding.durations import Lasted, find_durations
from backoffice.understanding.lexicon import alternation, any_of, words
from backoffice.understanding.normal import comparable
from backoffice.understanding.options import Said, is_clause
from backoffice.understanding.reading import Reading
from backoffice.understanding.types import Option, Wanted

_Piece = tuple[frozenset[str], int, int]
OTHER = ""
"""Stands for a topic that belongs to no option."""


@dataclass(frozen=True)
class Topic:
    """A topic word in the sentence: the options that are about it, OTHER for none of them."""

    values: frozenset[str]
    start: int
    end: int
    negated: bool = False


@dataclass(frozen=True)
class Weighed:
    """The outcome. values: the options left, best evidence only; one is an answer.

    start, end: where the evidence stands. off_topic: something else was spoken of.
    several: each of the values was said for itself.
    """

    values: tuple[str, ...]
    start: int
    end: int
    off_topic: bool = False
    several: bool = False
    sure: bool = False


@lru_cache(maxsize=512)
def _topic_words(
    options: tuple[Option, ...], others: tuple[str, ...]
) -> tuple[dict[str, frozenset[str]], re.Pattern[str] | None]:
    about: dict[str, frozenset[str]] = {comparable(word): frozenset({OTHER}) for word in others}
    for option in options:
        for word in map(comparable, option.topics):
            about[word] = about.get(word, frozenset()) - {OTHER} | {option.value}
        for word in map(comparable, option.also_after):
            about.setdefault(word, frozenset({OTHER}))
    return about, re.compile(alternation(about)) if about else None


def has_topics(wanted: Wanted) -> bool:
    """Whether the field's options say what they are about."""
    return any(option.topics for option in wanted.options)


def topics_said(reading: Reading, wanted: Wanted) -> list[Topic]:
    """Topic words outside questions, in the order of the sentence."""
    about, pattern = _topic_words(wanted.options, wanted.other_topics)
    if pattern is None:
        return []
    negations = any_of("cues", "negations").pattern
    whole_only = words("cues", "only_as_whole_clause")
    result = []
    for match in pattern.finditer(reading.lower):
        if reading.asks_at(match.start()):
            continue
        if match[0] in whole_only and not is_clause(reading, match.start(), match.end()):
            continue
        before = reading.text[max(0, match.start() - 4) : match.start()]
        negated = re.search(negations + "(?:有|去|(?:买|交|办)过?)?$", before) is not None
        result.append(Topic(about[match[0]], match.start(), match.end(), negated))
    return result


def weigh(reading: Reading, wanted: Wanted, said: Sequence[Said]) -> Weighed | None:
    """The options that the sentence speaks for, when the field was asked for; None: nothing said."""
    topics = topics_said(reading, wanted)
    about = frozenset().union(*(t.values for t in topics)) - {OTHER}
    durations = _durations(reading, wanted)
    timed = {id(d): _spoken_for(reading, wanted, d, topics, about) for d in durations}
    pieces: list[_Piece] = [
        (frozenset(w.values), w.start, w.end) for w in _that_count(wanted, said, about)
    ]
    lasting: list[_Piece] = [(found, d.start, d.end) for d in durations if (found := timed[id(d)])]
    singles = {v for values, _, _ in (*pieces, *lasting) if len(values) == 1 for v in values}
    left = _heaviest(wanted, singles)
    if not left:
        wide = [p for p, _, _ in (*pieces, *lasting)]
        common = frozenset.intersection(*wide) if wide else frozenset()
        left = _in_order(wanted, common or frozenset().union(*wide))
    places = [(s, e) for v, s, e in (*lasting, *pieces) if v & set(left)]
    if places:
        start, end = places[0]
        several = bool(singles) and len(left) > 1
        return Weighed(left, start, end, several=several, sure=len(left) == 1)
    if about:
        named = [t for t in topics if t.values - {OTHER}]
        return Weighed(_in_order(wanted, about), named[0].start, named[-1].end)
    if topics and durations and not pieces:
        return Weighed((), topics[0].start, topics[-1].end, off_topic=True)
    if durations and not topics:
        return Weighed((), durations[0].start, durations[0].end)
    return None


def volunteered(reading: Reading, wanted: Wanted) -> Weighed | None:
    """An option said without being asked for: its topic and how long, in one clause."""
    topics = topics_said(reading, wanted)
    if not any(t.values - {OTHER} and not t.negated for t in topics):
        return None
    for lasted in _durations(reading, wanted):
        clause = reading.clause_at(lasted.start)
        near = [
            t for t in topics if clause and clause.start <= t.start < clause.end and not t.negated
        ]
        if not near or OTHER in near[-1].values:
            continue
        values = _met(wanted, near[-1].values, lasted)
        if len(values) == 1:
            return Weighed(tuple(values), near[-1].start, lasted.end)
    return None


def _durations(reading: Reading, wanted: Wanted) -> list[Lasted]:
    if not any(o.at_least_months or o.less_than_months for o in wanted.options):
        return []
    return [
        one
        for one in find_durations(reading.text, today=reading.today)
        if not reading.asks_at(one.start) and reading.is_free(one.start, one.end)
    ]


def _that_count(wanted: Wanted, said: Sequence[Said], about: frozenset[str]) -> list[Said]:
    """Words without those that are too vague beside the topic of another option."""
    topical = {o.value for o in wanted.options if o.topics}
    result = []
    for word in said:
        if word.negated:
            continue
        fitting = tuple(v for v in word.values if not about or v in about or v not in topical)
        if fitting:
            result.append(Said(fitting, word.start, word.end, False, word.short))
    return result


def _spoken_for(
    reading: Reading,
    wanted: Wanted,
    lasted: Lasted,
    topics: Sequence[Topic],
    about: frozenset[str],
) -> frozenset[str]:
    """The options that a duration speaks for: those of the topic it is said of."""
    topic = _said_of(reading, lasted, topics)
    if topic is None:
        return _met(wanted, (o.value for o in wanted.options if o.assumed), lasted)
    if topic.negated:
        return frozenset()
    if topic.values - {OTHER}:
        return _met(wanted, topic.values - {OTHER}, lasted)
    word = reading.lower[topic.start : topic.end]
    also = (
        o.value
        for o in wanted.options
        if o.value in about and word in map(comparable, o.also_after)
    )
    return _met(wanted, also, lasted)


def _said_of(reading: Reading, lasted: Lasted, topics: Sequence[Topic]) -> Topic | None:
    """The topic nearest before in the clause, then behind in the clause, then before, then behind."""
    clause = reading.clause_at(lasted.start)
    start, end = (clause.start, clause.end) if clause else (lasted.start, lasted.end)
    before = [t for t in topics if t.start <= lasted.start]
    behind = [t for t in topics if t.start > lasted.start]
    for some in (
        [t for t in before if t.start >= start][-1:],
        [t for t in behind if t.start < end][:1],
        before[-1:],
        behind[:1],
    ):
        if some:
            return some[0]
    return None


def _met(wanted: Wanted, values: Iterable[str], lasted: Lasted) -> frozenset[str]:
    allowed = set(values)
    return frozenset(
        o.value
        for o in wanted.options
        if o.value in allowed
        and (o.at_least_months or o.less_than_months)
        and lasted.meets(o.at_least_months, o.less_than_months)
    )


def _heaviest(wanted: Wanted, values: set[str]) -> tuple[str, ...]:
    outweighed = {v for o in wanted.options if o.value in values for v in o.outweighs}
    return _in_order(wanted, values - outweighed or values)


def _in_order(wanted: Wanted, values: Iterable[str]) -> tuple[str, ...]:
    known = set(values)
    return tuple(o.value for o in wanted.options if o.value in known)
