"""The rules, with the real model, the real processor and scripted actions."""

from __future__ import annotations

import asyncio
import uuid

import pytest
import yaml
from bot_server.acts import ACTS, ANSWERS
from bot_server.engine import TurnFailed, TurnProcessor
from bot_server.keys import KeyRing
from bot_server.registry import MODEL_NAME
from bot_server.tracker_store import EncryptedTrackerStore
from conftest import ROOT
from fake_back_office import FakeEndpoint

ACTION_OF = {
    "apply_item": "action_start_application",
    "describe_need": "action_find_item",
    "ask_progress": "action_progress",
    "take_ticket": "action_ticket",
    "ask_queue": "action_ticket",
    "my_records": "action_records",
    **{a: "action_answer" for a in ACTS if a.startswith("ask_")},
    **{a: "action_small_talk" for a in ("greet", "goodbye", "thank", "ask_bot")},
    **{a: "action_continue" for a in ANSWERS},
}
ACTION_OF.update(
    ask_progress="action_progress",
    ask_queue="action_ticket",
    ask_human="action_human",
    ask_bot="action_small_talk",
)
ASK = "action_ask_application_answer"
CODE = "residence_permit_apply"


def action_of(act: str) -> str:
    return ACTION_OF.get(act, f"action_{act}")


class Talk:
    """One conversation with the processor."""

    def __init__(self, models, keys_file, tmp_path) -> None:
        self.endpoint = FakeEndpoint()
        ring = KeyRing.read(keys_file)
        self.store = EncryptedTrackerStore(f"sqlite:///{tmp_path / 'tracker.db'}", ring)
        self.processor = TurnProcessor(models / MODEL_NAME, self.store, self.endpoint)
        self.sender = uuid.uuid4().hex

    def say(self, text, act=None, item=None, turn_id=None):
        """The channel's answer to one turn."""
        metadata = {
            "turn_id": turn_id or uuid.uuid4().hex,
            "conversation_id": self.sender,
            "hint": {"act": act, "item": item},
        }
        return asyncio.run(self.processor.turn(self.sender, text, metadata))

    def heard(self, text, act=None, item=None):
        """The texts of the bubbles."""
        return [m["custom"]["text"] for m in self.say(text, act, item)["messages"]]

    def tracker(self):
        return asyncio.run(self.processor.get_tracker(self.sender))

    def new(self):
        self.sender = uuid.uuid4().hex
        return self


@pytest.fixture(scope="module")
def shared_talk(models, tmp_path_factory):
    from conftest import new_key

    folder = tmp_path_factory.mktemp("talk")
    keys = folder / "keys.json"
    keys.write_text('{"current": "k1", "keys": {"k1": "%s"}}' % new_key())
    return Talk(models, keys, folder)


@pytest.fixture
def talk(shared_talk):
    return shared_talk.new()


def test_acts_are_the_domains_intents():
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    assert set(domain["intents"]) == ACTS


@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_act_outside_the_form(talk, act):
    heard = talk.heard("随便一句", act)
    opens = act in ANSWERS | {"apply_item", "resume"}
    assert heard == [action_of(act)] + ([ASK] if opens else [])


@pytest.mark.parametrize("act", ["apply_item", "resume", "inform", "affirm", "deny"])
def test_nothing_to_open_stays_outside(talk, act):
    assert talk.heard("reject", act) == [action_of(act)]
    assert talk.tracker().active_loop_name is None
    assert talk.heard("再来", "ask_fee") == ["action_answer"]


@pytest.mark.parametrize("act", sorted(ACTS - ANSWERS - {"pause"}))
def test_every_act_inside_the_form_is_answered_and_the_form_asks_again(talk, act):
    talk.say("居住证", "apply_item", CODE)
    assert talk.heard("随便一句", act) == [action_of(act), ASK]
    assert talk.tracker().active_loop_name == "application_form"
    # and the next answer is taken
    assert talk.heard("好", "inform") == [ASK]


@pytest.mark.parametrize("act", sorted(ANSWERS))
def test_answers_go_to_the_form(talk, act):
    talk.say("居住证", "apply_item", CODE)
    talk.endpoint.calls.clear()
    assert talk.heard("一个回答", act) == [ASK]
    assert talk.endpoint.calls == ["validate_application_form", ASK]


def test_a_question_in_the_form_is_not_validated_as_an_answer_first(talk):
    talk.say("居住证", "apply_item", CODE)
    talk.endpoint.calls.clear()
    talk.say("多少钱", "ask_fee")
    assert talk.endpoint.calls[0] == "action_answer"


def test_several_interruptions_in_a_row_keep_the_form(talk):
    talk.say("居住证", "apply_item", CODE)
    for act in ("ask_fee", "greet", "ask_fee", "out_of_scope", "apply_item", "reject"):
        text, act = ("reject", "apply_item") if act == "reject" else ("随便", act)
        assert talk.heard(text, act)[-1] == ASK
    assert talk.heard("submit", "inform") == ["action_conclude_application"]


def test_pause_leaves_the_form_and_resume_returns(talk):
    talk.say("居住证", "apply_item", CODE)
    assert talk.heard("等一下", "pause") == ["action_pause", "action_conclude_application"]
    assert talk.tracker().active_loop_name is None
    assert talk.heard("多少钱", "ask_fee") == ["action_answer"]
    assert talk.heard("继续", "resume") == ["action_resume", ASK]


def test_the_end_by_an_answer_or_by_another_act(talk):
    for act, before in (("inform", []), ("cancel", ["action_cancel"])):
        talk.new().say("居住证", "apply_item", CODE)
        assert talk.heard("submit", act) == [*before, "action_conclude_application"]
        assert talk.tracker().active_loop_name is None


def test_no_slot_leaks_into_the_next_application(talk):
    talk.say("居住证", "apply_item", CODE)
    talk.say("submit", "cancel")
    slots = talk.tracker().current_slot_values()
    assert {slots[k] for k in ("item", "application_open", "application_answer")} == {None}
    assert talk.heard("居住证", "apply_item", CODE) == ["action_start_application", ASK]


def test_another_item_in_the_form_does_not_switch_the_slot(talk):
    talk.say("居住证", "apply_item", CODE)
    talk.say("社保卡多少钱", "ask_fee", "social_card_apply")
    assert talk.tracker().get_slot("item") == CODE


def test_an_item_is_remembered_outside_the_form(talk):
    talk.say("居住证要钱吗", "ask_fee", CODE)
    talk.say("要多久", "ask_time")
    assert talk.tracker().get_slot("item") == CODE


@pytest.mark.parametrize("text", ["/session_start", "/restart", "/back", '/inform{"item":"x"}', " /greet"])
def test_a_text_with_a_slash_is_no_command(talk, text):
    talk.say("居住证", "apply_item", CODE)
    answer = talk.say(text)
    assert answer["act"] in ACTS and not answer["items"]
    assert answer["confidence"] < 1.0
    assert talk.tracker().active_loop_name == "application_form"


def test_a_failed_action_fails_the_turn_and_the_same_turn_runs_again(talk):
    talk.say("居住证", "apply_item", CODE)
    before = len(talk.tracker().events)
    for act in ("inform", "ask_fee", "pause"):
        with pytest.raises(TurnFailed):
            talk.say("boom", act, turn_id="t1")
    assert len(talk.tracker().events) == before
    assert talk.say("好了", "inform", turn_id="t1")["messages"][0]["custom"]["text"] == ASK


def test_a_finished_turn_is_answered_again_without_running(talk):
    first = talk.say("居住证要钱吗", turn_id="t1")
    talk.endpoint.calls.clear()
    events = len(talk.tracker().events)
    assert talk.say("居住证要钱吗", turn_id="t1") == first
    assert not talk.endpoint.calls and len(talk.tracker().events) == events
    talk.say("再问", "ask_time", turn_id="t2")
    assert talk.say("居住证要钱吗", turn_id="t1") == first


def test_the_same_turn_twice_at_once_runs_once(talk):
    metadata = {"turn_id": "t1", "conversation_id": "c", "hint": {"act": "ask_fee", "item": None}}

    async def twice():
        turn = talk.processor.turn
        return await asyncio.gather(*(turn(talk.sender, "多少钱", metadata) for _ in range(2)))

    talk.endpoint.calls.clear()
    one, two = asyncio.run(twice())
    assert one == two and talk.endpoint.calls == ["action_answer"]


@pytest.mark.parametrize("method", ["save", "retrieve"])
def test_a_broken_store_fails_the_turn(talk, monkeypatch, method):
    async def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(talk.store, method, broken)
    with pytest.raises(TurnFailed):
        talk.say("你好", "greet", turn_id="t1")
    monkeypatch.undo()
    assert talk.say("你好", "greet", turn_id="t1")["messages"]


def test_the_hint_is_the_answers_act_and_item(talk):
    answer = talk.say("嗯", "affirm")
    assert (answer["act"], answer["confidence"], answer["items"]) == ("affirm", 1.0, [])
    assert talk.say("多少钱", "ask_fee", CODE)["items"] == [CODE]
    # a business outside the catalogue is no code
    assert talk.say("x", "apply_item", "other")["items"] == []


def test_the_turn_id_reaches_the_actions_and_old_events_do_not(talk):
    from bot_server.action_endpoint import _this_turn_only

    talk.say("你好", "greet")
    talk.say("多少钱", "ask_fee", turn_id="t9")
    sent = _this_turn_only(talk.endpoint.bodies[-1])
    assert sent["tracker"]["latest_message"]["metadata"]["turn_id"] == "t9"
    users = [e["text"] for e in sent["tracker"]["events"] if e["event"] == "user"]
    assert users == ["多少钱"]
