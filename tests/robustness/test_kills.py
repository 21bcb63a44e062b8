"""`kill -9` of any process at any moment: the turn sent again goes on, nothing twice, nothing lost."""

import contextlib
import threading
import time
from collections.abc import Callable

import pytest

from tests.robustness.citizen import Citizen, Hook
from tests.robustness.conftest import House

# Each kill costs the time the process needs to come back; the bot loads its model.
EVERY = {"gateway": 5, "actions": 4, "worker": 4, "bot": 10}
MOST = {"gateway": 5, "actions": 6, "worker": 6, "bot": 2}
_DURING_S = (0.0, 0.01, 0.03, 0.06, 0.1, 0.2)


def _killer(house: House, process: str) -> tuple[Hook, Hook, list[str]]:
    """Kills now before a turn, now while it runs, now right after its answer."""
    done: list[str] = []

    def kill(moment: str) -> None:
        house.kill(process)
        done.append(moment)

    def kill_if_it_runs(moment: str) -> None:
        with contextlib.suppress(ProcessLookupError):  # the last kill is not over yet
            house.stack.kill(process)
            done.append(moment)

    def before(number: int, awaited: str) -> None:
        upload = process == "gateway" and awaited == "upload of photo"
        if len(done) >= MOST[process] or (number % EVERY[process] and not upload):
            return
        if len(done) % 3 == 0 and not upload:
            kill("before")
        elif len(done) % 3 == 1 or upload:
            pause = _DURING_S[len(done) % len(_DURING_S)]
            threading.Timer(
                pause, kill_if_it_runs, (f"{pause} s into {'an upload' if upload else 'a turn'}",)
            ).start()

    def after(number: int, awaited: str) -> None:
        if number % EVERY[process] == 0 and len(done) % 3 == 2 and len(done) < MOST[process]:
            kill("after")

    return before, after, done


def _check(house: House, citizen: Citizen) -> None:
    """One application, every answer where it belongs, every reply as it was."""
    drafts = house.drafts_of(citizen)
    assert len(drafts) == 1, "an application was doubled or lost"
    stored = drafts[0].answers
    wrong = {
        slug: (stored.get(slug), value)
        for slug, value in citizen.facts.expected().items()
        if stored.get(slug) != value
    }
    assert not wrong, wrong
    assert str(stored["current_address"]).endswith(citizen.facts.address)
    for body, reply in citizen.turns:
        again = citizen.post(body)
        assert again.status_code == 200
        assert again.json() == reply, body
    listed = citizen.http.get("/api/v1/me/applications", headers=citizen.headers).json()
    assert [one["status"] for one in listed["applications"]] == ["submitted"]
    shown = citizen.http.get(f"{citizen.path}/messages", headers=citizen.headers).json()["messages"]
    said = [one["text"] for one in shown if one["role"] == "citizen"]
    assert said == [body["text"] for body, _ in citizen.turns if "text" in body]
    answered = [one["text"] for one in shown if one["role"] == "bot"]
    assert answered == [one["text"] for _, reply in citizen.turns for one in reply["messages"]]


def test_a_quiet_run_is_what_the_others_are_compared_with(house: House) -> None:
    citizen = house.citizen().fill_until(None)
    assert citizen.failures == []
    _check(house, citizen)


@pytest.mark.parametrize("process", ["gateway", "actions", "worker", "bot"])
def test_killing_a_process_again_and_again_loses_and_doubles_nothing(
    house: House, process: str
) -> None:
    before, after, done = _killer(house, process)
    citizen = house.citizen(before=before, after=after, photographs=process != "bot")
    citizen.fill_until(None)
    assert len(done) >= (2 if process == "bot" else 4), done
    if process != "worker":
        assert citizen.failures, "the kills were never felt: the test looks away"
    _check(house, citizen)


@pytest.mark.parametrize("process", ["gateway", "actions"])
def test_the_turn_that_submits_submits_once(house: House, process: str) -> None:
    """Killed at ten moments around the last, weightiest turn."""
    citizen = house.citizen(photographs=False).fill_until("signature")
    widget = citizen.widgets()["signature"]
    from tests.conversations import pictures

    kept = citizen.http.post(
        f"{citizen.path}/uploads", params={"widget": widget}, headers=citizen.headers,
        files={"file": ("s", pictures.signature())},
    ).json()["upload_id"]  # fmt: skip
    body = {
        "event": {"type": "widget_done", "widget": widget, "upload_id": kept},
        "turn_id": "submit",
    }
    threading.Timer(0.05, house.kill, (process,)).start()
    first = citizen._insist(lambda: citizen.post(body)).json()
    house.stack.wait_ready(60)
    assert citizen.post(body).json() == first
    assert "已经提交" in "".join(one["text"] for one in first["messages"])
    (draft,) = house.drafts_of(citizen)
    assert draft.application.number


def test_the_same_turn_sent_at_once_many_times_is_one_turn(house: House) -> None:
    citizen = house.citizen()
    citizen.say("我要办居住证")
    replies = _at_once([lambda: citizen.post({"text": "本人", "turn_id": "same"})] * 8)
    assert {one.status_code for one in replies} == {200}
    assert len({one.text for one in replies}) == 1
    shown = citizen.http.get(f"{citizen.path}/messages", headers=citizen.headers).json()["messages"]
    assert [one["text"] for one in shown if one["role"] == "citizen"].count("本人") == 1


def test_different_turns_sent_at_once_are_all_answered(house: House) -> None:
    citizen = house.citizen()
    citizen.say("我要办居住证")
    texts = ["本人", "已登记满半年", "我叫欧阳文", "要多少钱"]
    replies = _at_once(
        [lambda n=n, text=text: citizen.post({"text": text, "turn_id": f"p{n}"})
         for n, text in enumerate(texts)]
    )  # fmt: skip
    assert {one.status_code for one in replies} == {200}
    assert len(house.drafts_of(citizen)) == 1


def test_sixteen_conversations_at_once_see_no_failure(house: House) -> None:
    citizens = [house.citizen(photographs=False) for _ in range(16)]

    def talk(citizen: Citizen) -> None:
        citizen.fill_until("landlord_name", "employer")

    begin = time.monotonic()
    _at_once([lambda one=one: talk(one) for one in citizens])
    assert time.monotonic() - begin < 120
    assert [one.failures for one in citizens if one.failures] == []
    for one in citizens:
        (draft,) = house.drafts_of(one)
        assert draft.answers["name"] == one.facts.name
        assert draft.answers["id_no"] == one.facts.id_no
        assert draft.answers["phone"] == one.facts.phone


def _at_once(works: list[Callable[[], object]]) -> list:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]
