"""Finds addresses in a sentence and takes them apart: region, road, number, building, room."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from backoffice.understanding.lexicon import alternation, any_of, lexicon, words

_NUM = r"(?:[0-9]+|[零〇一二三四五六七八九十百两]+)"
_HAN = "一-鿿"
# 祖庙路, 深村大道: roads named after a place are not the place.
_NOT_A_ROAD = "(?!大道|大街|直街|公路|[一二三四五六东西南北中]?路)"
_JOIN = r"[ ,、]?"


@dataclass(frozen=True)
class Place:
    """A town or village of the city; `full` is its name from the city down."""

    full: str
    town: str
    village: str | None


@dataclass(frozen=True)
class AddressSpan:
    """An address in the text; region_end: where the region (市、区、镇街、村居) ends."""

    start: int
    end: int
    region_end: int
    strength: int
    """Number of address parts recognised."""


def _short_town(name: str) -> tuple[str, ...]:
    """桂城 for 桂城街道, 乐从 for 乐从镇."""
    stem = re.sub("(?:镇街道|街道|镇)$", "", name)
    return (stem,) if len(stem) > 1 else ()


@cache
def places() -> Mapping[str, Place]:
    """Every way to name a town or a village of the city, to its full name. Ambiguous ones left out."""
    data = lexicon("places")
    result: dict[str, Place] = {}
    doubtful: set[str] = set()

    def put(word: str, place: Place) -> None:
        if word in result and result[word].full != place.full:
            doubtful.add(word)
        result[word] = place

    for town in data["towns"]:
        base = data["city"] + town["district"] + town["name"]
        for word in (town["name"], *town["aliases"], *_short_town(town["name"])):
            result.setdefault(word, Place(base, town["name"], None))
        for village in town["villages"]:
            place = Place(base + village, town["name"], village)
            stem = re.sub("(社区|村)$", "", village)
            for word in (
                village,
                stem + "社区居委会",
                stem + "居委会",
                stem + "村委会",
                stem + "村民委员会",
                stem + "居委",
                stem + "村委",
            ):
                put(word, place)
            if village.endswith("村"):
                put(stem + "村", place)
    for word, village in data["village_aliases"].items():
        result[word] = next(p for p in result.values() if p.village == village)
    return {word: place for word, place in result.items() if word not in doubtful}


@cache
def _town_alternatives() -> str:
    data = lexicon("places")
    return (
        alternation(
            w
            for town in data["towns"]
            for w in (town["name"], *town["aliases"], *_short_town(town["name"]))
        )
        + _NOT_A_ROAD
    )


@cache
def _village_alternatives() -> str:
    return alternation(word for word, place in places().items() if place.village) + _NOT_A_ROAD


@cache
def region_pattern() -> re.Pattern[str]:
    """省、市、区、镇街、村居 in this order, any of them left out."""
    data = lexicon("places")
    provinces, cities = alternation(data["provinces"]), alternation(data["cities"])
    districts = alternation({t["district"] for t in data["towns"]})
    short = alternation({t["district"].removesuffix("区") for t in data["towns"]})
    generic = rf"[{_HAN}]{{1,7}}?"
    return re.compile(
        rf"(?P<province>{provinces}(?:省|市|(?:壮族|回族|维吾尔)?自治区)?){_JOIN}"
        rf"(?P<city>(?:{cities}|{generic}(?:自治州|地区|盟))市?)?{_JOIN}"
        rf"(?P<district>{generic}(?:自治县|县|区|市|旗))?{_JOIN}"
        rf"(?P<town>{generic}(?:街道|镇|乡))?{_JOIN}"
        rf"(?P<village>{generic}(?:社区居委会|居委会|村委会|社区|村){_NOT_A_ROAD})?"
        rf"|(?P<city2>(?:{cities})市?){_JOIN}(?P<district2>{districts}|{short}|{generic}(?:县|区|旗))?{_JOIN}"
        rf"(?P<town2>{_town_alternatives()}|{generic}(?:街道|镇|乡))?{_JOIN}"
        rf"(?P<village2>{_village_alternatives()}|{generic}(?:社区居委会|居委会|村委会|社区|村){_NOT_A_ROAD})?"
        rf"|(?P<district3>{districts}){_JOIN}(?P<town3>{_town_alternatives()}|{generic}(?:街道|镇|乡))?{_JOIN}"
        rf"(?P<village3>{_village_alternatives()}|{generic}(?:社区居委会|居委会|村委会|社区|村){_NOT_A_ROAD})?"
        rf"|(?P<town4>{_town_alternatives()}){_JOIN}(?P<village4>{_village_alternatives()}|{generic}(?:社区居委会|居委会|村委会|社区|村){_NOT_A_ROAD})?"
        rf"|(?P<village5>{_village_alternatives()}|(?<![{_HAN}])[{_HAN}]{{1,5}}(?:社区居委会|居委会|村委会|社区|村){_NOT_A_ROAD})"
    )


@cache
def _part_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    data = lexicon("address")
    roads, estates = alternation(data["roads"]), alternation(data["estates"])
    stop = "住在喺到去搬是系我寄"
    return (
        ("road", re.compile(rf"(?:(?![{stop}])[{_HAN}0-9]){{1,8}}?{roads}(?:[东南西北中](?![一-鿿]{0,3}路)|[一二三四五六七八九十]+[巷街])?(?![{_HAN}]*[上下]边)")),
        ("number", re.compile(rf"{_NUM}(?:[-之]{_NUM})?号(?!楼|房|线)(?:之{_NUM}|(?:[0-9]{{1,2}}|[零〇一二三四五六七八九十百两]{{1,2}})(?![0-9零〇一二三四五六七八九十百栋座房室楼]))?")),
        ("building", re.compile(rf"(?:{_NUM}|[A-Za-z]{{1,2}}[0-9]*)(?:-{_NUM})?(?:号楼|栋|幢|座|期|组团|区(?![一-鿿]{{0,2}}政))")),
        ("unit", re.compile(rf"(?:{_NUM}|[A-Za-z])(?:单元|梯|门)")),
        ("floor", re.compile(rf"{_NUM}(?:层|楼)(?!盘|梯)")),
        ("room", re.compile(rf"(?:{_NUM}|[A-Za-z][0-9]+|[0-9]+[A-Za-z])(?:-{_NUM})?(?:号房|室|房|户|铺)")),
        ("room", re.compile(r"[一二三四五六七八九][零〇一二三四五六七八九]{2,3}(?![一-鿿0-9])")),
        ("room", re.compile(r"(?<![0-9])[A-Za-z]?[0-9]{3,4}[A-Za-z]?(?![0-9一-鿿年月日元块])")),
        ("group", re.compile(rf"(?:(?![{stop}])[{_HAN}]){{0,4}}?(?:{_NUM})?(?:村民小组|生产队|组|队|屯)")),
        ("estate", re.compile(rf"(?:(?![{stop}])[{_HAN}A-Za-z0-9]){{2,10}}?{estates}(?:旁边?|对面|后面|隔壁)?")),
        ("hyphened", re.compile(r"[0-9]{1,3}-[0-9]{1,4}(?:-[0-9]{1,4})?(?![0-9])")),
    )  # fmt: skip


# Words that end like a road and are none: 不知道, 住这里, 走路.
_NO_ROAD = (
    "知道",
    "街道",
    "这里",
    "那里",
    "哪里",
    "家里",
    "厂里",
    "城里",
    "村里",
    "屋里",
    "店里",
    "里里",
    "走路",
    "迷路",
    "顺路",
    "公里",
    "心里",
    "嗰里",
)


def parts(text: str) -> set[str]:
    """Kinds of address parts in a text: region, road, number, building, unit, floor, room…"""
    found, place = set(), 0
    region = region_pattern().match(text)
    if region and region.end():
        found.add("region")
        place = region.end()
    while place < len(text):
        for name, pattern in _part_patterns():
            if (
                (match := pattern.match(text, place))
                and match.end() > place
                and not match[0].endswith(_NO_ROAD)
            ):
                found.add(name)
                place = match.end()
                break
        else:
            place += 1
    if any_of("address", "no_room").search(text):
        found.add("room")
    if "hyphened" in found:
        found |= {"building", "room"}
    return found


def _address_at(text: str, start: int) -> AddressSpan | None:
    place, strength = start, 0
    if 0 < start < len(text) and text[start].isdigit() and text[start - 1].isdigit():
        return None
    if region := region_pattern().match(text, start):
        place = region.end()
        strength += sum(1 for value in region.groupdict().values() if value)
    region_end = place
    while True:
        gap = re.compile(r"[ ,、]*").match(text, place)
        nearest = gap.end() if gap else place
        matches = [
            m
            for _, p in _part_patterns()
            if (m := p.match(text, nearest)) and m.end() > nearest and not m[0].endswith(_NO_ROAD)
        ]
        if nearest > place and strength:  # behind a pause only what cannot be anything else
            matches = [
                m
                for m in matches
                if re.search(
                    r"[0-9一二三四五六七八九十].*(?:栋|幢|座|楼|单元|梯|室|房|号)|^(?:[0-9]|[零〇一二三四五六七八九]){3,4}$",
                    m[0],
                )
            ]
        if not matches:
            break
        place = min(matches, key=lambda m: (_order(m, text), -m.end())).end()
        strength += 1
    if no_room := re.compile(r"[ ,、]*" + any_of("address", "no_room").pattern).match(text, place):
        place = no_room.end() if strength else place
    return AddressSpan(start, place, region_end, strength) if strength else None


def _order(match: re.Match[str], text: str) -> int:
    """Numbers before words, so that 8号 is not swallowed by a long estate name."""
    return 0 if re.match(r"[0-9]", match[0]) else 1


def address_from(text: str, start: int, *, needed: int = 1) -> AddressSpan | None:
    """The address that begins at `start` (leading words such as 在 skipped)."""
    lead = re.compile(rf"(?:[ ,:]|{any_of('address', 'leading').pattern})*").match(text, start)
    first = lead.end() if lead else start
    best = None
    for place in dict.fromkeys((first, start)):
        span = _address_at(text, place)
        if span and span.strength >= needed and (best is None or span.strength > best.strength):
            best = span
    return best


def find_address(text: str, start: int, end: int) -> AddressSpan | None:
    """The strongest address that begins inside text[start:end]."""
    best: AddressSpan | None = None
    for place in range(start, end):
        if best and place < best.end:
            continue
        if (
            place > start
            and re.match(rf"[{_HAN}]", text[place - 1])
            and not _may_start_inside(text, place)
        ):
            continue
        span = address_from(text, place)
        if span and (best is None or span.strength > best.strength):
            best = span
    return best


def _may_start_inside(text: str, place: int) -> bool:
    """Whether an address may begin amid Chinese characters: a known place, or behind a lead word."""
    before = text[:place]
    return before.endswith(_leading_words()) or bool(_known_start().match(text, place))


@cache
def _leading_words() -> tuple[str, ...]:
    return tuple(words("address", "leading"))


@cache
def _known_start() -> re.Pattern[str]:
    """A town, a village, or a province."""
    provinces = alternation(lexicon("places")["provinces"])
    return re.compile(f"{_town_alternatives()}|{_village_alternatives()}|{provinces}")


@cache
def _village_or_town() -> re.Pattern[str]:
    return re.compile(_village_alternatives() + "|" + _town_alternatives())


@cache
def _villages_by_stem() -> Mapping[str, Place]:
    """澜石 for 澜石社区."""
    return {re.sub("(社区|村)$", "", p.village): p for p in places().values() if p.village}


def resolve_region(text: str) -> Place | None:
    """The town or village that a region text means; None when none of the city's is named."""
    known = places()
    best: Place | None = None
    for match in _village_or_town().finditer(text):
        place = known.get(match[0])
        if place and (best is None or (place.village and not best.village)):
            best = place
    return best or _villages_by_stem().get(text.strip())


def missing_parts(value: str, needs: Any) -> list[str]:
    """Which of the catalogue's needs (路/街/巷, 门牌, 房号) an address lacks, in their order."""
    have = parts(value)
    satisfied = {
        "路/街/巷": have & {"road", "estate", "group"} or re.search("[村社区]", value),
        "门牌": have & {"number", "building", "group", "hyphened"},
        "房号": have & {"room", "hyphened"} or ("floor" in have),
    }
    return [need for need in needs if need in satisfied and not satisfied[need]]
