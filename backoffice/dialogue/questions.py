"""Known questions: those of the catalogue that a citizen's own words are most like."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from backoffice.understanding import normalise
from backoffice.understanding.lexicon import alternation, lexicon
from catalogue.schema import Faq, ServiceItem

_LIKENESS = 0.55
"""Shared character pairs (Dice) from which a question counts as a known one; shorter questions
share fewer by chance. Chosen on the item's own questions against each other."""
SURE_LIKENESS = 0.75
"""The same, when nothing else says that the text is about that item."""


def known_question(
    text: str, items: Iterable[ServiceItem], likeness: float = _LIKENESS
) -> Faq | None:
    """The known question of these items that the text is most like."""
    best = None
    for item in items:
        for faq in item.faq:
            for question in (faq.q, *faq.also):
                alike = _dice(text, question)
                if alike >= likeness:
                    best, likeness = faq, alike
    return best


def _dice(one: str, other: str) -> float:
    ones, others = _pairs(one), _pairs(other)
    total = len(ones) + len(others)
    return 2 * len(ones & others) / total if total else 0.0


@lru_cache(maxsize=4096)
def _pairs(text: str) -> frozenset[str]:
    bare = in_mandarin(normalise(text)).rstrip("?吗呢")
    return frozenset(bare[i : i + 2] for i in range(len(bare) - 1))


@cache
def _dialect() -> tuple[dict[str, str], re.Pattern[str]]:
    words: dict[str, str] = lexicon("dialect")["mandarin"]
    return words, re.compile(alternation(words))


def in_mandarin(text: str) -> str:
    """Cantonese everyday words as Mandarin's, for comparing questions only."""
    words, pattern = _dialect()
    return pattern.sub(lambda found: words[found[0]], text)
