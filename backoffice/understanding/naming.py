"""Which fields a sentence speaks of by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from backoffice.understanding.acts import is_question
from backoffice.understanding.normal import normalise
from backoffice.understanding.reading import cues_of
from backoffice.understanding.types import Wanted


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """A catalogue's name, normalised once."""
    return normalise(name)


def fields_named(text: str, wanted: Sequence[Wanted]) -> list[str]:
    """Keys of the fields that the utterance speaks of, in the order of the sentence.

    The longest name wins a place in the text: "房东电话" is not also "电话". A name that several
    fields share gives all of them; the caller asks which.
    """
    text = normalise(text)
    hits: list[tuple[int, int, str]] = []
    for field in wanted:
        for name in {*field.names, *cues_of(field), field.label}:
            start = text.find(_plain(name)) if len(name) > 1 else -1
            if start >= 0:
                hits.append((start, start + len(name), field.key))
    hits.sort(key=lambda hit: (hit[0] - hit[1], hit[0]))
    taken: list[tuple[int, int]] = []
    kept: list[tuple[int, str]] = []
    for start, end, key in hits:
        inside = any(s <= start and end <= e and (s, e) != (start, end) for s, e in taken)
        if not inside and key not in (k for _, k in kept):
            taken.append((start, end))
            kept.append((start, key))
    return [key for _, key in sorted(kept, key=lambda one: one[0])]


def asks_beside_names(text: str, wanted: Sequence[Wanted]) -> bool:
    """Whether the text asks something: a field may be called by a question (卖什么样的食品)."""
    for name in (_plain(name) for field in wanted for name in (*field.names, field.label)):
        if name in text and is_question(name):
            text = text.replace(name, "")
    return is_question(text)
