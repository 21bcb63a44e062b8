"""All answers in one sentence, and the sentence without them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from backoffice.understanding.acts import closed_act, is_correction, is_question
from backoffice.understanding.digits import mask
from backoffice.understanding.evidence import topics_said
from backoffice.understanding.lexicon import alternation, any_of, lexicon, words
from backoffice.understanding.naming import fields_named
from backoffice.understanding.normal import normalise
from backoffice.understanding.options import options_said
from backoffice.understanding.reading import (
    Reading,
    as_awaited,
    cues_by_label,
    cues_of,
    is_person_name,
    read,
)
from backoffice.understanding.takers_choices import take_choices, take_swapped
from backoffice.understanding.takers_dates import take_dates
from backoffice.understanding.takers_names import take_names
from backoffice.understanding.takers_places import take_addresses
from backoffice.understanding.takers_refer import take_referred
from backoffice.understanding.takers_typed import take_amount, take_code, take_numbers
from backoffice.understanding.takers_words import (
    take_announced_text,
    take_free_text,
    take_yes_no,
)
from backoffice.understanding.types import Extraction, Person, Wanted

_PLACEHOLDER = re.compile(r"\[[一-鿿]{2,4}\]")
_LEAVE_ASKED = re.compile(alternation(words("cues", "asking_leave")) + "[呀啊吖㗎嘅?!。~ ]*$")


def extract(
    text: str,
    wanted: Sequence[Wanted],
    *,
    today: date,
    channel: str = "phone",
    speaker: Person = "applicant",
) -> Extraction:
    """All answers in one sentence.

    Args:
        text: raw or normalised; it is normalised here, spans refer to the normalised text.
        wanted: every field that is open, awaited or filled, in the order of asking; also those
            whose condition is not yet known.
        today: the day in Asia/Shanghai, for "去年三月" and for checks.
        channel: "phone" or "kiosk".
        speaker: whose data "我" announces: "proxy" once it is known that a proxy fills the form.
    Returns:
        Spans never overlap; each key at most once; a value that fails its check is in `refused`,
        except an incomplete address, region or name, which is in `found` with its fault.
    Raises:
        TextTooLong: see normalise.
    """
    text = normalise(text)
    fields = list(wanted)
    told = _without_asking_leave(text, fields)
    if told is not None:
        result = extract(told, fields, today=today, channel=channel, speaker=speaker)
        chosen = any(w.awaited and result.value(w.key) is not None for w in fields)
        if chosen and len(result.found) == 1 and len(result.rest) <= _AROUND_A_CHOICE:
            return result
    corrected = is_correction(text)
    reading = read(text, fields, today, channel, speaker, corrected)
    target = _corrected_field(text, reading) if corrected else None
    if target is not None and not target.filled and _tells_of_a_change(reading):
        target, corrected = None, False
        reading = read(text, fields, today, channel, speaker, corrected)
    if target is not None:
        reading = read(text, as_awaited(fields, target.key), today, channel, speaker, corrected)
        _cross_out_old(reading, target)
    _take_all(reading)
    return _result(reading)


_AROUND_A_CHOICE = 4
"""Characters that may stand around an option chosen politely ("我想寄去屋企得唔得"). With more, the
option is only a word of a question ("我老公的户口在外地可以吗", asked whether wife or husband)."""


def _without_asking_leave(text: str, wanted: Sequence[Wanted]) -> str | None:
    """ "寄去屋企得唔得": what was offered is chosen politely; None where a choice is not awaited."""
    if not any(w.awaited and w.kind == "choice" for w in wanted):
        return None
    told = _LEAVE_ASKED.sub("", text).rstrip(" ,")
    return None if told in (text, "") or is_question(told) else told


def _tells_of_a_change(reading: Reading) -> bool:
    """地址从8号改成10号, where one's own words are asked for: nothing told before was wrong."""
    awaited = reading.awaited
    if awaited is None or awaited.kind != "text" or is_person_name(awaited):
        return False
    marks = set(any_of("corrections", "marks").findall(reading.text))
    return marks <= {"改成", "改为", "改做", "换成"}


def _take_all(reading: Reading) -> None:
    """Surest forms first; each taker leaves alone what another has taken."""
    act = closed_act(reading.text)
    if act is not None and not _is_short_answer(reading):
        take_yes_no(reading)
        return
    take_code(reading)
    take_numbers(reading)
    if reading.awaited and reading.awaited.kind == "choice":
        take_choices(reading)
    take_swapped(reading)
    take_names(reading)
    take_announced_text(reading)
    take_addresses(reading)
    take_dates(reading)
    take_choices(reading)
    take_yes_no(reading)
    take_amount(reading)
    take_referred(reading)
    take_free_text(reading)


def _is_short_answer(reading: Reading) -> bool:
    """Words such as 没有 are an answer where the awaited choice lists them."""
    awaited = reading.awaited
    if awaited is None or awaited.kind != "choice":
        return False
    return bool(options_said(reading, awaited) or topics_said(reading, awaited))


def _corrected_field(text: str, reading: Reading) -> Wanted | None:
    """The one field whose value the sentence corrects, None when it is not clear which."""
    keys = fields_named(text, reading.wanted)
    named = [w for w in reading.wanted if w.key in keys]
    said = {marker.person for marker in reading.markers} - {"other"}
    if len(named) > 1 and len(said) == 1:
        named = [w for w in named if (w.person or "applicant") in said] or named
    for narrower in (
        [w for w in named if w.awaited],
        [w for w in named if w.filled],
        named,
    ):
        if len(narrower) == 1:
            return narrower[0]
    return None


def _cross_out_old(reading: Reading, target: Wanted) -> None:
    """Hides the words up to the correction, so that they are not taken for the new value."""
    text = reading.text
    marks = alternation(words("corrections", "marks") | words("corrections", "but"))
    ends = [m.end() for m in re.finditer(marks, text)]
    names = [text.find(n) + len(n) for n in (*target.names, *cues_of(target)) if n in text]
    typed = target.kind in ("phone", "id_number", "date", "sms_code")
    for end in sorted(ends):
        tail = text[end:].strip(" ,。!;:了的啊吧")
        if tail and not re.match(marks, text[end:].lstrip(" ,。!;:")):
            start = end
            while start < len(text) and text[start] in " ,。!;:了的":
                start += 1
            if not typed and start > max(names, default=0):
                reading.taken.append((0, start, ""))
            return
    if target.kind == "choice" and ends:  # 登记还没满半年,刚才说错了: what stands before is new
        clause = reading.clause_at(ends[-1] - 1)
        reading.taken.append((clause.start, clause.end, "") if clause else (0, len(text), ""))
    elif not typed and not _has_value(text):
        reading.taken.append((0, len(text), ""))


def _has_value(text: str) -> bool:
    return bool(re.search(r"\d", text))


def _result(reading: Reading) -> Extraction:
    text = reading.text
    found = tuple(sorted(reading.found.values(), key=lambda one: (one.start, one.end)))
    hidden = sorted((s, e, p) for s, e, p in reading.taken if p)
    refused = tuple((k, f) for k, f in reading.refused.items() if k not in reading.found)
    safe = _replace(text, hidden)
    gone = [(one.start, one.end, "") for one in found if one.certain]
    gone += [(s, e, p) for s, e, p in hidden if not any(s < ge and gs < e for gs, ge, _ in gone)]
    return Extraction(found, safe, _rest(reading, sorted(gone)), refused)


def _replace(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """The text with spans replaced, the stretches between them masked."""
    pieces, place = [], 0
    for start, end, placeholder in spans:
        pieces += [text[place:start], placeholder]
        place = max(place, end)
    return mask("".join((*pieces, text[place:])))


def _rest(reading: Reading, gone: list[tuple[int, int, str]]) -> str:
    """The clauses that say more than the answers: questions, wishes, thanks."""
    kept = []
    for clause in reading.clauses:
        inside = [
            (s - clause.start, e - clause.start, p)
            for s, e, p in gone
            if s < clause.end and clause.start < e
        ]
        inside = [(max(0, s), e, p) for s, e, p in inside]
        left = _replace(reading.text[clause.start : clause.end], inside)
        if inside and not clause.asks:
            left = _without_cues(left, reading)
        if left.strip(" ,。.!"):
            kept.append(left.strip())
    return mask(",".join(kept))


def _without_cues(piece: str, reading: Reading) -> str:
    """What a clause still says when the answer and the words announcing it are gone."""
    piece = _PLACEHOLDER.sub("", piece)
    if is_question(piece):
        return piece
    bare = _announcing(tuple((w.label, w.cues, w.names) for w in reading.wanted)).sub("", piece)
    bare = any_of("cues", "answer_leading", "answer_trailing").sub("", bare)
    bare = re.sub("[的嘅了咗在喺到来嚟住是系就都和也同给去号人用写要做字个]|错|不对", "", bare)
    return piece if len(bare.strip()) >= 2 else ""


@lru_cache(maxsize=64)
def _announcing(
    fields: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...],
) -> re.Pattern[str]:
    """Every word that announces an answer to one of the fields (label, cues, names)."""
    said = {"叫", "姓", "我是", "我系"}
    for label, cues, names in fields:
        said |= {label, *cues_by_label(label, cues), *names}
    for group in lexicon("cues")["persons"].values():
        said |= set(group)
    return re.compile(alternation(said))
