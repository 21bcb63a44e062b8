"""What goes before every rule and model: emergencies, and requests that are never followed.

Emergencies are heard twice. Closed lists (`data/lexicon/crisis.yml`) hear what is unmistakable,
and a machine (`cries`) what nobody has listed: a missed cry for help cannot be made good. Where
they are unsure, or the person also asks for relief, the request is answered and the number said
beside it (docs/adr/0010, 0011).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from backoffice.understanding.cries import KINDS, Cry, cry_in
from backoffice.understanding.lexicon import alternation, lexicon
from backoffice.understanding.normal import normalise
from catalogue.phrases import pattern_of

SURE, UNSURE = 0.9, 0.11
"""From these probabilities on, found on lines not learnt from (`python -m trainer alarm`): the
alarm goes before everything; the number is said beside the answer."""
DOUBTED = 0.2
"""Below this what a list hears is only answered beside the request ("你们杀人不见血啊这么多材料")."""

_HARMLESS, _BESIDE = "harmless", "beside"
_NOTHING = re.compile(r"[^一-鿿]*")
_ONE_SOUND = re.compile(r"(.)\1{3,}.{0,2}")


@dataclass(frozen=True)
class Alarm:
    """An emergency of one kind (`cries.KINDS`).

    sure: it goes before everything; otherwise the request is answered, with the number beside it.
    """

    kind: str
    sure: bool


@cache
def _pattern(name: str, *path: str) -> re.Pattern[str]:
    phrases = lexicon(name)
    for part in path:
        phrases = phrases.get(part, []) if isinstance(phrases, dict) else []
    return pattern_of(str(one) for one in phrases)


def alarm_in(text: str, hear: Callable[[str], Cry] = cry_in) -> Alarm | None:
    """The emergency that the text speaks of; None: there is none.

    hear: the machine; another than the shipped one where that has learnt the very text.
    """
    found, cry = listed(text), heard(text, hear)
    if found is not None and found.sure:
        return _beside_relief(text, Alarm(found.kind, cry.likely >= DOUBTED))
    if cry.likely >= SURE:
        return _beside_relief(text, Alarm(cry.kind, True))
    if found is None and cry.likely >= UNSURE:
        return Alarm(cry.kind, False)
    return found


def heard(text: str, hear: Callable[[str], Cry] = cry_in) -> Cry:
    """What the machine alone hears: the least likely of the readings."""
    return min(map(hear, readings(text)), default=Cry(0.0, KINDS[0]), key=lambda one: one.likely)


def readings(text: str) -> list[str]:
    """What the machine is given to hear: with and without everyday exaggerations; neither a bare
    name nor what has no word in it, which answer a question."""
    whole, plain = normalise(text), in_earnest(text)
    if _only_a_name().fullmatch(whole) or _NOTHING.fullmatch(whole):
        return []
    return [whole] if plain == whole else [whole, plain]


@cache
def _only_a_name() -> re.Pattern[str]:
    kin = alternation(word for entry in lexicon("kin")["kin"] for word in entry["words"])
    who = rf"(?:我|他|她|佢|老人家?|(?:我|我家|阿)?{kin})"
    return re.compile(
        rf"{who}?叫(?![得我你他她佢人不唔了极救破声喊白警大医消车打杀])[一-鿿]{{2,4}}"
    )


def in_earnest(text: str) -> str:
    """The text without everyday exaggerations ("笑死", "打我电话"): what the lists see."""
    return _pattern("crisis", _HARMLESS).sub("，", normalise(text))


def listed(text: str) -> Alarm | None:
    """What the lists alone hear, the gravest first.

    A word that may as well tell of the past or ask
    about a policy ("去年着火了，想申请救助") is no alarm beside such words; of a fraud or of despair
    it is one that is answered beside the request.
    """
    plain = in_earnest(text)
    for kind in KINDS:
        if _pattern("crisis", kind, "say").search(plain):
            return Alarm(kind, True)
        maybe = _pattern("crisis", kind, "maybe").search(plain)
        if maybe and not _pattern("crisis", kind, "unless").search(plain):
            return Alarm(kind, True)
    for kind in KINDS:
        if _pattern("crisis", kind, _BESIDE).search(plain):
            return Alarm(kind, False)
    return None


def _beside_relief(text: str, found: Alarm) -> Alarm:
    """Who asks the hall for help with it gets both, where no minute counts.

    A life in danger now is never made to share its answer.
    """
    asks = _pattern("crisis", found.kind, "relief").search(normalise(text))
    return Alarm(found.kind, False) if asks else found


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
