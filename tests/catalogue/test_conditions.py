"""Conditions decide in three values, and never by guessing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from catalogue.conditions import Condition

RENTED = {"field": "home", "op": "eq", "value": "rented"}


def holds(condition: dict[str, Any], **answers: object) -> bool | None:
    return Condition.parse(condition).holds(answers)


@pytest.mark.parametrize(
    ("op", "value", "answer", "expected"),
    [
        ("eq", "rented", "rented", True),
        ("eq", "rented", "own", False),
        ("eq", "rented", None, False),
        ("ne", "rented", "own", True),
        ("ne", "rented", "rented", False),
        ("ne", "rented", None, True),
        ("in", ["rented", "own"], "own", True),
        ("in", ["rented", "own"], "dorm", False),
        ("in", ["rented", "own"], ["dorm", "own"], True),
        ("in", ["rented", "own"], ("dorm",), False),
        ("in", ["rented"], [], False),
        ("gt", 15, 16, True),
        ("gt", 15, 15, False),
        ("gte", 15, Decimal("15"), True),
        ("lt", 15, "14.5", True),
        ("lte", 15, 16, False),
        ("gt", 15, None, False),
        ("eq", 0, 0, True),
        ("eq", 1, "1", True),
        ("gt", "2026-01-01", date(2026, 3, 1), True),
        ("lt", "2026-01-01", "2026-03-01", False),
        ("eq", True, True, True),
        ("eq", True, False, False),
        ("eq", '引"号\n', '引"号\n', True),
    ],
)
def test_a_leaf_compares(op: str, value: object, answer: object, expected: bool) -> None:
    assert holds({"field": "x", "op": op, "value": value}, x=answer) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("a", True), (0, True), (False, True), (["a"], True), (None, False), ("", False), ([], False)],
)
def test_filled_means_not_left_empty(answer: object, expected: bool) -> None:
    assert holds({"field": "x", "op": "filled"}, x=answer) is expected


def test_a_missing_answer_leaves_every_leaf_undecided() -> None:
    for op, value in [("eq", "a"), ("ne", "a"), ("in", ["a"]), ("gt", 1)]:
        assert holds({"field": "x", "op": op, "value": value}) is None
    assert holds({"field": "x", "op": "filled"}) is None


def test_a_word_where_a_number_belongs_decides_nothing() -> None:
    assert holds({"field": "x", "op": "gt", "value": 15}, x="十六") is None
    assert holds({"field": "x", "op": "gt", "value": "2026-01-01"}, x=20260301) is None


def test_one_field_may_be_compared_as_text_and_as_number() -> None:
    both = {
        "all": [
            {"field": "x", "op": "eq", "value": "16"},
            {"field": "x", "op": "gt", "value": 15},
        ]
    }
    assert holds(both, x="16") is True
    assert holds(both, x="17") is False


def test_what_is_decided_does_not_wait_for_the_rest() -> None:
    other = {"field": "unknown", "op": "filled"}
    assert holds({"any": [other, RENTED]}, home="rented") is True
    assert holds({"all": [other, RENTED]}, home="own") is False
    assert holds({"any": [other, RENTED]}, home="own") is None
    assert holds({"all": [other, RENTED]}, home="rented") is None
    assert holds({"not": {"all": [other, RENTED]}}, home="own") is True


def test_fields_lists_every_field_once() -> None:
    condition = Condition.parse(
        {"all": [RENTED, {"not": {"any": [RENTED, {"field": "b", "op": "filled"}]}}]}
    )
    assert condition.fields() == {"home", "b"}


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"field": "x"},
        {"field": "x", "op": "eq"},
        {"field": "x", "op": "in", "value": "a"},
        {"field": "x", "op": "in", "value": []},
        {"field": "x", "op": "eq", "value": ["a"]},
        {"field": "x", "op": "filled", "value": "a"},
        {"field": "x", "op": "gt", "value": True},
        {"field": "x", "op": "is", "value": "a"},
        {"field": "x) || true || (y", "op": "filled"},
        {"all": []},
        {"all": [RENTED], "any": [RENTED]},
        {"all": [RENTED], "op": "eq"},
        {"field": "x", "op": "eq", "value": "a", "note": "b"},
    ],
)
def test_a_malformed_condition_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition.parse(broken)


NAMES = ("a", "b", "c")
VALUES = ("v", "w")
_leaves = st.builds(
    lambda field, op, value: {"field": field, "op": op, "value": [value] if op == "in" else value},
    st.sampled_from(NAMES),
    st.sampled_from(["eq", "ne", "in"]),
    st.sampled_from(VALUES),
)
_trees = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
_answers = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([*VALUES, None]))


def _kleene(condition: dict[str, Any], answers: dict[str, Any]) -> bool | None:
    """Strong three-valued logic, written independently of the compiler."""
    if "not" in condition:
        inner = _kleene(condition["not"], answers)
        return None if inner is None else not inner
    if "field" in condition:
        if condition["field"] not in answers:
            return None
        wanted = condition["value"]
        equal = answers[condition["field"]] == (wanted[0] if isinstance(wanted, list) else wanted)
        return not equal if condition["op"] == "ne" else equal
    decisive = "any" in condition
    parts = [_kleene(part, answers) for part in condition.get("any", condition.get("all", []))]
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


@given(_trees, _answers)
def test_any_condition_follows_three_valued_logic(
    tree: dict[str, Any], answers: dict[str, Any]
) -> None:
    assert Condition.parse(tree).holds(answers) is _kleene(tree, answers)


@given(_trees, _answers, st.sampled_from(NAMES), st.sampled_from(VALUES))
def test_a_decision_is_never_taken_back_by_a_further_answer(
    tree: dict[str, Any], answers: dict[str, Any], name: str, value: str
) -> None:
    condition = Condition.parse(tree)
    before = condition.holds(answers)
    after = condition.holds({name: value} | answers)
    assert before is None or after is before


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_text_is_compared_literally(wanted: str, answer: str) -> None:
    condition = Condition.parse({"field": "x", "op": "eq", "value": wanted})
    assert condition.holds({"x": wanted}) is True
    assert condition.holds({"x": answer}) is (wanted == answer)
