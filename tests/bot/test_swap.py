"""Another model takes over while people speak: no turn is lost, none is answered twice."""

from __future__ import annotations

import json
import shutil
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from bot_server.registry import LIVE, MODEL_NAME, REGISTRY, live_id, model_file
from test_server import SECRET, body, running

ASK = {"act": "ask_fee", "item": None}
TALKERS = 6


@pytest.fixture(scope="module")
def registry(models, tmp_path_factory):
    """Two published models, the first is live; and a third that is no model."""
    folder = tmp_path_factory.mktemp("published")
    for name in ("one", "two"):
        (folder / REGISTRY / name).mkdir(parents=True)
        shutil.copy2(models / MODEL_NAME, folder / REGISTRY / name)
    (folder / REGISTRY / "broken").mkdir()
    (folder / REGISTRY / "broken" / MODEL_NAME).write_bytes(b"no model")
    (folder / LIVE).write_text("one\n")
    return folder


@pytest.fixture(scope="module")
def published(registry, tmp_path_factory):
    with running(registry, tmp_path_factory.mktemp("swapped")) as process:
        yield process


def control(process, id=None, secret=SECRET):
    """GET without an id, POST with one: (status, answer)."""
    data = None if id is None else json.dumps({"id": id}).encode()
    headers = {"X-Xiaozheng-Secret": secret, "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{process.port}/control/model"
    return process._open(urllib.request.Request(url, data, headers), timeout=120)


def test_the_pointer_decides_which_model_starts(registry, tmp_path):
    assert live_id(registry) == "one"
    assert model_file(registry, "one") == registry / REGISTRY / "one" / MODEL_NAME
    assert live_id(tmp_path) is None
    (tmp_path / LIVE).write_text("../../etc")
    with pytest.raises(ValueError):
        live_id(tmp_path)


def test_only_who_knows_the_secret_may_swap(published):
    for secret in ("", "wrong"):
        assert control(published, "two", secret)[0] == 401
        assert control(published, None, secret)[0] == 401
    assert control(published)[1] == {"id": "one"}


@pytest.mark.parametrize("id", ["../one", "", "one/../two", None, 1])
def test_an_id_is_never_a_path(published, id):
    data = json.dumps({"id": id}).encode()
    headers = {"X-Xiaozheng-Secret": SECRET, "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{published.port}/control/model"
    assert published._open(urllib.request.Request(url, data, headers))[0] == 400


@pytest.mark.parametrize("id", ["broken", "nowhere"])
def test_a_model_that_cannot_be_read_changes_nothing(published, id):
    status, answer = control(published, id)
    assert (status, answer["error"]["code"]) == (409, "unusable_model")
    assert control(published)[1] == {"id": "one"}
    assert published.post(body("多少钱", f"after-{id}", ASK))[0] == 200


def test_under_load_nothing_is_lost_and_nothing_done_twice(published):
    """Six people speak without pause, each turn is sent twice at once, while models change."""
    before = len(published.actions_log.read_text().splitlines())
    answers, outcomes = {}, Counter()
    stop, lock = threading.Event(), threading.Lock()

    def send(talker, number):
        status, answer = published.post(body("多少钱", f"t{number}", ASK, f"load{talker}"))
        with lock:
            outcomes[status] += 1
            answers.setdefault((talker, number), []).append(answer)

    def talk(talker):
        number = 0
        with ThreadPoolExecutor(2) as both:
            while not stop.is_set():
                number += 1
                list(both.map(send, [talker] * 2, [number] * 2))

    threads = [threading.Thread(target=talk, args=(n,)) for n in range(TALKERS)]
    # and one turn that is under way all through the first change
    slow = ThreadPoolExecutor(2)
    for thread in threads:
        thread.start()
    time.sleep(1)
    first = slow.submit(published.post, body("slow", "s1", ASK, "slow"))
    time.sleep(0.2)
    assert control(published, "two") == (200, {"id": "two"})
    again = slow.submit(published.post, body("slow", "s1", ASK, "slow"))
    assert control(published, "one") == (200, {"id": "one"})
    time.sleep(1)
    stop.set()
    for thread in threads:
        thread.join()
    assert first.result() == again.result() and first.result()[0] == 200
    assert set(outcomes) == {200}
    assert len(answers) > TALKERS  # they did speak
    assert all(len(twice) == 2 and twice[0] == twice[1] for twice in answers.values())
    # every turn called the back office once: nothing was done twice, nothing left out
    calls = len(published.actions_log.read_text().splitlines()) - before
    assert calls == len(answers) + 1
    # the tracker holds each turn once, in whichever model it ran
    for talker in range(TALKERS):
        erased = published.post({"sender": f"load{talker}"}, path="forget")[1]["events"]
        assert erased > 0


def test_after_a_restart_the_published_model_answers(published, registry):
    (registry / LIVE).write_text("two\n")
    published.bot.kill()
    published.bot.wait()
    published.start_bot()
    assert control(published)[1] == {"id": "two"}
