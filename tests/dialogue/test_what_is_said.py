"""What is said promises no more than is known, and says it once."""

import pytest

from backoffice import messages
from backoffice.dialogue.agenda import Kind, Next
from backoffice.dialogue.asking import ask_next
from backoffice.dialogue.consult import answer_about
from backoffice.dialogue.facts import hedged, hedged_once, with_figures
from backoffice.dialogue.outward import RegisterQuestions, keep_outward
from backoffice.dialogue.prepare import prepare
from backoffice.dialogue.small import silence, small_talk
from backoffice.dialogue.talk import Talk
from integrations.ports import Answer, RegisterAnswer
from tests.dialogue.conftest import COMPLETE

MARK = "（以公告为准）"


def test_a_dated_figure_in_a_hedged_sentence_is_hedged_once(talk: Talk) -> None:
    figures = talk.knowledge.catalogue.figures
    name, doubtful = next(
        (name, one)
        for name, one in figures.items()
        if one.status != "verified" and one.value is not None and one.in_force(talk.today)
    )
    said = with_figures(hedged(f"每月发{{{name}}}。", "assumed"), figures, talk.today)
    assert f"{doubtful.value:f}" in said
    assert said.count("公告为准") == 1


def test_a_list_hedged_as_a_whole_hedges_none_of_its_lines() -> None:
    words = f"一：3元{MARK}\n二：4元{MARK}\n以上是目前查到的，具体以公告为准。"
    assert MARK not in hedged_once(words)


@pytest.fixture
def shown(talk: Talk) -> Talk:
    """Signed in, card and face compared: registers may be spoken of."""
    assert talk.draft is not None
    talk.draft.answers.update(COMPLETE)
    talk.conversation.citizen_id = "c" * 32
    talk.draft.remember(card="done", face="alike")
    talk.draft.proven = True
    talk.turn.prepared = {}
    return talk


async def _kept(talk: Talk, **said: Answer) -> str:
    question = RegisterQuestions(tuple(said), COMPLETE)
    found = {k: RegisterAnswer(v, "库", None) for k, v in said.items()}
    await keep_outward(talk, question, found)
    (told,) = talk.prepared["results"]
    return messages.text(f"heard.{told['code']}", **told["params"])


async def test_only_what_a_register_confirmed_is_said_to_be_so(shown: Talk) -> None:
    names = {one.check.name for one in shown.knowledge.catalogue.items["residence_permit_apply"]
             .applicants.conditions if one.check.name}  # fmt: skip
    said = dict.fromkeys(sorted(names), Answer.UNKNOWN)
    said |= {"hukou_outside_foshan": Answer.YES, "residence_registered_half_year": Answer.YES}
    words = await _kept(shown, **said)
    assert "户口不在佛山" in words and "居住登记满半年" in words
    assert "社保" not in words


async def test_nothing_confirmed_is_left_to_the_clerk(shown: Talk) -> None:
    names = {one.check.name for one in shown.knowledge.catalogue.items["residence_permit_apply"]
             .applicants.conditions if one.check.name}  # fmt: skip
    words = await _kept(shown, **dict.fromkeys(sorted(names), Answer.UNKNOWN))
    assert words == messages.text("heard.checks_to_clerk")


async def test_the_card_is_asked_for_only_what_this_form_takes_from_it(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert talk.draft is not None
    monkeypatch.setattr(Talk, "step", lambda _: Next(Kind.CARD_OR_FIELD, "name"))
    talk.draft.answers.update(filed_by="self")
    await ask_next(talk)
    own = talk.bubbles[-1]["text"]
    assert "您的身份证" in own and "申请人" not in own
    assert all(one in own for one in ("姓名", "身份证号", "民族", "户籍地址"))
    talk.draft.answers.update(filed_by="proxy", ethnicity="汉")
    await ask_next(talk)
    others = talk.bubbles[-1]["text"]
    assert "申请人的身份证" in others and "民族" not in others


def test_how_much_of_what_is_paid_out_means_what_one_receives(talk: Talk) -> None:
    item = talk.knowledge.catalogue.items["dibao_apply"]
    talk.draft = None
    for words, received in (("多少钱", True), ("要收钱吗", False)):
        talk.turn.request = {"text": words}
        answer_about(talk, "ask_fee", item)
        said = talk.bubbles[-1]["text"]
        assert ("标准" in said) is received
        assert "不收钱" in said


@pytest.mark.parametrize("channel", ["phone", "kiosk"])
async def test_nobody_is_told_that_all_is_kept_who_has_not_proven_a_phone(
    channel: str, talk: Talk
) -> None:
    talk.conversation.channel = channel
    await small_talk(talk, "goodbye")
    await silence(talk)
    await silence(talk)
    assert all("都保存" not in one["text"] for one in talk.bubbles)
    assert talk.bubbles[-1]["buttons"][0]["value"] == "暂停"
    talk.conversation.citizen_id = "c" * 32
    await small_talk(talk, "goodbye")
    assert "都保存着" in talk.bubbles[-1]["text"]


@pytest.mark.parametrize(
    ("awaited", "heard_as"),
    [("proxy_note", "goodbye"), ("current_address", "deny"), ("housing_type", "deny")],
)
async def test_no_more_is_no_goodbye_while_something_is_asked(
    awaited: str, heard_as: str, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = None if heard_as == "goodbye" else Next(Kind.FIELD, awaited)
    if step is None:
        talk.draft = None
    monkeypatch.setattr(Talk, "step", lambda _: step)
    talk.turn.request = {"text": "没有了，谢谢"}
    await prepare(talk)
    assert talk.prepared["act"] == heard_as
