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


@lru_cache(maxsize=2)
def _analysed(text: str) -> Tuple[str, Tuple[str, ...], Tuple[str, ...]]:
    said = normalise(text)
    levelled_said = levelled(said)
    words = tuple(w for w in jieba.lcut(levelled_said) if w.strip())
    sounds = tuple(_level(s) for s in lazy_pinyin(said, errors=list) if s.strip())
    return levelled_said, words, sounds


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
