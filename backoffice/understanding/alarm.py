"""What goes before every rule and model: emergencies, and requests that are never followed.

Closed lists, `data/lexicon/crisis.yml` and `data/lexicon/boundaries.yml`, because a missed cry for
help cannot be made good, and neither can an alarm that turns a plain question away.
"""

from __future__ import annotations

import re
from functools import cache

from backoffice.understanding.lexicon import lexicon
from backoffice.understanding.normal import normalise
from catalogue.phrases import pattern_of

_HARMLESS = "harmless"
_NOTHING = re.compile(r"[^一-鿿]*")
_ONE_SOUND = re.compile(r"(.)\1{3,}.{0,2}")


@cache
def _pattern(name: str, *path: str) -> re.Pattern[str]:
    phrases = lexicon(name)
    for part in path:
        phrases = phrases.get(part, []) if isinstance(phrases, dict) else []
    return pattern_of(str(one) for one in phrases)


def crisis_in(text: str) -> str | None:
    """The kind of emergency that the text speaks of, the gravest first; None: there is none.

    One of suicide, child, violence, lost, fire, medical, scam, distress. Everyday exaggerations are
    taken out first; a word that may as well tell of the past or ask about a policy ("去年着火了，想申请
    救助") is no alarm beside such words.
    """
    plain = _pattern("crisis", _HARMLESS).sub("，", normalise(text))
    for kind in lexicon("crisis"):
        if kind == _HARMLESS:
            continue
        if _pattern("crisis", kind, "say").search(plain):
            return str(kind)
        maybe = _pattern("crisis", kind, "maybe").search(plain)
        if maybe and not _pattern("crisis", kind, "unless").search(plain):
            return str(kind)
    return None


def refusal_in(text: str) -> str | None:
    """`others_data` or `rules`: an attempt at other people's data, or at what the hall goes by."""
    plain = normalise(text)
    for kind in ("others_data", "rules"):
        if _pattern("boundaries", kind).search(plain):
            return kind
    return None


def is_chat(text: str) -> bool:
    """Whether the text is small talk, once it is known not to be business."""
    return _pattern("boundaries", "chat").search(normalise(text)) is not None


def is_noise(text: str) -> bool:
    """Whether the text is no words at all: signs, letters struck at random, one sound repeated."""
    plain = normalise(text)
    return bool(_NOTHING.fullmatch(plain) or _ONE_SOUND.fullmatch(plain))
