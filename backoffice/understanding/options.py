"""Which options of a choice a sentence names: words, places in the list, words that sound alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import lazy_pinyin

from backoffice.understanding.lexicon import alternation, any_of, lexicon, words
from backoffice.understanding.normal import comparable, normalise
from backoffice.understanding.reading import Reading
from backoffice.understanding.types import Option, Wanted


@dataclass(frozen=True)
class Word:
    """A word for an option; for several options it only narrows the answer down to them."""

    values: tuple[str, ...]
    short: bool


@dataclass(frozen=True)
class Said:
    """An option word in the sentence. short: means it only as an answer to the question."""

    values: tuple[str, ...]
    start: int
    end: int
    negated: bool
    short: bool


@lru_cache(maxsize=512)
def option_words(options: tuple[Option, ...]) -> tuple[dict[str, Word], re.Pattern[str]]:
    """All words for the options, and the pattern that finds them, longest first."""
    known: dict[str, Word] = {}
    for option in options:
        labels = {option.label, *re.split(r"[/／(（)）、]", option.label)}
        for word, short in [
            *((w, False) for w in option.synonyms),
            *((w, w != option.label or len(w) < 3) for w in labels),
            *((w, True) for w in option.short_answers),
        ]:
            word = comparable(normalise(word))
            earlier = known.get(word)
            if earlier is None:
                known[word] = Word((option.value,), short)
            elif option.value not in earlier.values:
                known[word] = Word((*earlier.values, option.value), True)
    known.pop("", None)
    return known, re.compile(alternation(known) if known else r"(?!)")


def options_said(reading: Reading, wanted: Wanted) -> list[Said]:
    """The field's options in the sentence, outside questions and outside other answers."""
    if wanted.key not in reading.options_said:
        reading.options_said[wanted.key] = _find(reading, wanted)
    said: list[Said] = reading.options_said[wanted.key]
    return [one for one in said if reading.is_free(one.start, one.end)]


@lru_cache(maxsize=1)
def _negated_before() -> re.Pattern[str]:
    return re.compile(any_of("cues", "negations").pattern + r"(?:我|自己|在|住|去|是|系)?$")


def _find(reading: Reading, wanted: Wanted) -> list[Said]:
    known, pattern = option_words(wanted.options)
    whole_only = words("cues", "only_as_whole_clause")
    result = []
    for match in pattern.finditer(reading.lower):
        if reading.asks_at(match.start()):
            continue
        if match[0] in whole_only and not is_clause(reading, match.start(), match.end()):
            continue
        before = reading.text[max(0, match.start() - 6) : match.start()]
        negated = _negated_before().search(before) is not None
        word = known[match[0]]
        result.append(Said(word.values, match.start(), match.end(), negated, word.short))
    return result


_HESITATING = re.compile("^(?:应该|可能|好像|大概|估计|肯定|当然)(?:是|系|都)?")
_WITH_ANOTHER = re.compile("[和跟同与]")


def is_clause(reading: Reading, start: int, end: int) -> bool:
    """Whether the word stands alone between pauses, but for particles."""
    clause = reading.clause_at(start)
    if clause is None:
        return False
    before, behind = reading.text[clause.start : start], reading.text[end : clause.end]
    if _WITH_ANOTHER.match(behind) or _WITH_ANOTHER.fullmatch(before[-1:]):  # 我和老公
        return True
    around = _HESITATING.sub("", before) + behind
    return not around.strip("啊呀啦喇的嘅咯吧哦喎嗯呃就是系滴呢噢!。~ ")


def ordinal(text: str, count: int) -> int | None:
    """第二个, 2, B, 最后一个: which place in the list is meant."""
    if text.endswith("一样"):  # "the same", not "the first kind"
        return None
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
def sounds(text: str) -> tuple[str, ...]:
    """Toneless pinyin with the endings that southern speakers merge made one."""
    merged = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
    result = []
    for syllable in lazy_pinyin(text):
        for ending, plain in merged:
            syllable = syllable.replace(ending, plain)
        result.append(syllable)
    return tuple(result)
