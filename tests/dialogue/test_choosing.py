"""Which item is meant, and what is said when it is not clear; facts that are out of date."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest

from backoffice.dialogue import facts
from backoffice.dialogue.also import serve_also
from backoffice.dialogue.choosing import hear_choice, is_asking, item_meant
from backoffice.dialogue.consult import ANSWERED, answer_about
from backoffice.dialogue.situations import find_item
from backoffice.dialogue.talk import Talk
from tests.dialogue.conftest import NOW

NEAR = [("residence_permit_endorse", 0.45), ("residence_permit_replace", 0.4)]


def _say(talk: Talk, text: str, ranking: Sequence[tuple[str, float]] = ()) -> Talk:
    talk.turn.request = {"text": text}
    talk.draft, talk.focus, talk.ranking = None, None, ranking
    talk.conversation.item_code, talk.bubbles = None, []
    return talk


async def test_wavering_asks_for_the_one_detail_and_keeps_the_act(talk: Talk) -> None:
    _say(talk, "居住证那个多少钱", NEAR)
    assert item_meant(talk, "ask_fee", NEAR[0][0]) is None
    assert is_asking(talk)
    talk.turn.request = {"text": "我那张丢了"}
    heard = await hear_choice(talk, talk.focus or {}, None)
    assert heard is not None
    assert (heard.act, heard.item) == ("ask_fee", "residence_permit_replace")
    assert heard.asked == "居住证那个多少钱"


@pytest.mark.parametrize(
    "text, ranking, item",
    [
        ("居住证丢了多少钱", NEAR, "residence_permit_replace"),
        ("居住证那个多少钱", [(NEAR[0][0], 0.9), (NEAR[1][0], 0.05)], NEAR[0][0]),
        ("居住证那个多少钱", [(NEAR[0][0], 0.5), ("elder_card", 0.45)], NEAR[0][0]),
    ],
    ids=["the text decides", "the model is sure", "no near items"],
)
async def test_what_is_clear_is_not_asked(
    talk: Talk, text: str, ranking: list[tuple[str, float]], item: str
) -> None:
    _say(talk, text, ranking)
    meant = item_meant(talk, "ask_fee", NEAR[0][0])
    assert meant is not None and meant.code == item
    assert talk.focus is None


async def test_a_name_in_the_text_is_found_when_the_model_names_none(talk: Talk) -> None:
    _say(talk, "高龄津贴要多久")
    meant = item_meant(talk, "ask_time", None)
    assert meant is not None and meant.code == "elder_allowance"


async def test_another_question_lets_the_choice_lapse(talk: Talk) -> None:
    _say(talk, "居住证那个多少钱", NEAR)
    item_meant(talk, "ask_fee", NEAR[0][0])
    talk.turn.request = {"text": "居住证签注要带什么"}
    assert await hear_choice(talk, talk.focus or {}, None) is None
    assert talk.focus is None


async def test_a_clear_need_says_why_and_offers_to_begin(talk: Talk) -> None:
    _say(talk, "听人说有钱领", [("childcare_subsidy", 0.9)])
    await find_item(talk, "childcare_subsidy")
    titles = [one["title"] for one in talk.bubbles[-1]["buttons"]]
    assert titles == ["马上申请", "要什么条件", "带什么材料"]


async def test_an_unclear_need_offers_a_few(talk: Talk) -> None:
    ranking = [("elder_card", 0.3), ("elder_allowance", 0.28), ("dibao_apply", 0.2)]
    _say(talk, "老人家有什么好处", ranking)
    await find_item(talk, None)
    titles = [one["title"] for one in talk.bubbles[-1]["buttons"]]
    assert titles[:3] == ["老年人优待证", "高龄津贴", "低保"]


async def test_a_further_request_waits_until_the_item_is_known(talk: Talk) -> None:
    _say(talk, "居住证那个多少钱，要多久", NEAR)
    item_meant(talk, "ask_fee", NEAR[0][0])
    await serve_also(talk, "ask_fee", [{"act": "ask_time", "items": []}])
    assert not talk.bubbles
    assert (talk.focus or {})["also"] == [{"act": "ask_time", "items": []}]


async def test_two_answers_end_with_one_row_of_buttons(talk: Talk) -> None:
    _say(talk, "居住证多少钱要多久")
    answer_about(talk, "ask_fee", talk.knowledge.catalogue.items["residence_permit_apply"])
    await serve_also(talk, "ask_fee", [{"act": "ask_time", "items": []}])
    assert ["buttons" in one for one in talk.bubbles] == [False, True]


_SPOKEN = re.compile(r"\d+(?:\.\d+)?")


async def test_an_outdated_figure_is_never_spoken(talk: Talk) -> None:
    """In a year when every yearly figure is out of date, no answer of any item states one."""
    figures = talk.knowledge.catalogue.figures
    past = {name: one for name, one in figures.items() if one.good_until is not None}
    assert past, "there are yearly figures"
    talk.now = NOW + timedelta(days=365 * 30)
    for figure in past.values():
        assert _SPOKEN.search(facts.spoken(figure, talk.today)) is None
    for item in talk.knowledge.catalogue.items.values():
        for act in sorted(ANSWERED):
            _say(talk, "x")
            answer_about(talk, act, item)
            text = "\n".join(one["text"] for one in talk.bubbles)
            assert "{" not in text, (item.code, act)
        for faq in item.faq:
            words = facts.with_figures(faq.a, figures, talk.today)
            named = set(re.findall(r"\{([a-z0-9_]+)\}", faq.a)) & set(past)
            for name in named:
                value = f"{past[name].value:f}" if past[name].value is not None else None
                assert value is None or f"{value}{past[name].unit}" not in words, (item.code, faq.q)
