"""What citizens say and what is understood: the tables in cases/, one row a sentence."""

import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.understanding import extract, mask, normalise

from .conftest import TODAY, fields

CASES = [
    case
    for path in sorted((Path(__file__).parent / "cases").glob("*.yml"))
    if path.name != "acts.yml"
    for case in yaml.safe_load(path.read_text("utf-8"))
]


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{c.get('asked', '-')}: {c['say'][:24]}" for c in CASES]
)
def test_sentence_gives_exactly_these_answers(case: dict[str, Any]) -> None:
    wanted = fields(case.get("asked"), case.get("filled", ()), case.get("current"))
    result = extract(case["say"], wanted, today=TODAY)
    assert {one.key: one.value for one in result.found} == case["found"]
    assert {one.key: one.fault.code for one in result.found if one.fault} == case.get("faults", {})
    assert {key: fault.code for key, fault in result.refused} == case.get("refused", {})
    for secret in case.get("hidden", ()):
        assert normalise(secret) not in result.safe_text
        assert normalise(secret) not in result.rest
    if "rest" in case:
        assert result.rest == case["rest"]


WORDS = st.sampled_from(
    "我叫 李梅 房东 电话 13800138000 11010519491231002X , 。 住 澜石二路8号 3栋502 租的 去年三月 搬来 错了 改成 不是 是 吗 ? 汉族 在美的 上班 "
    "石湾镇街道 妈妈 帮 他 陈先生 合同到 明年六月底 没有 不知道 502 三 个 零 [姓名] · x @ 0757-82345678 宿舍 代办 户籍".split()
)
TEXT_KEYS = {one.key for one in fields() if one.kind == "text"}
SLUGS = [None, *(one.key for one in fields())]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(WORDS, max_size=14).map("".join),
    st.sampled_from(SLUGS),
    st.sets(st.sampled_from(SLUGS[1:])),
)
def test_spans_never_overlap_and_nothing_personal_is_left(
    text: str, asked: str | None, filled: set[str]
) -> None:
    result = extract(text, fields(asked, filled), today=TODAY)
    spans = [(one.start, one.end) for one in result.found]
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert len({one.key for one in result.found}) == len(result.found)
    assert mask(result.safe_text) == result.safe_text
    assert mask(result.rest) == result.rest
    assert not {key for key, _ in result.refused} & {one.key for one in result.found}
    clean = normalise(text)
    for one in result.found:
        assert clean[one.start : one.end]
        if one.key in filled and one.key != asked:
            assert one.corrected
        if one.key not in ("lease_no", "photo_receipt_no") and one.key in TEXT_KEYS:
            assert mask(one.value) == one.value


DIGIT_FORMS = [
    "0零〇○０0",
    "1一幺壹１①",
    "2二两贰２",
    "3三叁３",
    "4四肆４",
    "5五伍５",
    "6六陆陸６",
    "7七柒７",
    "8八捌８",
    "9九玖９",
]
PAUSES = ["", "", "", " ", "-", ".", "·", "，", "、", "\u200b", "　", "/", "—", "_", "*", "~"]


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789", min_size=7, max_size=24), st.randoms(), st.booleans())
def test_no_disguise_saves_a_number_from_the_mask(number: str, random: Any, raw: bool) -> None:
    disguised = "".join(random.choice(DIGIT_FORMS[int(d)]) + random.choice(PAUSES) for d in number)
    masked = mask("号" + disguised + "啦") if raw else mask(normalise("号" + disguised + "啦"))
    for piece in re.split(r"\[[一-鿿]+\]", masked):
        assert sum(unicodedata.numeric(c, None) is not None for c in piece) < 7
    assert mask(masked) == masked


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert not once.startswith("/")
