"""What somebody wants of their own face and fingers: to see what is kept, or to have it deleted.

Closed lists, `data/lexicon/remembering.yml`: a wish to be forgotten must not hang on a model.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from backoffice.understanding.lexicon import lexicon
from backoffice.understanding.normal import normalise
from catalogue.phrases import pattern_of

if TYPE_CHECKING:
    import re

Wish = Literal["delete", "see"]


@cache
def _pattern(section: str) -> re.Pattern[str]:
    return pattern_of(str(one) for one in lexicon("remembering")[section])


def template_wish(text: str) -> Wish | None:
    """The wish in a sentence; None: there is none."""
    plain = _pattern("others").sub("，", normalise(text))
    if _pattern("delete").search(plain):
        return "delete"
    return "see" if _pattern("see").search(plain) else None
