"""Which items a text calls by name."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from catalogue.schema import ServiceItem

_ENDINGS = ("申领", "申请", "认定", "登记", "核发", "备案")
_SHORTEST_STEM = 4


def stem(name: str) -> str:
    """`失业保险金申领（首次）` → `失业保险金`: the part that people say."""
    short = name.split("（")[0].split("、")[0].strip("《》")
    for ending in _ENDINGS:
        shorter = short.removesuffix(ending)
        short = shorter if len(shorter) >= _SHORTEST_STEM else short
    return short


def names_of(item: ServiceItem) -> tuple[str, ...]:
    """All right names of an item. Wrong names are left to the model: several items share them."""
    names = (item.name, item.short_name or "", *item.aliases)
    return tuple(dict.fromkeys(one for one in names if one))


def _plain(name: str) -> str:
    """As a citizen's text is compared: half-width signs, small letters."""
    return unicodedata.normalize("NFKC", name).lower()


class Names:
    """Finds the names of items in texts; the longest name wins a place."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self._code_of = {_plain(name): code for code, all_ in names.items() for name in all_}

    def named_in(self, text: str) -> list[str]:
        """Codes of the items named, in the order of the text, each once.

        In "办居住证签注" the name 居住证签注 leaves no place for 办居住证, which begins before it.
        """
        return list(dict.fromkeys(code for _, _, code in self._taken(_plain(text))))

    def without(self, text: str, mark: str = "") -> str:
        """The text, half-width and in small letters, with this mark for each name in it."""
        text = _plain(text)
        for start, end, _ in reversed(self._taken(text)):
            text = text[:start] + mark + text[end:]
        return text

    def _taken(self, text: str) -> list[tuple[int, int, str]]:
        """Where a name begins and ends, and whose it is, in the order of the text."""
        taken: list[tuple[int, int, str]] = []
        for start, end, code in sorted(self._places(text), key=lambda p: p[0] - p[1]):
            if all(end <= s or e <= start for s, e, _ in taken):
                taken.append((start, end, code))
        return sorted(taken)

    def _places(self, text: str) -> Iterator[tuple[int, int, str]]:
        for name, code in self._code_of.items():
            start = text.find(name)
            while start >= 0:
                yield start, start + len(name), code
                start = text.find(name, start + 1)
