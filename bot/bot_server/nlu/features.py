"""Turns a Chinese sentence into sparse features: characters, words and sounds.

Characters carry typos and dialect, words carry meaning, sounds carry homophones (居住政 for
居住证) from speech recognition and pinyin keyboards. Traditional characters are read as
simplified ones. Nothing is rewritten for anyone but the model.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import jieba
import numpy as np
from opencc import OpenCC
from pypinyin import lazy_pinyin
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from bot_server.nlu.homophones import levelled_sound

jieba.setLogLevel("ERROR")
_simplify = OpenCC("t2s").convert
_PLACEHOLDER = re.compile(r"\[([^\[\]]{1,12})\]")
_NOT_SAID = re.compile(r"[^\w⟨⟩?]+")
_NUMBER = re.compile(r"\d+")
_LAUGH = re.compile(r"(.)\1{2,}")
#: Everyday Cantonese and northern words read as their Mandarin equals, by the model only.
_SAME_WORDS = {
    "几多钱": "多少钱", "几钱": "多少钱", "几多": "多少", "几耐": "多久", "几时": "什么时候",
    "点样": "怎么", "点办": "怎么办", "点搞": "怎么办", "点算": "怎么办", "点申请": "怎么申请",
    "点解": "为什么", "干嘛": "为什么", "干啥": "做什么", "咋": "怎么", "啥": "什么", "咩": "什么",
    "乜嘢": "什么", "乜": "什么", "边度": "哪里", "哪儿": "哪里", "边个": "哪个", "边间": "哪间",
    "喺": "在", "攞": "拿", "拎": "拿", "俾": "给", "畀": "给", "嘅": "的", "咗": "了", "喇": "了",
    "唔使": "不用", "唔该": "谢谢", "唔": "不", "冇": "没有", "佢": "他", "哋": "们", "揾": "找",
    "搵": "找", "嚟": "来", "而家": "现在", "听日": "明天", "琴日": "昨天", "屋企": "家里",
    "细路": "小孩", "仲": "还", "讲": "说", "睇": "看", "返工": "上班", "係": "是", "系": "是",
    "嘢": "东西", "未呀": "没有", "未啊": "没有", "咋办": "怎么办",
    "上哪": "去哪里", "如何": "怎么", "怎样": "怎么", "不呀": "吗", "毋": "不",
}
_SAME = re.compile("|".join(sorted(map(re.escape, _SAME_WORDS), key=len, reverse=True)))


def levelled(said: str) -> str:
    """A normalised sentence with dialect words read as Mandarin."""
    return _SAME.sub(lambda m: _SAME_WORDS[m.group()], said)


def normalise(text: str) -> str:
    """Width, case, script and punctuation levelled; numbers and placeholders made tokens."""
    text = _simplify(unicodedata.normalize("NFKC", text).lower())
    text = _PLACEHOLDER.sub(r"⟨\1⟩", text)
    text = _NOT_SAID.sub(" ", text)
    text = _LAUGH.sub(r"\1\1", text)
    return _NUMBER.sub("0", text).strip()


@dataclass(frozen=True)
class Analysed:
    """One sentence as the features see it; `group` and `told` only in training (see variants)."""

    said: str
    words: Tuple[str, ...]
    sounds: Tuple[str, ...]
    group: Optional[int] = None
    told: Optional[int] = None


def analyse(text: str, group: Optional[int] = None, told: Optional[int] = None) -> Analysed:
    """Levels and cuts a sentence once for all features."""
    said = normalise(text)
    levelled_said = levelled(said)
    cut = tuple(w for w in jieba.lcut(levelled_said) if w.strip())
    heard = tuple(sound for character in said for sound in _sounds_of(character))
    return Analysed(levelled_said, cut, heard, group, told)


@lru_cache(maxsize=30_000)
def _sounds_of(character: str) -> Tuple[str, ...]:
    """One reading per character, whatever stands around it: as the misheard variants are made.

    Reading whole phrases took more than half of an analysis.
    """
    return tuple(levelled_sound(s) for s in lazy_pinyin(character, errors=list) if s.strip())


def characters(sentence: Analysed) -> List[str]:
    """Character n-grams, 1 to 4, with marks for the sentence's begin and end."""
    said = f"^{sentence.said}$"
    return [said[i : i + n] for n in (1, 2, 3, 4) for i in range(len(said) - n + 1)]


def words(sentence: Analysed) -> List[str]:
    """Single words, pairs, and pairs with one word between them."""
    found = sentence.words
    pairs = [f"{a} {b}" for a, b in zip(found, found[1:], strict=False)]
    skips = [f"{a} _ {b}" for a, b in zip(found, found[2:], strict=False)]
    return list(found) + pairs + skips


def sounds(sentence: Analysed) -> List[str]:
    """Syllable n-grams, 1 to 3, without tones."""
    found = sentence.sounds
    return [" ".join(found[i : i + n]) for n in (1, 2, 3) for i in range(len(found) - n + 1)]


#: What counts the features of one kind in a sentence.
Counted = Callable[[Analysed], List[str]]
#: Kinds with their weights: how a sentence is said, for what it is about.
SAID: Tuple[Tuple[Counted, float], ...] = ((characters, 1.0), (words, 0.8), (sounds, 0.7))
#: A feature that fewer training sentences have teaches nothing (with 2 as many are right, of twice as many features).
RAREST = 3


class FeatureSpace:
    """Weighted tf-idf of each kind of feature, side by side in one row.

    kinds: what counts a kind's features, with the kind's weight. Fitted with scikit-learn. A
    single sentence is read by `row`, without sparse matrices: building them costs a turn more
    than all the rest of understanding.
    """

    def __init__(self, kinds: Sequence[Tuple[Counted, float]] = SAID):
        self._kinds = list(kinds)
        self._columns: List[Dict[str, int]] = []
        self._idf: List[np.ndarray] = []

    def fit_transform(self, sentences: Sequence[Analysed]) -> csr_matrix:
        """Learn the columns from training sentences; one row per sentence."""
        parts, first = [], 0
        for counted, weight in self._kinds:
            vectorizer = TfidfVectorizer(
                analyzer=counted, sublinear_tf=True, min_df=RAREST, dtype=np.float32
            )
            part = vectorizer.fit_transform(sentences)
            parts.append(part * weight)
            self._columns.append({k: first + int(v) for k, v in vectorizer.vocabulary_.items()})
            self._idf.append(vectorizer.idf_.astype(np.float32))
            first += part.shape[1]
        rows = hstack(parts).tocsr()
        rows.sort_indices()
        return rows

    def row(self, sentence: Analysed) -> Tuple[np.ndarray, np.ndarray]:
        """The columns that a sentence has, and their values; as fit_transform makes them."""
        columns: List[np.ndarray] = []
        values: List[np.ndarray] = []
        first = 0
        for (counted, weight), known, idf in zip(self._kinds, self._columns, self._idf, strict=True):
            counts = Counter(known[f] for f in counted(sentence) if f in known)
            if counts:
                found = np.fromiter(counts.keys(), dtype=np.int64)
                often = np.fromiter(counts.values(), dtype=np.float32)
                value = (1 + np.log(often)) * idf[found - first]
                columns.append(found)
                values.append(value * (weight / np.linalg.norm(value)))
            first += len(idf)
        if not columns:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return np.concatenate(columns), np.concatenate(values)
