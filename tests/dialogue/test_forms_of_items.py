"""What a sentence gives to the forms of different items, beside what was asked."""

from datetime import date
from typing import Any

import pytest

from backoffice.dialogue.wanted import wanted_field
from backoffice.understanding import Extraction, extract
from bootstrap.settings import ROOT
from catalogue.loader import load_catalogue

ITEMS = load_catalogue(ROOT / "data" / "items").items


def told(item: str, text: str, awaited: str | None = None, **answers: Any) -> Extraction:
    wanted = [
        wanted_field(
            one,
            awaited=one.slug == awaited,
            filled=one.slug in answers,
            current=answers.get(one.slug),
        )
        for one in ITEMS[item].fields
    ]
    return extract(text, wanted, today=date(2026, 11, 23))


def test_several_options_told_beside_another_answer_are_all_kept() -> None:
    found = told("individual_business_change", "我想换经营者和改名字", "uscc")
    assert found.value("change_items") == ("operator", "name")


def test_one_option_of_a_multiple_choice_is_a_list_too() -> None:
    found = told("individual_business_change", "执照过户给我老婆")
    assert found.value("change_items") == ("operator",)


@pytest.mark.parametrize("words", ["新老板叫黄大强", "转给黄大强", "新经营者是黄大强"])
def test_a_name_told_by_its_role_is_that_fields(words: str) -> None:
    found = told("individual_business_change", words, "tax_clear", name="冼国华")
    assert found.value("new_operator_name") == "黄大强"
    assert found.value("name") is None


def test_ones_own_words_are_not_taken_for_another_choice() -> None:
    found = told("dibao_apply", "小卖部，去年就关门了，没有收入", "business_note")
    assert found.value("business_note") == "小卖部,去年就关门了,没有收入"
    assert found.value("hard_reason") is None


def test_what_is_to_change_told_in_own_words_corrects_nothing() -> None:
    found = told("prepackaged_food_filing", "店名从甲乙改成丙丁", "change_item")
    assert found.value("change_item") is not None


def test_a_permits_number_like_an_identity_number_is_the_permits() -> None:
    found = told(
        "residence_permit_endorse", "440604200001010011", "permit_no", id_no="11010519491231002X"
    )
    assert found.value("permit_no") == "440604200001010011"
    assert found.refused == ()


def test_a_single_character_turns_no_earlier_choice_round() -> None:
    found = told("residence_permit_apply", "没有单位，能不能先填别的", "employer", pickup="mail")
    assert found.value("pickup") is None
