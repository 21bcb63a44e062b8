"""What several requests in one sentence are together."""

from __future__ import annotations

import pytest
from bot_server.also import pieces_of, split, split_unjoined
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


def piece(act, *items, confidence=0.95, item_confidence=0.95):
    return {**said(act, *items, confidence=confidence), "item_confidence": item_confidence}


def test_pieces_are_between_pauses_and_not_of_long_stories():
    assert pieces_of("给娃上居民医保，再看看育儿补贴我们够不够格") == [
        "给娃上居民医保",
        "再看看育儿补贴我们够不够格",
    ]
    assert pieces_of("居住证多少钱") == [] and pieces_of("好的，居住证多少钱") == []
    assert pieces_of("我们一家" * 14 + "，居住证多少钱") == []


def test_two_businesses_need_no_word_between_them():
    own, further = split_unjoined(
        said("ask_conditions", "resident_medical_enroll"),
        [piece("apply_item", "resident_medical_enroll"), piece("ask_conditions", "childcare_subsidy")],
    )
    assert own == ("apply_item", "resident_medical_enroll")
    assert further == [{"act": "ask_conditions", "items": ["childcare_subsidy"]}]


def test_two_questions_about_one_business_need_none_either():
    own, further = split_unjoined(
        said("ask_amount", "startup_subsidy"),
        [piece("ask_amount", "startup_subsidy"), piece("ask_time")],
    )
    assert own == ("ask_amount", "startup_subsidy")
    assert further == [{"act": "ask_time", "items": ["startup_subsidy"]}]


@pytest.mark.parametrize(
    "parts",
    [
        [piece("apply_item", "disability_cert_renew"), piece("ask_materials")],
        [piece("ask_fee", "elder_card"), piece("ask_fee", "elder_allowance", item_confidence=0.5)],
        [piece("ask_fee", "elder_card"), piece("ask_time", confidence=0.6)],
    ],
    ids=["what the question is about", "an item only guessed", "a question only guessed"],
)
def test_what_is_not_sure_of_both_stays_one(parts):
    assert split_unjoined(said("ask_fee", "elder_card"), parts) == (None, [])


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
