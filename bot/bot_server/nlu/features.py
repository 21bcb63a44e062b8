"""Turns a Chinese sentence into sparse features: characters, words and sounds.

Characters carry typos and dialect, words carry meaning, sounds carry homophones (居住政 for
居住证) from speech recognition and pinyin keyboards. Traditional characters are read as
simplified ones. Nothing is rewritten for anyone but the model.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import List, Tuple

import jieba
from opencc import OpenCC
from pypinyin import lazy_pinyin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

jieba.setLogLevel("ERROR")
_simplify = OpenCC("t2s").convert
_PLACEHOLDER = re.compile(r"\[([^\[\]]{1,12})\]")
_NOT_SAID = re.compile(r"[^\w⟨⟩?]+")
_NUMBER = re.compile(r"\d+")
_LAUGH = re.compile(r"(.)\1{2,}")
#: Where people of Guangdong do not hear or type a difference.
_SOUNDS_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))


def normalise(text: str) -> str:
    """Width, case, script and punctuation levelled; numbers and placeholders made tokens."""
    text = _simplify(unicodedata.normalize("NFKC", text).lower())
    text = _PLACEHOLDER.sub(r"⟨\1⟩", text)
    text = _NOT_SAID.sub(" ", text)
    text = _LAUGH.sub(r"\1\1", text)
    return _NUMBER.sub("0", text).strip()


@lru_cache(maxsize=2)
def _analysed(text: str) -> Tuple[str, Tuple[str, ...], Tuple[str, ...]]:
    said = normalise(text)
    words = tuple(w for w in jieba.lcut(said) if w.strip())
    sounds = tuple(_level(s) for s in lazy_pinyin(said, errors=list) if s.strip())
    return said, words, sounds


def _level(sound: str) -> str:
    for heard, alike in _SOUNDS_ALIKE:
        sound = sound.replace(heard, alike)
    return sound


def characters(text: str) -> List[str]:
    """Character n-grams, 1 to 4, with marks for the sentence's begin and end."""
    said = f"^{_analysed(text)[0]}$"
    return [said[i : i + n] for n in (1, 2, 3, 4) for i in range(len(said) - n + 1)]


def words(text: str) -> List[str]:
    """Single words, pairs, and pairs with one word between them."""
    found = _analysed(text)[1]
    pairs = [f"{a} {b}" for a, b in zip(found, found[1:])]
    skips = [f"{a} _ {b}" for a, b in zip(found, found[2:])]
    return list(found) + pairs + skips


def sounds(text: str) -> List[str]:
    """Syllable n-grams, 1 to 3, without tones."""
    found = _analysed(text)[2]
    return [" ".join(found[i : i + n]) for n in (1, 2, 3) for i in range(len(found) - n + 1)]


def sentence_features() -> FeatureUnion:
    """The feature space of both classifiers; to be fitted on the training sentences."""

    def counted(analyzer):
        return TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, min_df=1)

    return FeatureUnion(
        [("characters", counted(characters)), ("words", counted(words)), ("sounds", counted(sounds))],
        transformer_weights={"characters": 1.0, "words": 0.8, "sounds": 0.7},
    )
