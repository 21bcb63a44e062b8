"""Hears cries for help that no list holds: a linear machine over characters, sounds and meanings.

Learnt from `data/alarm/*.yml` (`python -m trainer alarm`), kept in `data/alarm/weights.npz`. Pure:
no network, no database, under a millisecond or two a sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pypinyin import lazy_pinyin

from backoffice.understanding.lexicon import alternation, lexicon
from backoffice.understanding.normal import normalise

FOLDER = Path(__file__).resolve().parents[2] / "data" / "alarm"
WEIGHTS = FOLDER / "weights.npz"
KINDS = ("suicide", "child", "violence", "lost", "fire", "medical", "scam", "distress")
"""The gravest first; the columns of the weights after the first, which is "any at all"."""

_SIGNS = re.compile(r"[^\w]+")
_NUMBER = re.compile(r"\d+")
_REPEATED = re.compile(r"(.)\1{2,}")
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))
"""What people of Guangdong and their speech recognisers do not tell apart."""
_FARTHEST = 8
"""Two characters of one clause that are at most so far apart stand together."""
_TOGETHER = 2
"""So many clauses on end of a long story are also heard by themselves."""
LENGTHS = {"c": 1.0, "s": 0.7, "k": 1.0, "m": 0.33}
"""How much each kind of feature counts: its tf-idf row has this length. Chosen on lines of another
hand than those learnt from; a text's length and the number of its meanings only misled there."""


@dataclass(frozen=True)
class Cry:
    """How likely a text is a cry for help (0 to 1), and of which kind if it is one."""

    likely: float
    kind: str


def features(text: str) -> dict[str, list[str]]:
    """What the machine sees of a text, by kind: characters, sounds, neighbours, meanings."""
    said = _levelled(text)
    framed = f"^{said}$"
    heard = [sound for character in said for sound in _sounds_of(character)]
    return {
        "c": _grams(framed, 4),
        "s": [" ".join(heard[i : i + n]) for n in (1, 2, 3) for i in range(len(heard) - n + 1)],
        "k": [pair for clause in said.split("，") for pair in _neighbours(clause)],
        "m": _meanings(said, " ".join(heard)),
    }


def _grams(text: str, longest: int) -> list[str]:
    return [text[i : i + n] for n in range(1, longest + 1) for i in range(len(text) - n + 1)]


def _neighbours(clause: str) -> list[str]:
    return [
        clause[i] + "_" + clause[j]
        for i in range(len(clause))
        for j in range(i + 1, min(len(clause), i + _FARTHEST + 1))
    ]


def _meanings(said: str, heard: str) -> list[str]:
    """The classes of `words.yml` that the text has words of, and which stand together."""
    found = sorted(name for name, words, _ in _classes() if words.search(said))
    alike = sorted(name for name, _, sounds in _classes() if sounds.search(heard))
    pairs = [f"{one}+{other}" for one, other in combinations(found, 2)]
    return found + pairs + [f"h {one}" for one in alike]


def _levelled(text: str) -> str:
    """Small letters, Cantonese words as Mandarin's, pauses and numbers each as one sign."""
    said = _SIGNS.sub("，", normalise(text).lower())
    said = _REPEATED.sub(r"\1\1", _NUMBER.sub("0", said))
    words, pattern = _dialect()
    return pattern.sub(lambda found: words[found[0]], said).strip("，")


@cache
def _dialect() -> tuple[dict[str, str], re.Pattern[str]]:
    words: dict[str, str] = lexicon("dialect")["mandarin"]
    return words, re.compile(alternation(words))


@lru_cache(maxsize=20_000)
def _sounds_of(character: str) -> tuple[str, ...]:
    """One reading per character, whatever stands around it."""
    return tuple(_heard(s) for s in lazy_pinyin(character) if s.strip("，^$ "))


def _heard(sound: str) -> str:
    for one, alike in _ALIKE:
        sound = sound.replace(one, alike)
    return sound


@cache
def _classes() -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    """Each class with what finds its words, and what finds them by sound."""
    lists: dict[str, list[str]] = yaml.safe_load((FOLDER / "words.yml").read_text("utf-8"))
    made = []
    for name, entries in lists.items():
        words = {_levelled(str(one)) for one in entries}
        sounds = {" ".join(s for c in w for s in _sounds_of(c)) for w in words if len(w) > 1}
        made.append(
            (
                name,
                re.compile(alternation(words)),
                re.compile(rf"(?<!\S){alternation(sounds)}(?!\S)"),
            )
        )
    return made


@dataclass(frozen=True)
class Machine:
    """The weights: one row per feature, one column for "any cry" and one per kind.

    rows: feature → row. idf: per row. bias: per column.
    """

    rows: dict[str, int]
    idf: Any
    table: Any
    bias: Any

    @classmethod
    def read(cls, path: Path = WEIGHTS) -> Machine:
        """The weights as `python -m trainer alarm` wrote them."""
        with np.load(path) as kept:
            names = bytes(kept["names"]).decode("utf-8").split("\n")
            table = kept["table"].astype(np.float32) * kept["scale"]
            idf = kept["idf"].astype(np.float32)
            return cls({name: row for row, name in enumerate(names)}, idf, table, kept["bias"])

    def scores(self, text: str) -> Any:
        """One score per column (natural logarithm of the odds)."""
        total = self.bias.astype(np.float64)
        for kind, found in features(text).items():
            counts = Counter(f"{kind} {one}" for one in found)
            known = [(self.rows[one], n) for one, n in counts.items() if one in self.rows]
            if known:
                rows = np.array([row for row, _ in known])
                often = np.array([n for _, n in known], dtype=np.float64)
                value = (1 + np.log(often)) * self.idf[rows]
                total += (LENGTHS[kind] / _length(value)) * (value @ self.table[rows])
        return total


def _length(value: Any) -> float:
    return float(np.sqrt((value**2).sum()))


@cache
def _machine() -> Machine:
    return Machine.read()


def pieces(text: str) -> list[str]:
    """The text, and of a long story every few clauses of it: a cry must not drown in the rest."""
    clauses = _levelled(text).split("，")
    if len(clauses) <= _TOGETHER:
        return [text]
    last = len(clauses) - _TOGETHER
    return [text, *("，".join(clauses[i : i + _TOGETHER]) for i in range(last + 1))]


def cry_of(scores: Sequence[Any]) -> Cry:
    """The verdict on a text from the scores of its pieces: the whole's and the worst piece's mean.

    scores: per piece one score per column, the whole text first.
    """
    whole, *parts = (np.asarray(one, dtype=np.float64) for one in scores)
    if parts:
        whole = (whole + max(parts, key=lambda one: float(one[0]))) / 2
    return Cry(float(1 / (1 + np.exp(-whole[0]))), KINDS[int(np.argmax(whole[1:]))])


def cry_in(text: str) -> Cry:
    """How likely the text is a cry for help, and which."""
    return cry_of([_machine().scores(one) for one in pieces(text)])


__all__ = [
    "FOLDER",
    "KINDS",
    "LENGTHS",
    "WEIGHTS",
    "Cry",
    "Machine",
    "cry_in",
    "cry_of",
    "features",
    "pieces",
]
