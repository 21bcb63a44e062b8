"""Several requests in one sentence: which is the turn's own, and which come beside it.

The caller says where the sentence falls into single requests; each is understood by itself, and
what they are together is decided here.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from bot_server.acts import ACTS_WITH_ITEM

#: Acts that can be served beside another one.
SERVED = ACTS_WITH_ITEM - {"describe_need"} | {"ask_human", "ask_queue"}
#: Below this a single request is not taken for one: half a sentence is easily misread.
SURE = 0.5

Request = Dict[str, Any]


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
