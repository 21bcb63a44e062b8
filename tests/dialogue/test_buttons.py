"""Every button is understood where it is shown, without a model: pressed, or its title said."""

from typing import Any

import pytest

from backoffice import messages
from backoffice.applications.states import State
from backoffice.conversations.services import add_notice, begin_turn, finish_turn
from backoffice.dialogue.agenda import Kind, Next
from backoffice.dialogue.prepare import prepare
from backoffice.dialogue.talk import Knowledge, Talk
from backoffice.understanding import closed_act
from bootstrap.settings import ROOT
from catalogue.loader import load_catalogue
from tests.dialogue.conftest import COMPLETE, KIOSK, NOW

ITEMS = load_catalogue(ROOT / "data" / "items").items
ITEM = ITEMS["residence_permit_apply"]
PHOTO = Next(Kind.FIELD, "face_photo")
FIELD = Next(Kind.FIELD, "housing_type")
PAPER = Next(Kind.MATERIAL, next(one.slug for one in ITEM.materials if one.later_allowed))
CODE = {"kind": "sms_code", "phone": "13800138000"}
PHONE = {"kind": "sign_in_phone", "then": "draft"}
CONFIRM_PERSON = {"kind": "confirm_person"}
CALL_BACK = {"kind": "callback_phone"}
PLAN = Next(Kind.NOT_ELIGIBLE, "register_done")

SHOWN_AT: dict[str, Next | dict[str, Any]] = {
    "ask.optional": Next(Kind.FIELD, next(one.slug for one in ITEM.fields if not one.required)),
    "ask.person": FIELD,
    "ask.unusual_number": FIELD,
    "ask.leave_to_clerk": FIELD,
    "ask.bring_later": PAPER,
    "ask.card_or_type": Next(Kind.CARD_OR_FIELD, "name"),
    "ask.card": Next(Kind.CARD),
    "ask.card_back": Next(Kind.CARD_BACK),
    "ask.card_or_type_on_reader": Next(Kind.CARD_OR_FIELD, "name"),
    "ask.card_on_reader": Next(Kind.CARD),
    "ask.card_of_proxy": Next(Kind.CARD),
    "ask.confirm_card": {"kind": "confirm_card", "fields": ["name"]},
    "ask.correct_field": {"kind": "correct_which"},
    "which.unsure": {"kind": "which_item", "group": "residence_permit", "act": "ask_fee"},
    "ask.sign_in_phone": PHONE,
    "ask.code_sent": CODE,
    "ask.code": CODE,
    "ask.code_closed": CODE,
    "ask.not_eligible": PLAN,
    "ask.not_eligible_again": PLAN,
    "ask.face_consent": Next(Kind.FACE_CONSENT),
    "ask.selfie": Next(Kind.SELFIE),
    "ask.by_video": Next(Kind.FACE_CONSENT),
    "ask.video_call": {"kind": "video_call"},
    "ask.checks": Next(Kind.CHECKS),
    "ask.card_of_person": Next(Kind.CARD),
    "ask.not_allowed_relation": Next(Kind.NOT_ALLOWED, "proxy_relation"),
    "ask.not_allowed_child": Next(Kind.NOT_ALLOWED, "proxy_relation"),
    "ask.child_consent": Next(Kind.CHILD_CONSENT),
    "ask.child_consent_refused": Next(Kind.CHILD_CONSENT),
    "ask.relation_paper": Next(Kind.RELATION_PAPER, "relation_paper"),
    "ask.confirm_other": {"kind": "confirm_other", "kin": "爸爸"},
    "ask.whose_answers": {"kind": "whose_answers", "whom": "您妈妈"},
    "ask.review_for_other": Next(Kind.REVIEW),
    "ask.signature_for_other": Next(Kind.SIGNATURE, "signature"),
    "ask.review": Next(Kind.REVIEW),
    "ask.review_again": Next(Kind.REVIEW),
    "ask.signature": Next(Kind.SIGNATURE, "signature"),
    "ask.confirm_cancel": {"kind": "confirm_cancel"},
    "ask.confirm_withdraw": {"kind": "confirm_withdraw"},
    "withdraw.confirm": {"kind": "confirm_withdraw"},
    "ask.confirm_switch": {"kind": "confirm_switch", "item": ITEM.code},
    "ask.choose_draft": {"kind": "choose_draft"},
    "person.ask_phone": CALL_BACK,
    "person.ask_phone_again": CALL_BACK,
    "consent.recognise": {"kind": "recognise_consent"},
    "ask.recognise_look": {"kind": "recognise_look"},
    "ask.confirm_person": CONFIRM_PERSON,
    "ask.means_face": PHONE,
    "ask.means_finger": CONFIRM_PERSON,
    "ask.means_card": CONFIRM_PERSON,
    "ask.confirm_finger": {"kind": "person_by_finger"},
    "ask.confirm_card_on_reader": {"kind": "person_by_card"},
    "ask.code_sent_proposed": {**CODE, "proposed": True},
    "consent.remember": {"kind": "remember_offer"},
    "ask.remember_face": {"kind": "remember_face"},
    "ask.remember_finger": {"kind": "remember_finger", "number": 1},
    "ask.remember_finger_again": {"kind": "remember_finger", "number": 1},
    "ask.forget_me": {"kind": "forget_me"},
    "ask.queue_priority_none": {"kind": "queue_priority", "business": "residence", "item": None},
    "ask.confirm_leave_queue": {"kind": "confirm_leave_queue", "ticket": 0, "number": "A001"},
    "heard.photo_needed": PHOTO,
    "heard.photo_or_another_way": PHOTO,
    "heard.paper_needed": PAPER,
}
"""Text with buttons → the step or the interrupting question at which it is shown."""
ANYWHERE = frozenset(
    {
        "remember.offer",
        "queue.hall",
        "heard.queue_too_many_waiting",
        "heard.queue_too_many_booked",
    }
)
"""Texts with buttons that are understood at any time."""
SAMPLES = {
    "title": ITEM.title, "other": ITEM.title, "label": "相片方式", "whom": "您妈妈", "before": "您爸爸",
}  # fmt: skip


def _buttons() -> list[tuple[str, dict[str, str]]]:
    keys = [key for key, entry in messages._texts().items() if isinstance(entry, dict)]
    return [(key, one) for key in keys for one in messages.buttons(key, **SAMPLES)]


BUTTONS = _buttons()


def _closed_anywhere(value: str) -> bool:
    acts = ("ask_human", "pause", "cancel", "resume")
    return closed_act(value) in acts


def test_every_text_with_buttons_is_known_to_this_test() -> None:
    """A button that is no act in itself is tried where it is shown."""
    with_act = {one["value"] for one in messages.all_buttons() if "act" in one}
    lost = [
        key
        for key, entry in messages._texts().items()
        if isinstance(entry, dict) and key not in {*SHOWN_AT, *ANYWHERE}
        for one in entry.get("buttons", [])
        if one["value"] not in with_act and not _closed_anywhere(one["value"])
    ]
    assert not lost, lost


async def _say(talk: Talk, text: str, shown: list[dict[str, str]] | None = None) -> dict[str, Any]:
    if shown:
        await add_notice(
            talk.session,
            conversation_id=talk.conversation.id,
            key=f"shown:{talk.conversation.id}",
            bubble={"text": "…", "buttons": shown},
            now=NOW,
        )
        await talk.session.flush()
    talk.turn.request = {"text": text}
    await prepare(talk)
    return talk.prepared


def _stand_at(talk: Talk, where: Next | dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert talk.draft is not None
    talk.draft.answers.update({k: v for k, v in COMPLETE.items() if k != "housing_type"})
    talk.draft.remember(attempts={"housing_type": 2}, doubted={"housing_type": 1})
    if isinstance(where, Next):
        monkeypatch.setattr(Talk, "step", lambda self: where if self.filling else None)
        return
    talk.focus = dict(where)
    talk.conversation.device_id, talk.card_reader = KIOSK, True
    application = talk.draft.application
    if where["kind"] == "confirm_withdraw":
        application.state, talk.draft = State.SUBMITTED, None
        application.citizen_id = talk.conversation.citizen_id = "c" * 32
    if where["kind"] in ("confirm_withdraw", "choose_draft"):
        application.citizen_id = talk.conversation.citizen_id = "c" * 32
        talk.focus = {**where, "application": application.id}


@pytest.mark.one_database
@pytest.mark.parametrize("part", ["value", "title"])
@pytest.mark.parametrize(("key", "button"), BUTTONS, ids=[f"{k}:{b['title']}" for k, b in BUTTONS])
async def test_a_button_is_understood_where_it_is_shown(
    key: str,
    button: dict[str, str],
    part: str,
    talk: Talk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if key in SHOWN_AT:
        _stand_at(talk, SHOWN_AT[key], monkeypatch)
    else:
        talk.draft = None
    heard = await _say(talk, button[part], messages.buttons(key, **SAMPLES))
    assert heard["act"] is not None
    assert "button_closed" not in [one["code"] for one in heard["results"]]


@pytest.mark.parametrize("words", ["到窗口出示", "不方便拍，到窗口出示。"])
async def test_the_card_is_shown_at_the_window(
    words: str, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stand_at(talk, Next(Kind.CARD), monkeypatch)
    heard = await _say(talk, words.split("，")[-1])
    assert [one["code"] for one in heard["results"]] == ["card_at_window"]


async def test_the_title_of_an_earlier_replys_button_is_not_pressed(talk: Talk) -> None:
    talk.draft = None
    withdraw = {"text": "…", "buttons": [{"title": "撤回", "value": "是的"}]}
    for number, bubble in enumerate([withdraw, {"text": "好的，不撤回。"}]):
        earlier = await begin_turn(
            talk.session, talk.conversation, turn_id=f"e{number}", request={"text": "x"}, now=NOW
        )
        await finish_turn(talk.session, earlier, bubbles=[bubble], state={}, now=NOW)
    heard = await _say(talk, "撤回")
    assert heard["act"] is None


async def test_a_button_of_an_earlier_step_is_no_answer_to_this_one(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stand_at(talk, Next(Kind.FIELD, "hukou_address"), monkeypatch)
    heard = await _say(talk, "重发")
    assert heard["act"] == "inform"
    assert heard["tentative"] is None
    assert [one["code"] for one in heard["results"]] == ["button_closed"]


@pytest.mark.parametrize("act", ["apply_item", "ask_materials", "ask_fee", "ask_validity"])
async def test_the_items_as_buttons_carry_act_and_item(
    act: str, talk: Talk, knowledge: Knowledge
) -> None:
    talk.draft = None
    (button,) = messages.buttons(f"which.{act}", title=ITEM.title)
    heard = await _say(talk, button["value"])
    assert (heard["act"], heard["item"]) == (act, ITEM.code)


OPTIONS = [
    (field.slug, option.label, option.value)
    for field in ITEM.fields
    if field.type == "choice" and not field.multiple
    for option in field.options
]


@pytest.mark.one_database
@pytest.mark.parametrize(("field", "label", "value"), OPTIONS)
async def test_the_label_of_an_option_is_that_option(
    field: str, label: str, value: str, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stand_at(talk, Next(Kind.FIELD, field), monkeypatch)
    assert talk.draft is not None
    talk.draft.answers.pop(field, None)
    heard = await _say(talk, label)
    assert heard["act"] == "inform"
    assert talk.draft.answers[field] == value
