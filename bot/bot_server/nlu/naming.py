"""Sees what is asked, whatever it is asked about.

Every name of a business is replaced by one mark: "※ 要多少钱" is the same question for all forty,
so what people ask about one teaches how they ask about the others, also about one added tomorrow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterable, List

import jieba

if TYPE_CHECKING:
    from bot_server.nlu.features import Analysed

MARK = "※"
_SHORTEST = 2


class NamesMarked:
    """Character and word n-grams of a sentence whose names of businesses are marked.

    names: as the features see them (`Analysed.said`).
    """

    def __init__(self, names: Iterable[str]):
        known = sorted({n for n in names if len(n) >= _SHORTEST}, key=lambda n: (-len(n), n))
        self._names = re.compile("|".join(map(re.escape, known)) or r"(?!)")

    def __call__(self, sentence: Analysed) -> List[str]:
        """Features: characters 1 to 4, words, pairs, pairs with one word between them."""
        said = self._names.sub(MARK, sentence.said)
        framed = f"^{said}$"
        found = [framed[i : i + n] for n in (1, 2, 3, 4) for i in range(len(framed) - n + 1)]
        cut = [w for w in jieba.lcut(said) if w.strip()]
        found += [f"w {w}" for w in cut]
        found += [f"{a} {b}" for a, b in zip(cut, cut[1:], strict=False)]
        found += [f"{a} _ {b}" for a, b in zip(cut, cut[2:], strict=False)]
        return found
