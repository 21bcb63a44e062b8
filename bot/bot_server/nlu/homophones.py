"""Characters that sound alike, for sentences as a speech recogniser mishears them."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Dict, Iterable, List

from pypinyin import lazy_pinyin

#: Endings and beginnings that people of Guangdong do not tell apart.
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))


class Homophones:
    """Knows the characters of the given texts by their sound, without tone."""

    def __init__(self, texts: Iterable[str]):
        characters = sorted({c for text in texts for c in text if "一" <= c <= "鿿"})
        self._sound: Dict[str, str] = {}
        self._alike: Dict[str, List[str]] = defaultdict(list)
        for character in characters:
            sound = levelled_sound(lazy_pinyin(character)[0])
            self._sound[character] = sound
            self._alike[sound].append(character)

    def misheard(self, text: str, random: Random) -> str:
        """The text with one character, or two of a long one, replaced by one that sounds alike."""
        said = list(text)
        for _ in range(1 if len(said) < 10 else 2):
            place = random.randrange(len(said))
            alike = self._alike.get(self._sound.get(said[place], ""), ())
            others = [c for c in alike if c != said[place]]
            # inside a placeholder nothing is misheard
            if others and "[" not in text:
                said[place] = random.choice(others)
        return "".join(said)


def levelled_sound(sound: str) -> str:
    """A syllable as it is heard in Guangdong."""
    for heard, alike in _ALIKE:
        sound = sound.replace(heard, alike)
    return sound
