"""What several requests in one sentence are together."""

from __future__ import annotations

import pytest
from bot_server.also import split
from bot_server.channel import MAX_CLAUSES, BadBody, turn_of


def said(act, *items, confidence=0.9):
    return {"act": act, "items": list(items), "confidence": confidence}


def test_the_second_request_is_about_the_item_of_the_first():
    own, further = split(
        said("ask_fee", "residence_permit_apply"),
        [said("ask_fee", "residence_permit_apply"), said("ask_time")],
    )
    assert own == ("ask_fee", "residence_permit_apply")
    assert further == [{"act": "ask_time", "items": ["residence_permit_apply"]}]


@pytest.mark.parametrize("act", ["apply_item", "ask_place"])
def test_of_two_businesses_the_first_is_the_turns_own(act):
    own, further = split(
        said(act, "social_card_apply"),
        [said("apply_item", "residence_permit_apply"), said("ask_place", "social_card_apply")],
    )
    assert own == ("apply_item", "residence_permit_apply")
    assert further == [{"act": "ask_place", "items": ["social_card_apply"]}]


def test_about_one_business_the_turn_keeps_its_act():
    own, further = split(
        said("ask_materials", "elder_card"),
        [said("apply_item", "elder_card"), said("ask_materials")],
    )
    assert own == ("ask_materials", "elder_card")
    assert further == [{"act": "apply_item", "items": ["elder_card"]}]


def test_of_several_questions_the_first_comes_first():
    own, further = split(
        said("ask_fee", "social_card_apply", confidence=0.7),
        [said("ask_process", "social_card_apply"), said("ask_fee")],
    )
    assert own == ("ask_process", "social_card_apply")
    assert further == [{"act": "ask_fee", "items": ["social_card_apply"]}]


def test_the_same_request_twice_is_one():
    whole = said("ask_fee", "elder_card")
    assert split(whole, [said("ask_fee", "elder_card"), said("ask_fee")]) == (None, [])


@pytest.mark.parametrize(
    "whole, parts",
    [
        (said("out_of_scope"), [said("out_of_scope"), said("ask_fee", "elder_card")]),
        (said("ask_process", "elder_card"), [said("apply_item"), said("ask_fee")]),
        (said("ask_fee", "elder_card"), [said("ask_fee"), said("ask_time", confidence=0.3)]),
        (said("ask_fee", "elder_card"), [said("ask_fee"), said("describe_need")]),
    ],
    ids=["not our business", "no part agrees", "half understood", "a story"],
)
def test_nothing_is_added_by_a_misreading(whole, parts):
    assert split(whole, parts) == (None, [])


def body(clauses):
    metadata = {
        "turn_id": "t",
        "conversation_id": "c",
        "hint": {"act": None, "item": None},
        "clauses": clauses,
    }
    return {"sender": "c", "message": "你好", "metadata": metadata}


def test_clauses_reach_the_turn():
    assert turn_of(body(["办证多少钱", "要多久"]))[2]["clauses"] == ["办证多少钱", "要多久"]


@pytest.mark.parametrize("clauses", ["办证", [1], [" "], ["x" * 4001], ["好"] * (MAX_CLAUSES + 1)])
def test_strict_clauses(clauses):
    with pytest.raises(BadBody):
        turn_of(body(clauses))
