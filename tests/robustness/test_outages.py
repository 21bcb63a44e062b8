"""A process is away for a while: said plainly, and made good when it is back."""

import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest

from backoffice.conversations.models import Conversation
from backoffice.retention import KEPT
from bootstrap.container import Office
from tests.robustness.conftest import House


@pytest.mark.parametrize("process", ["actions", "bot"])
def test_an_outage_is_said_and_the_same_turn_works_afterwards(house: House, process: str) -> None:
    citizen = house.citizen()
    citizen.say("我要办居住证")
    house.stop(process)
    body = {"text": "本人", "turn_id": "in-the-outage"}
    answer = citizen.post(body)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "engine_down"
    assert "您填过的内容都在" in answer.json()["error"]["message"]
    house.start(process)
    again = citizen._insist(lambda: citizen.post(body)).json()
    assert again["state"]["draft"]["awaiting"] == "waive_type"
    (draft,) = house.drafts_of(citizen)
    assert draft.answers == {"filed_by": "self"}


def test_a_message_asked_for_while_the_worker_is_away_arrives_once(house: House) -> None:
    citizen = house.citizen(photographs=False).fill_until("phone")
    house.stop("worker")
    citizen.say(citizen.facts.phone)
    assert citizen.awaiting == "sms_code"
    assert citizen.inbox() == []
    house.start("worker")
    deadline = time.monotonic() + 30
    while not citizen.inbox():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for _ in range(3):  # killed while it may be writing down that it delivered
        house.kill("worker")
        time.sleep(1)
    time.sleep(3)
    assert len(citizen.inbox()) == 1
    citizen.answer()
    assert citizen.awaiting != "sms_code"


def test_an_old_visit_is_forgotten_by_the_engine_too(house: House) -> None:
    """Also when the engine was away at that moment."""
    citizen, other = house.citizen(), house.citizen()
    for one in (citizen, other):
        one.say("我要办居住证")
    assert _events(house, citizen.id) > 0

    async def age(office: Office) -> None:
        async with office.sessions.begin() as session:
            old = await session.get_one(Conversation, citizen.id)
            old.last_turn_at = office.clock.now() - KEPT["conversation"] - timedelta(days=1)

    house.look(age)
    house.stop("bot")
    house.kill("worker")  # retention is the first thing that it does
    time.sleep(5)
    house.start("bot")
    deadline = time.monotonic() + 120
    while _events(house, citizen.id):
        assert time.monotonic() < deadline, "the engine still remembers"
        time.sleep(0.5)
    assert _events(house, other.id) > 0
    answer = citizen.http.get(f"{citizen.path}/messages", headers=citizen.headers)
    assert answer.status_code == 404


def _events(house: House, sender: str) -> int:
    with closing(sqlite3.connect(house.folder / "tracker.db", timeout=15)) as tracker:
        found = tracker.execute(
            "select count(*) from tracker_events where sender_id = ?", (sender,)
        )
        return int(found.fetchone()[0])


def test_what_was_begun_is_there_after_everything_was_killed(house: House) -> None:
    citizen = house.citizen(photographs=False).fill_until("reason")
    for name in house.stack.states():
        house.kill(name)
    citizen.fill_until("move_in_date")
    (draft,) = house.drafts_of(citizen)
    assert draft.answers["name"] == citizen.facts.name
    assert draft.answers["reason"] == "employment"
    assert draft.answers["current_address"].endswith(citizen.facts.address)
