"""Answers that only point to another one: 和房东同一个电话, 跟身份证上一样, 刚才说的那个."""

from __future__ import annotations

import re

from backoffice.understanding.acts import is_question
from backoffice.understanding.lexicon import any_of
from backoffice.understanding.reading import Reading, cues_of, is_person_name
from backoffice.understanding.types import Fault, Wanted

_KINDS = ("text", "phone", "address", "region", "id_number", "date")
_LONGEST = 24
"""Characters of a sentence that does no more than point."""
_ON_CARD = re.compile("身份证|证件上|证上")


def take_referred(reading: Reading) -> None:
    """The value pointed to when it is known and clear which; else a friendly refusal."""
    awaited = reading.awaited
    if (
        awaited is None
        or awaited.kind not in _KINDS
        or awaited.key in {*reading.found, *reading.refused}
        or len(reading.text) > _LONGEST
        or is_question(reading.text)
    ):
        return
    pointing = any_of("cues", "pointing").search(reading.text)
    if pointing is None or not reading.is_free(0, len(reading.text)):
        return
    if awaited.kind == "text" and not is_person_name(awaited) and "号" not in awaited.label:
        return
    source = _source(reading, awaited)
    if source is not None:
        reading.take_checked(awaited, source.current, 0, len(reading.text))
        return
    pointed_at = "card" if _ON_CARD.search(reading.text) else "other"
    reading.refuse(awaited, Fault(f"fault.refers.{pointed_at}"), 0, len(reading.text))


def _source(reading: Reading, awaited: Wanted) -> Wanted | None:
    """The one other field of the same kind, with a value, that the words mean."""
    others = [
        w
        for w in reading.wanted
        if w.kind == awaited.kind and w.current and w.key != awaited.key
        and (w.kind != "text" or is_person_name(w))
    ]  # fmt: skip
    said = {marker.person for marker in reading.markers}
    if awaited.kind == "phone":
        mine = [w for w in others if (w.person or "applicant") in said]
        return mine[0] if len(mine) == 1 and len(said) == 1 else None
    named = [w for w in others if any(c in reading.text for c in (*w.names, *cues_of(w)))]
    own = [c for c in (*awaited.names, *cues_of(awaited)) if c in reading.text]
    named = [w for w in named if not own or len(_longest(reading, w)) >= max(map(len, own))]
    return named[0] if len(named) == 1 else None


def _longest(reading: Reading, wanted: Wanted) -> str:
    words = [c for c in (*wanted.names, *cues_of(wanted)) if c in reading.text]
    return max(words, key=len, default="")
