"""Choices to their fields: the one asked for, those named besides, and corrected ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backoffice.understanding.acts import is_question
from backoffice.understanding.evidence import Weighed, has_topics, volunteered, weigh
from backoffice.understanding.lexicon import any_of
from backoffice.understanding.options import (
    Said,
    option_words,
    options_said,
    ordinal,
    sounds,
)
from backoffice.understanding.reading import Reading, cues_of, is_person_name
from backoffice.understanding.types import Fault, Option, Wanted


def take_choices(reading: Reading) -> None:
    """Options named in the sentence; for the awaited field also short answers and ordinals."""
    fields = [w for w in reading.of("choice") if reading.may_fill(w)]
    for wanted in sorted(fields, key=lambda w: not w.awaited):
        if wanted.key in reading.found:
            continue
        if wanted.awaited:
            _take_awaited(reading, wanted)
        else:
            _take_besides(reading, wanted)


def _take_awaited(reading: Reading, wanted: Wanted) -> None:
    said = options_said(reading, wanted)
    if wanted.multiple:
        _take_several(reading, wanted, [c for c in said if not c.negated])
        return
    weighed = weigh(reading, wanted, _after_correction(reading, said))
    if weighed is None or not weighed.values:
        other = _other_ways(reading, wanted, said)
        if other is not None:
            value, start, end = other
            reading.take(wanted, value, start, end)
            return
    if weighed is None or wanted.key in reading.refused:
        return
    if weighed.sure:
        reading.take(wanted, weighed.values[0], weighed.start, weighed.end)
    else:
        reading.refused.setdefault(wanted.key, _unclear(wanted, weighed))


def _take_several(reading: Reading, wanted: Wanted, affirmed: Sequence[Said]) -> None:
    """Every option named by itself, for a field that may have several."""
    clear = [c for c in affirmed if len(c.values) == 1]
    if not clear:
        return
    values = tuple(dict.fromkeys(c.values[0] for c in clear))
    # Another answer may stand between two options ("改名字，叫某某店，还有地址").
    together = reading.is_free(clear[0].start, clear[-1].end)
    end = clear[-1].end if together else clear[0].end
    reading.take(wanted, values, clear[0].start, end)


def _unclear(wanted: Wanted, weighed: Weighed) -> Fault:
    """Asks again: which of those left, or which of all."""
    if weighed.off_topic and wanted.other_topics_reply:
        return Fault("fault.choice.other_topic", {"reply": wanted.other_topics_reply})
    left = [o for o in wanted.options if o.value in weighed.values]
    code = "ambiguous" if weighed.several else "unknown"
    return Fault(
        f"fault.choice.{code}", {"options": _labels(left if len(left) > 1 else wanted.options)}
    )


def _labels(options: Sequence[Option]) -> str:
    return "、".join(option.label for option in options)


def _after_correction(reading: Reading, said: list[Said]) -> list[Said]:
    """租房,不对,是宿舍: only what comes behind the last mark, when options stand on both sides."""
    affirmed = [c for c in said if not c.negated]
    if len(affirmed) < 2:
        return said
    marks = list(
        any_of("corrections", "marks").finditer(reading.text, affirmed[0].end, affirmed[-1].start)
    )
    return [c for c in said if c.start >= marks[-1].end()] if marks else said


def _take_besides(reading: Reading, wanted: Wanted) -> None:
    """A field that was not asked for: only unmistakable words, or topic and duration together."""
    said = [
        c
        for c in options_said(reading, wanted)
        if not c.short and _is_unmistakable(reading, wanted, c)
    ]
    affirmed = [c for c in said if not c.negated]
    denied = any(c.negated for c in said)
    if wanted.filled and not denied and not _field_is_named(reading, wanted):
        return
    last = _after_correction(reading, affirmed)
    if _is_told_text(reading, wanted):
        return
    values = list(dict.fromkeys(v for c in last for v in c.values))
    if wanted.multiple:
        _take_several(reading, wanted, last)
    elif len(values) == 1:
        reading.take(wanted, values[0], last[0].start, last[0].end)
    elif not values and has_topics(wanted) and (weighed := volunteered(reading, wanted)):
        reading.take(wanted, weighed.values[0], weighed.start, weighed.end)


def _is_told_text(reading: Reading, wanted: Wanted) -> bool:
    """Whether the sentence is the free text that was asked for, not an answer to this choice.

    Asked in one's own words (why, what for, which business) people use words that are options
    elsewhere. Only behind the other field's own name they answer that one.
    """
    awaited = reading.awaited
    if awaited is None or awaited.kind != "text" or awaited.key in reading.found:
        return False
    if is_person_name(awaited) or awaited.rules.get("pattern") or reading.corrected:
        return False
    return not _field_is_named(reading, wanted)


def _is_unmistakable(reading: Reading, wanted: Wanted, choice: Said) -> bool:
    """Two characters at least, and no option of another field in the same place."""
    length = choice.end - choice.start
    if length < 2:
        return False
    for other in reading.of("choice"):
        if other.key == wanted.key:
            continue
        for c in options_said(reading, other):
            wider = c.end - c.start > length or (not c.short and c.end - c.start == length)
            if wider and c.start < choice.end and choice.start < c.end:
                return False
    return True


def _field_is_named(reading: Reading, wanted: Wanted) -> bool:
    return any(name in reading.text for name in (*wanted.names, *cues_of(wanted), wanted.label))


def swapped_choice(reading: Reading) -> tuple[Wanted, str, int, int] | None:
    """The filled choice that the sentence turns round without naming it, with its new value.

    不是甲是乙, 是乙不是甲 with both of one field; or 说错了,是乙 with 乙 of one filled field only.
    """
    awaited = reading.awaited
    if awaited is not None and awaited.kind == "choice" and options_said(reading, awaited):
        return None
    both: list[tuple[Wanted, str, int, int]] = []
    one_side: list[tuple[Wanted, str, int, int]] = []
    for wanted in reading.of("choice"):
        if not wanted.filled or wanted.awaited or wanted.multiple:
            continue
        said = _after_correction(reading, options_said(reading, wanted))
        denied = {v for c in said if c.negated for v in c.values}
        new = [
            c for c in said if not c.negated and len(c.values) == 1 and c.values[0] not in denied
        ]
        if _is_chance(new, [c for c in said if c.negated]):
            continue
        if len({c.values[0] for c in new}) != 1:
            continue
        entry = (wanted, new[0].values[0], new[0].start, new[0].end)
        if denied:
            both.append(entry)
        elif not new[0].short or _ends_clause(reading, new[0]):
            one_side.append(entry)  # the 孩子 of 孩子生日错了 answers nothing
    if len(both) == 1:
        return both[0]
    if not both and reading.corrected and len(one_side) == 1:
        return one_side[0]
    return None


def _is_chance(new: Sequence[Said], denied: Sequence[Said]) -> bool:
    """One character (有, 能, 是) is part of too many other words to turn an answer round."""
    if all(c.end - c.start < 2 for c in new):
        return True
    return bool(denied) and all(c.short for c in new) and all(c.end - c.start < 2 for c in denied)


def _ends_clause(reading: Reading, said: Said) -> bool:
    clause = reading.clause_at(said.start)
    behind = reading.text[said.end : clause.end] if clause else ""
    return not behind.strip("啊呀啦喇的嘅咯吧哦喎呢噢!。~ ")


def take_swapped(reading: Reading) -> None:
    """Corrects the choice that the sentence turns round, if it is clear which."""
    swapped = swapped_choice(reading)
    if swapped is None:
        return
    wanted, value, start, end = swapped
    if wanted.key in reading.found or not reading.is_free(start, end):
        return
    before, reading.corrected = reading.corrected, True
    reading.take(wanted, value, start, end)
    reading.corrected = before
    for denied in options_said(reading, wanted):
        clause = reading.clause_at(denied.start)
        if denied.negated and clause and reading.is_free(clause.start, clause.end):
            reading.taken.append((clause.start, clause.end, ""))


def _other_ways(reading: Reading, wanted: Wanted, said: list[Said]) -> tuple[str, int, int] | None:
    """第二个, 2, "not the other one" of two, and options misheard (same sounds)."""
    text = reading.text.strip(" 。.,!的啊呀吧啦个嘅")
    values = [option.value for option in wanted.options]
    if (index := ordinal(text, len(values))) is not None:
        if 0 < index <= len(values):
            return values[index - 1], 0, len(reading.text)
        fault = Fault("fault.choice.number", {"options": _labels(wanted.options)})
        reading.refused.setdefault(wanted.key, fault)
        return None
    if is_question(reading.text):
        return None
    denied = {v for c in said if c.negated for v in c.values}
    if len(values) == 2 and len(denied) == 1:
        value = next(v for v in values if v not in denied)
        place = next(c for c in said if c.negated)
        return value, place.start, place.end
    heard = sounds(text)
    known, _ = option_words(wanted.options)
    if len(text) >= 2 and not re.search("[0-9]", text):
        alike = {
            value
            for word, meant in known.items()
            if len(word) == len(text) and sounds(word) == heard
            for value in meant.values
        }
        if len(alike) == 1:
            return alike.pop(), 0, len(reading.text)
    return None
