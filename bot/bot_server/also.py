"""Several requests in one sentence: which is the turn's own, and which come beside it.

The caller says where the sentence falls into single requests; each is understood by itself, and
what they are together is decided here.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

from bot_server.acts import ACTS_WITH_ITEM

#: Acts that can be served beside another one.
SERVED = ACTS_WITH_ITEM - {"describe_need"} | {"ask_human", "ask_queue"}
#: Below this a single request is not taken for one: half a sentence is easily misread.
SURE = 0.5

#: Two requests that no word joins are taken for two only from here on, act and item alike.
SURE_UNJOINED = 0.8
#: Pieces of a sentence that may each be a request: how short, how many, of how long a sentence.
PIECE_SHORTEST, PIECES_MOST, WHOLE_LONGEST = 4, 3, 60
_PAUSES = re.compile(r"[，。！？；,!?;\s]+")

Request = Dict[str, Any]


def pieces_of(text: str) -> List[str]:
    """What stands between the pauses of a short text, when that may be several requests."""
    if len(text) > WHOLE_LONGEST:
        return []
    found = [piece for piece in _PAUSES.split(text) if piece]
    fits = 2 <= len(found) <= PIECES_MOST and min(map(len, found)) >= PIECE_SHORTEST
    return found if fits else []


def split_unjoined(
    whole: Request, parts: List[Request]
) -> Tuple[Optional[Tuple[str, Optional[str]]], List[Request]]:
    """As `split`, of pieces that nothing says to be requests of their own.

    "给娃上医保，再看看育儿补贴够不够格" is two, as both are surely about different businesses;
    "一次发多少，打到卡上要几个月" is two questions. "残疾证要换，照片几张" is one: what is wanted only
    says what the question is about.
    """
    sure = [p for p in parts if p["act"] in SERVED and p["confidence"] >= SURE_UNJOINED]
    named = {p["items"][0] for p in sure if p["items"] and p["item_confidence"] >= SURE_UNJOINED}
    asked = {p["act"] for p in sure if p["act"].startswith("ask_")}
    two_businesses = len(named) > 1 and bool(whole["items"]) and whole["items"][0] in named
    two_questions = len(sure) == len(parts) == len(asked) and len(named) == 1
    if not (two_businesses or two_questions):
        return None, []
    return split(whole, sure)


def split(
    whole: Request, parts: List[Request]
) -> Tuple[Optional[Tuple[str, Optional[str]]], List[Request]]:
    """((act, item) of the turn's own request or None to leave it, the further requests in order).

    `whole` and `parts` are `{act, confidence, items}`. About one business, the turn keeps the act
    that the whole sentence was understood as, or the first of several questions. About two ("我要办居住证，顺便问下社保卡在哪里办") the
    whole may be understood as either, or as a mixture: the first part is the turn's own then.
    Nothing is added when no part agrees with the whole: the parts were misread, or the sentence is
    one request after all.
    """
    if whole["act"] not in SERVED:
        return None, []
    own = _first_of_two(parts) or _own(whole, parts)
    if own is None:
        return None, []
    named = [p["items"][0] for p in parts if p["items"]]
    item = own["items"][0] if own["items"] else (named[0] if named else None)
    further: List[Request] = []
    seen = {(own["act"], item)}
    last = None
    for part in parts:
        last = part["items"][0] if part["items"] else last
        about = last or item
        if part is own or part["act"] not in SERVED or part["confidence"] < SURE:
            continue
        if (part["act"], about) not in seen:
            seen.add((part["act"], about))
            further.append({"act": part["act"], "items": [about] if about else []})
    return ((own["act"], item) if further else None), further


def _own(whole: Request, parts: List[Request]) -> Optional[Request]:
    """Of several questions about one business the first; otherwise the part that says the act."""
    agreeing = next((p for p in parts if p["act"] == whole["act"]), None)
    first = parts[0]
    asks = first["act"].startswith("ask_") and first["act"] in SERVED
    return first if agreeing and asks and first["confidence"] >= SURE else agreeing


def _first_of_two(parts: List[Request]) -> Optional[Request]:
    """The first part, when it and another one are surely about different businesses."""
    sure = [p for p in parts if p["act"] in SERVED and p["items"] and p["confidence"] >= SURE]
    if sure and sure[0] is parts[0] and any(p["items"][0] != sure[0]["items"][0] for p in sure):
        return sure[0]
    return None
