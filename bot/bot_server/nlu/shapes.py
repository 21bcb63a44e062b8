"""Sees whether a sentence is about this hall's business at all.

Every word that no written sentence of the hall's business uses is replaced by a mark. What stays
is the frame: "⟂ 怎么 办" is a question about something else, "⟂ ⟂ 有限公司" the name of a firm.
In training a word counts as unknown when only the sentence itself (with its variants) has it,
since every word of a training sentence would be known otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Dict, FrozenSet, Iterable, List, Optional, Set, Tuple

if TYPE_CHECKING:
    from bot_server.nlu.features import Analysed

#: Acts whose words say nothing about the hall's business.
OF_ANYTHING = frozenset({"out_of_scope", "inform"})
UNKNOWN = "⟂"


class WordShapes:
    """The words of the hall's business, and sentences with all others replaced."""

    def __init__(self, sentences: Iterable[Analysed], acts: Iterable[str]):
        groups: Dict[str, Set[Optional[int]]] = defaultdict(set)
        for sentence, act in zip(sentences, acts, strict=True):
            if act not in OF_ANYTHING and sentence.told is None:  # what is told has a group of its own
                for word in sentence.words:
                    groups[word].add(sentence.group)
        self._known = frozenset(groups)
        #: word → the one group that has it
        self._of_one: Dict[str, FrozenSet[Optional[int]]] = {
            word: frozenset(found) for word, found in groups.items() if len(found) == 1
        }

    def _shape(self, sentence: Analysed) -> Tuple[str, ...]:
        own = sentence.group
        return tuple(
            word if self._is_known(word, own) else UNKNOWN + str(min(len(word), 4))
            for word in sentence.words
        )

    def _is_known(self, word: str, own: Optional[int]) -> bool:
        if "⟨" in word:  # a placeholder
            return True
        return word in self._known and (own is None or own not in self._of_one.get(word, ()))

    def __call__(self, sentence: Analysed) -> List[str]:
        """Word n-grams of the shape, 1 to 3, and how much of the sentence is unknown."""
        shape = self._shape(sentence)
        unknown = sum(word.startswith(UNKNOWN) for word in shape)
        framed = ("^", *shape, "$")
        grams = [" ".join(framed[i : i + n]) for n in (2, 3) for i in range(len(framed) - n + 1)]
        share = int(4 * unknown / max(1, len(shape)))
        return [*shape, *grams, f"unknown {min(unknown, 4)}", f"share {share}"]
