"""Short words outside a form: they go on with what was just said, and claim nothing."""

from typing import Any

import pytest

from backoffice import messages
from backoffice.conversations.services import add_notice
from backoffice.dialogue import consult
from backoffice.dialogue.applying import ask_cancel, start_application
from backoffice.dialogue.asking import ask_next
from backoffice.dialogue.choosing import ask_topic, item_meant
from backoffice.dialogue.consult import answer
from backoffice.dialogue.form import (
    continue_turn,
    take_as_named_again,
    take_as_no_queueing,
    take_as_not_asked,
)
from backoffice.dialogue.outside import out_of_scope
from backoffice.dialogue.prepare import prepare
from backoffice.dialogue.situations import find_item
from backoffice.dialogue.talk import Talk
from tests.dialogue.conftest import NOW


@pytest.fixture
def free(talk: Talk) -> Talk:
    """Nothing is being filled in."""
    talk.draft = None
    talk.conversation.item_code = None
    return talk


async def _say(talk: Talk, text: str) -> dict[str, Any]:
    talk.turn.request, talk.turn.prepared = {"text": text}, None
    await prepare(talk)
    return talk.prepared


async def _show(talk: Talk, *titles: str) -> None:
    for place, title in enumerate(titles):
        await add_notice(
            talk.session,
            conversation_id=talk.conversation.id,
            key=f"{place}",
            bubble={"text": "…", "buttons": [{"title": title, "value": f"我要办{title}"}]},
            now=NOW,
        )
    await talk.session.flush()


@pytest.mark.parametrize(("words", "item"), [("第一个", "temp_relief"), ("2", "dibao_apply")])
async def test_a_button_may_be_named_by_its_place(words: str, item: str, free: Talk) -> None:
    titles = [free.knowledge.catalogue.items[one].title for one in ("temp_relief", "dibao_apply")]
    await _show(free, *titles)
    heard = await _say(free, words)
    assert (heard["act"], heard["item"]) == ("apply_item", item)


async def test_a_place_beyond_the_buttons_presses_none(free: Talk) -> None:
    await _show(free, "临时救助")
    assert (await _say(free, "第三个"))["item"] is None


@pytest.mark.parametrize("words", ["办", "那我申请", "申请吧"])
async def test_begin_means_what_was_spoken_of(words: str, free: Talk) -> None:
    free.conversation.item_code = "startup_subsidy"
    heard = await _say(free, words)
    assert (heard["act"], heard["item"]) == ("apply_item", "startup_subsidy")


async def test_a_paper_asked_about_is_no_other_offices_business(free: Talk) -> None:
    assert (await _say(free, "要房产证吗"))["act"] == "ask_materials"
    assert (await _say(free, "想办房产证"))["act"] == "out_of_scope"
    assert (await _say(free, "要办护照吗"))["act"] != "ask_materials"


@pytest.mark.parametrize("words", ["办4050", "我要办4050"])
async def test_a_wish_and_a_name_need_no_model(words: str, free: Talk) -> None:
    assert (await _say(free, words))["act"] == "apply_item"
    meant = item_meant(free, "apply_item", None)
    assert meant is not None and meant.code == "employment_hardship_identify"


async def test_who_has_begun_nothing_is_not_asked_to_sign_in_to_give_up(free: Talk) -> None:
    await ask_cancel(free)
    assert free.focus is None
    assert free.bubbles[-1]["text"] == messages.text("cancel.nothing")


async def test_never_mind_drops_the_call_back(free: Talk) -> None:
    free.focus = {"kind": "callback_phone"}
    heard = await _say(free, "算了")
    assert [one["code"] for one in heard["results"]] == ["callback_dropped"]


async def test_what_is_not_understood_comes_back_to_what_was_spoken_of(free: Talk) -> None:
    free.conversation.item_code = "startup_subsidy"
    await _say(free, "嗯那个")
    await continue_turn(free, "inform")
    (said,) = free.bubbles
    assert "创业资助" in said["text"] and "居住证" not in said["text"]
    assert said["buttons"][0]["title"] == "现在就办"


async def test_nobody_who_says_goodbye_is_asked_the_next_question(talk: Talk) -> None:
    assert (await _say(talk, "再见"))["act"] == "goodbye"
    await ask_next(talk)
    assert talk.bubbles == []


@pytest.mark.parametrize(
    ("words", "confidence", "item"),
    [
        ("要带什么", 0.9, "rental_house_register"),
        ("备案要带什么", 0.99, "rental_house_register"),
        ("八十岁有钱领吗", 0.99, "elder_allowance"),
    ],
)
async def test_a_question_that_names_nothing_goes_on_about_the_same_item(
    words: str, confidence: float, item: str, free: Talk
) -> None:
    """The model does not know what was spoken of: only a sure guess moves to another item."""
    free.conversation.item_code = "rental_house_register"
    guessed = "elder_allowance" if item == "elder_allowance" else "prepackaged_food_filing"
    free.ranking = [(guessed, confidence)]
    free.turn.request, free.turn.prepared = {"text": words}, {}
    meant = item_meant(free, "ask_materials", guessed)
    assert meant is not None and meant.code == item


async def test_a_short_question_is_never_answered_with_another_items_answer(free: Talk) -> None:
    """ "补卡要多少钱" about the social card is not the disability certificate's fee."""
    free.conversation.item_code = "social_card_apply"
    free.turn.request, free.turn.prepared = {"text": "补卡要多少钱"}, {}
    await out_of_scope(free)
    (said,) = free.bubbles
    assert "评定" not in said["text"]
    assert "第一次办不收钱" in said["text"]
    assert said["buttons"][0]["value"] == "我要办社保卡"


async def test_a_word_shared_with_both_items_does_not_outweigh_more_of_them(free: Talk) -> None:
    free.conversation.item_code = "unemployment_register"
    free.ranking = [("unemployment_benefit", 0.99)]
    free.turn.request, free.turn.prepared = {"text": "失业了那个保险金每个月能领到多少"}, {}
    meant = item_meant(free, "ask_amount", "unemployment_benefit")
    assert meant is not None and meant.code == "unemployment_benefit"


async def test_of_two_near_items_the_one_that_knows_the_question_is_meant(free: Talk) -> None:
    free.turn.request, free.turn.prepared = {"text": "转铺畀人使唔使注销先"}, {}
    free.ranking = [("individual_business_cancel", 0.95)]
    meant = item_meant(free, "ask_conditions", "individual_business_cancel")
    assert meant is not None and meant.code == "individual_business_change"


async def test_what_is_asked_after_several_were_shown_is_about_one_of_them(free: Talk) -> None:
    free.conversation.item_code = "elder_card"
    free.ranking = [("temp_relief", 0.3), ("dibao_apply", 0.25)]
    free.turn.request, free.turn.prepared = {"text": "我这种情形找谁帮"}, {}
    await find_item(free, None)
    ask_topic(free, "ask_time")
    assert free.focus == {
        "kind": "which_item",
        "items": ["temp_relief", "dibao_apply"],
        "act": "ask_time",
    }


async def test_a_single_guess_is_said_as_one_and_gone_on_with(free: Talk) -> None:
    free.ranking = [("temp_relief", 0.3)]
    free.turn.request, free.turn.prepared = {"text": "押金都是借的"}, {}
    await find_item(free, None)
    assert free.conversation.item_code == "temp_relief"
    assert "可能可以办“临时救助”" in free.bubbles[-1]["text"]


@pytest.mark.parametrize(
    ("words", "item"),
    [
        ("没有居住证可以吗", "points_school_apply"),
        ("居住证怎么办理", "residence_permit_apply"),
    ],
)
def test_a_paper_that_is_lacking_is_not_what_is_asked_about(
    words: str, item: str, free: Talk
) -> None:
    free.conversation.item_code = "points_school_apply"
    free.turn.request, free.turn.prepared = {"text": words}, {}
    meant = item_meant(free, "ask_conditions", "residence_permit_apply")
    assert meant is not None and meant.code == item


async def test_no_problem_does_not_throw_a_form_away(talk: Talk) -> None:
    """Said for "ready to submit", when a withdrawal was misheard a moment before."""
    talk.focus = {"kind": "confirm_cancel"}
    assert talk.draft is not None
    await _say(talk, "冇问题喇")
    assert talk.draft is not None and talk.focus is None


async def test_who_names_the_item_to_give_it_up_is_asked_that(talk: Talk) -> None:
    assert talk.draft is not None
    code = talk.draft.item.code
    talk.turn.request = {"text": f"我要办{talk.draft.item.title}，算了，不办了"}
    await start_application(talk, code)
    assert talk.focus == {"kind": "confirm_cancel"}


async def test_the_same_conditions_are_not_read_out_twice(
    free: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    free.conversation.item_code = "resident_pension_claim"
    free.turn.request, free.turn.prepared = {"text": "那我可以办吗"}, {}
    await answer(free, "ask_conditions", None)
    said = list(free.bubbles)

    async def before(*_: object) -> list[dict[str, Any]]:
        return said

    monkeypatch.setattr(consult, "previous_bubbles", before)
    await answer(free, "ask_conditions", None)
    assert free.bubbles[-1]["text"] == messages.text("consult.as_before")


async def test_the_answer_in_ones_own_words_may_name_the_item_again(talk: Talk) -> None:
    """Asked what shall be rebuilt, "厕所装扶手" is the answer, not the wish once more."""
    assert talk.draft is not None
    code = talk.draft.item.code
    talk.turn.request = {"text": "就是这个地方"}
    talk.turn.prepared = {"tentative": {"field": "landlord_name", "value": "就是这个地方"}}
    assert await take_as_named_again(talk, code)
    assert talk.draft.answers["landlord_name"] == "就是这个地方"
    talk.turn.prepared = {"tentative": {"field": "lease_no", "value": "算了，不办了"}}
    talk.turn.request = {"text": "算了，不办了"}
    assert not await take_as_named_again(talk, code)
    assert not await take_as_named_again(talk, "elder_card")


@pytest.mark.parametrize(("text", "taken"), [("门口三级台阶", True), ("想了解一下收费", False)])
async def test_what_asks_nothing_is_the_answer_in_ones_own_words(
    text: str, taken: bool, talk: Talk
) -> None:
    talk.turn.request = {"text": text}
    talk.turn.prepared = {"tentative": {"field": "landlord_name", "value": text}}
    assert await take_as_not_asked(talk) is taken


@pytest.mark.parametrize(("text", "taken"), [("一个人过，腿脚不好", True), ("我先取个号", False)])
async def test_what_names_no_queue_is_the_answer_in_ones_own_words(
    text: str, taken: bool, talk: Talk
) -> None:
    talk.turn.request = {"text": text}
    talk.turn.prepared = {"tentative": {"field": "landlord_name", "value": text}}
    assert await take_as_no_queueing(talk) is taken


@pytest.mark.parametrize(
    ("spoken_of", "begun"), [("birth_register", "newborn_onething"), ("temp_relief", "temp_relief")]
)
async def test_begin_after_handing_in_means_what_was_said_to_follow(
    spoken_of: str, begun: str, free: Talk
) -> None:
    free.remember(follows={"after": "birth_register", "item": "newborn_onething"})
    free.conversation.item_code = spoken_of
    heard = await _say(free, "现在就办")
    assert (heard["act"], heard["item"]) == ("apply_item", begun)


async def test_what_may_be_a_cry_is_never_called_none_of_our_business(free: Talk) -> None:
    free.turn.prepared = {"worry": "suicide"}
    free.turn.request = {"text": "衣服都叠好放在岸上了"}
    await out_of_scope(free)
    assert [one["text"] for one in free.bubbles] == [messages.text("worry.listening")]


async def test_an_answer_names_the_item_that_nobody_has_named(free: Talk) -> None:
    """ "刚生完宝宝，什么人能领" names none, and conditions of something unnamed tell nothing."""
    title = free.knowledge.catalogue.items["childcare_subsidy"].title
    await _say(free, "我刚生完宝宝，什么人能领钱")
    await answer(free, "ask_conditions", "childcare_subsidy")
    assert free.bubbles[-1]["text"].startswith(f"说的是“{title}”")
    await _say(free, "什么人能领")
    await answer(free, "ask_conditions", "childcare_subsidy")
    assert "说的是" not in free.bubbles[-1]["text"]


async def test_after_several_were_shown_what_is_not_understood_shows_them_again(free: Talk) -> None:
    shown = ["individual_business_setup", "food_business_license"]
    free.remember(offered=shown)
    await _say(free, "我是一个人开，不是公司")
    await continue_turn(free, "inform")
    titles = [free.knowledge.catalogue.items[code].title for code in shown]
    assert [one["title"] for one in free.bubbles[-1]["buttons"]] == titles


async def test_a_question_that_the_item_spoken_of_knows_is_about_it(free: Talk) -> None:
    """Though it names only what it depends on."""
    free.conversation.item_code = "points_school_apply"
    await _say(free, "居住证断签影响积分吗")
    meant = item_meant(free, "ask_validity", "residence_permit_apply")
    assert meant is not None and meant.code == "points_school_apply"
