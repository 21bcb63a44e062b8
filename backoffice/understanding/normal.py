"""One form for all the ways in which the same words can be typed."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import opencc

from backoffice.understanding.types import MAX_CHARACTERS, TextTooLong

_SPACES = re.compile(r"\s+")
_NAME_DOTS = re.compile(r"(?<=[㐀-鿿])\s?[•‧∙⋅・･●]\s?(?=[㐀-鿿])")
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Me")
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


@cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=8192)
def _clean_character(character: str) -> str:
    if character in "\n\r\t\v\f\u2028\u2029":
        return " "
    if unicodedata.category(character) in _INVISIBLE or ord(character) in _VARIATION_SELECTORS:
        return ""
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)


_CANTONESE = str.maketrans({"咗": "了", "嘅": "的", "冇": "没", "喺": "在", "啲": "些", "哋": "们"})


def comparable(text: str) -> str:
    """For comparing only: small letters, Cantonese function words as Mandarin's, one to one."""
    return text.lower().translate(_CANTONESE)


def normalise(text: str) -> str:
    """NFKC, simplified characters, no control characters, single spaces, no leading "/".

    A leading "/" would be a command to the engine. Idempotent.

    Raises:
        TextTooLong: more than MAX_CHARACTERS characters, before or after cleaning.
    """
    if len(text) > MAX_CHARACTERS:
        raise TextTooLong(f"more than {MAX_CHARACTERS} characters")
    text = "".join(map(_clean_character, text))
    text = "".join(map(_clean_character, unicodedata.normalize("NFKC", text)))
    text = unicodedata.normalize("NFKC", _to_simplified().convert(text))
    text = _NAME_DOTS.sub("·", _SPACES.sub(" ", text)).lstrip("/ ").rstrip()
    if len(text) > MAX_CHARACTERS:
        raise TextTooLong(f"more than {MAX_CHARACTERS} characters")
    return text
