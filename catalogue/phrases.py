"""Trainers' phrases: words as they are said; `…` stands for up to eight characters in between.

`生…孩子` finds 生孩子, 生了个孩子 and 生完第二个孩子, but not a sentence that goes on to another topic:
what is in between holds no mark that ends a clause.
"""

import re
from collections.abc import Iterable

GAP = "…"
_BETWEEN = r"[^,。;!?、，；！？]{0,8}"


def pattern_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the phrases, longest first. No phrases: finds nothing."""
    ordered = sorted(set(phrases), key=lambda one: (-len(one), one))
    if not ordered:
        return re.compile(r"(?!)")
    return re.compile("|".join(_expression(one) for one in ordered), re.IGNORECASE)


def _expression(phrase: str) -> str:
    return _BETWEEN.join(re.escape(part) for part in phrase.split(GAP))


def said_phrase(phrases: Iterable[str], text: str) -> str | None:
    """The longest stretch of the text that one of the phrases finds, or None."""
    found = [one[0] for one in pattern_of(phrases).finditer(text)]
    return max(found, key=len, default=None)
