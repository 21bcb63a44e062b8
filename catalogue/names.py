"""Which items a text calls by name."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from catalogue.phrases import pattern_of
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


class Names:
    """Finds the names of items in texts; the longest name wins a place."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self._code_of = {name.lower(): code for code, all_ in names.items() for name in all_}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return pattern_of(self._code_of)

    def _found(self, text: str) -> Iterator[str]:
        for one in self._pattern.finditer(text):
            code = self._code_of.get(one[0].lower())
            if code is not None:
                yield code

    def named_in(self, text: str) -> list[str]:
        """Codes of the items named, in the order of the text, each once."""
        return list(dict.fromkeys(self._found(text)))
