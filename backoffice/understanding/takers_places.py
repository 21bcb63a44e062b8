"""Addresses and regions to their fields."""

from __future__ import annotations

import re

from backoffice.understanding.addresses import (
    AddressSpan,
    find_address,
    missing_parts,
    parts,
    resolve_region,
)
from backoffice.understanding.checks import check
from backoffice.understanding.dates import find_dates
from backoffice.understanding.lexicon import any_of, words
from backoffice.understanding.options import options_said
from backoffice.understanding.reading import Clause, Reading, cue_pattern, cues_of
from backoffice.understanding.types import Wanted

_CUE_REACH = 12
_TELLING = {"region", "road", "estate", "building", "group"}
"""Parts of which an address has at least one, where none was asked for."""
_STRONG = 3
"""Parts that make an address unmistakable without any cue."""


def take_addresses(reading: Reading) -> None:
    """Every address in the sentence, to the field that its words announce or the awaited one."""
    fields = [w for w in reading.of("address", "region") if reading.may_fill(w)]
    if not fields:
        return
    days = [d for d in find_dates(reading.text, today=reading.today) if not d.bare]
    place = 0
    for clause in reading.clauses:
        if clause.end <= place or (
            clause.asks and not re.search(r"\d", reading.text[clause.start : clause.end])
        ):
            continue
        start = max(place, clause.start)
        span = find_address(reading.text, start, clause.end)
        while span is not None:
            a_day = any(d.start < span.end and span.start < d.end for d in days)
            if reading.is_free(span.start, span.end) and not a_day:
                _place_address(reading, fields, span, clause)
            place = span.end
            span = find_address(reading.text, place, clause.end) if place < clause.end else None
    _take_bare_region(reading)
    _complete(reading)


def _place_address(
    reading: Reading, fields: list[Wanted], span: AddressSpan, clause: Clause
) -> None:
    wanted = _field_for(reading, fields, span)
    if wanted is not None and wanted.kind == "region" and span.region_end == span.start:
        wanted = _address_beside(reading, fields, wanted) or wanted  # 澜石社区,澜石二路8号
    if wanted is None or reading.text[span.start : span.end] in words("address", "not_places"):
        return
    if not wanted.awaited:
        said = parts(reading.text[span.start : span.end])
        if not said & _TELLING or said == {"estate"} and _is_an_option(reading, span):
            return
    text = reading.text
    region_text = text[span.start : span.region_end].strip(" ,、")
    tail_start = (
        span.region_end
        + len(text[span.region_end : span.end])
        - len(text[span.region_end : span.end].lstrip(" ,、"))
    )
    region = _region_beside(reading, fields, wanted)
    if wanted.kind == "region":
        _take_region(
            reading,
            wanted,
            region_text or text[span.start : span.end],
            span.start,
            span.region_end if region_text else span.end,
        )
        beside = _address_beside(reading, fields, wanted)
        if beside and region_text and tail_start < span.end:
            _take_address(reading, beside, tail_start, span.end)
        return
    if (
        region is not None
        and region_text
        and _take_region(reading, region, region_text, span.start, span.region_end)
    ):
        if tail_start < span.end:
            _take_address(reading, wanted, tail_start, span.end)
        return
    if (
        wanted.awaited
        or span.strength >= 2
        or parts(text[span.start : span.end]) - {"region"}
        or not wanted.rules.get("needs")
    ):
        _take_address(reading, wanted, span.start, span.end)


def _is_an_option(reading: Reading, span: AddressSpan) -> bool:
    """就住厂里宿舍: a way of living, no address."""
    return any(
        said.start < span.end and span.start < said.end and not said.short
        for wanted in reading.of("choice")
        for said in options_said(reading, wanted)
    )


_VILLAGE_AT_END = re.compile("[一-鿿]{1,10}(?:村委会|居委会|社区|村)$")


def _take_region(reading: Reading, wanted: Wanted, text: str, start: int, end: int) -> bool:
    known = resolve_region(text)
    value = known.full if known else text
    if known is not None and known.village is None:
        # The list of villages is never complete: one that it lacks is kept as it was said.
        named = _VILLAGE_AT_END.search(text.split(known.town)[-1])
        value += named[0] if named else ""
    fault = check(wanted, value, today=reading.today)
    if fault and fault.code == "fault.region.outside":
        reading.refuse(wanted, fault, start, end)
        return False
    while end > start and reading.text[end - 1] in " ,、":
        end -= 1
    return reading.take(wanted, value, start, end, fault=fault)


def _take_address(reading: Reading, wanted: Wanted, start: int, end: int) -> None:
    value = re.sub(any_of("address", "no_room").pattern, "(无房号)", reading.text[start:end])
    value = re.sub(r"[ ,、]+", "", value)
    lacking = (
        missing_parts(str(wanted.current), wanted.rules.get("needs", ())) if wanted.current else []
    )
    if lacking and wanted.awaited and not parts(value) & {"road", "region"}:
        value = f"{wanted.current}{value}"
    fault = check(wanted, value, today=reading.today)
    reading.take(wanted, value, start, end, fault=fault)


def _complete(reading: Reading) -> None:
    """没有房号: completes the awaited address that lacks only its room."""
    awaited = reading.awaited
    if (
        awaited is None
        or awaited.kind != "address"
        or not awaited.current
        or awaited.key in reading.found
    ):
        return
    if not missing_parts(str(awaited.current), awaited.rules.get("needs", ())):
        return
    if found := any_of("address", "no_room").search(reading.text):
        value = f"{awaited.current}(无房号)"
        reading.take(
            awaited,
            value,
            found.start(),
            found.end(),
            fault=check(awaited, value, today=reading.today),
        )
        return
    for bare in re.finditer(
        r"(?<![0-9])(?:[0-9]{1,4}|[一二三四五六七八九][零〇一二三四五六七八九]{2,3})(?![0-9])(?:号|房|室)?",
        reading.text,
    ):
        value = f"{awaited.current}{bare[0]}"
        lacking = missing_parts(str(awaited.current), awaited.rules.get("needs", ()))
        if (
            len(reading.clauses) == 1
            and not reading.clauses[0].asks
            and lacking == ["房号"]
            and reading.is_free(*bare.span())
        ):
            value += "" if bare[0][-1] in "房室" else "房"
            reading.take(
                awaited, value, *bare.span(), fault=check(awaited, value, today=reading.today)
            )
            return


def _take_bare_region(reading: Reading) -> None:
    """澜石, 深村: a village by its short name, when the region is asked for."""
    awaited = reading.awaited
    if (
        awaited is None
        or awaited.kind != "region"
        or awaited.key in reading.found
        or awaited.key in reading.refused
    ):
        return
    for clause in reading.free_clauses():
        piece = reading.text[clause.start : clause.end]
        bare = re.sub(
            rf"^(?:{any_of('address', 'leading').pattern})+|(?:那边|附近|嗰边|这边|那里|那头|啊|呀|的|嘅|哦|边)+$",
            "",
            piece,
        )
        place = resolve_region(bare) if bare else None
        if place is not None:
            start = clause.start + piece.find(bare)
            _take_region(reading, awaited, bare, start, start + len(bare))
            return


def _field_for(reading: Reading, fields: list[Wanted], span: AddressSpan) -> Wanted | None:  # noqa: C901 a list of cases in their order
    """The field announced nearest before the address, the awaited one, or the place of living."""
    text = reading.text
    best: tuple[int, int, Wanted] | None = None
    for wanted in fields:
        if wanted.kind == "region" and not wanted.awaited:
            continue
        for cue in cue_pattern((*cues_of(wanted), *wanted.names)).finditer(
            text, 0, span.region_end
        ):
            if any_of("cues", "negations").fullmatch(text[max(0, cue.start() - 2) : cue.start()]):
                continue  # 没有门牌号,…
            if cue.start() > span.start or re.search("[。;!?]", text[cue.end() : span.start]):
                continue
            distance = max(0, span.start - cue.end())
            key = (distance, -(cue.end() - cue.start()), wanted)
            if distance <= _CUE_REACH and (best is None or key[:2] < best[:2]):
                best = key
    awaited = reading.awaited
    if best is not None:
        chosen = best[2]
        if (
            awaited in fields
            and awaited is not None
            and awaited is not chosen
            and not _is_specific(chosen, text, span)
        ):
            return awaited
        return chosen
    if awaited is not None and awaited in fields:
        return awaited
    if awaited is not None and awaited.kind == "text" and "姓名" not in awaited.label:
        return None
    found_parts = parts(text[span.start : span.end])
    if (
        span.strength >= _STRONG
        and {"road", "number"} <= found_parts
        and resolve_region(text[span.start : span.region_end])
    ):
        living = [w for w in fields if w.kind == "address" and "居住" in w.label and not w.filled]
        return living[0] if len(living) == 1 else None
    return None


_VAGUE_CUES = frozenset({"地址", "住址", "住", "寄"})


def _is_specific(wanted: Wanted, text: str, span: AddressSpan) -> bool:
    """Whether a cue of this field before the address says more than that it is an address."""
    near = text[max(0, span.start - _CUE_REACH) : span.start + 2]
    return any(cue in near for cue in (*cues_of(wanted), *wanted.names) if cue not in _VAGUE_CUES)


def _stem(key: str) -> str:
    return key.split("_", 1)[0]


def _region_beside(reading: Reading, fields: list[Wanted], address: Wanted) -> Wanted | None:
    regions = [w for w in fields if w.kind == "region" and _stem(w.key) == _stem(address.key)]
    regions = [w for w in regions if w.awaited or not w.filled or reading.corrected]
    return regions[0] if len(regions) == 1 and address.kind == "address" else None


def _address_beside(reading: Reading, fields: list[Wanted], region: Wanted) -> Wanted | None:
    found = [w for w in fields if w.kind == "address" and _stem(w.key) == _stem(region.key)]
    return found[0] if len(found) == 1 else None
