"""For whom somebody says to act: `帮我妈办`, and that they now speak of their own affairs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from backoffice.understanding.lexicon import alternation, lexicon


@dataclass(frozen=True)
class Kin:
    """The person acted for, as the speaker calls them.

    Attributes:
        called: 妈妈; said back as 您妈妈.
        relation: what the speaker is to that person; None where the word leaves it open.
    """

    called: str
    relation: str | None


@cache
def _known() -> dict[str, Kin]:
    return {
        word: Kin(entry["called"], entry.get("relation"))
        for entry in lexicon("kin")["kin"]
        for word in entry["words"]
    }


@cache
def _acting() -> re.Pattern[str]:
    helping = alternation(lexicon("kin")["helping"])
    other = alternation(lexicon("kin")["not_acting"])
    return re.compile(
        rf"{helping}(?:一下)?(?:我|俺|咱|阿|刚出生的|我刚出生的)?(?:们|家|的)?({alternation(_known())})(?!{other})"
    )


def acted_for(text: str) -> Kin | None:
    """The person the speaker says to act for; None when nobody, or more than one, is named."""
    found = {_known()[match[1]].called: _known()[match[1]] for match in _acting().finditer(text)}
    return next(iter(found.values())) if len(found) == 1 else None


def kin_called(called: str) -> Kin | None:
    """The entry of a person once noted."""
    return next((one for one in _known().values() if one.called == called), None)


def own_too(text: str) -> bool:
    """Whether the speaker now wants the same for themselves, beside the other person's."""
    return any(one in text for one in lexicon("kin")["own_too"])


def own_instead(text: str) -> bool:
    """Whether the speaker puts right that it is their own affair."""
    return any(one in text for one in lexicon("kin")["own_instead"])
