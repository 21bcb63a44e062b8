"""The launched process: who may talk to it, what it logs, what a kill leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from bot_server.channel import MAX_BODY, BadBody, turn_of
from conftest import BOT

SECRET = "a-secret-for-the-tests"
ACTIONS_SECRET = "another-secret-for-tests"
CANARY = "金丝雀canary石湾路八号"
HINT = {"act": "ask_fee", "item": None}


def body(message="你好", turn_id="t1", hint=HINT, sender="c1"):
    metadata = {"turn_id": turn_id, "conversation_id": sender, "hint": hint}
    return {"sender": sender, "message": message, "metadata": metadata}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Launched:
    """A bot process and a scripted action server, both real processes."""

    def __init__(self, models: Path, folder: Path, keys_file: Path) -> None:
        self.folder, self.port, self.actions_port = folder, free_port(), free_port()
        self.env = {
            **os.environ,
            "XZ_BOT_PORT": str(self.port),
            "XZ_BOT_SECRET": SECRET,
            "XZ_ACTIONS_SECRET": ACTIONS_SECRET,
            "XZ_ACTIONS_URL": f"http://127.0.0.1:{self.actions_port}/webhook",
            "XZ_TRACKER_URL": f"sqlite:///{folder / 'tracker.db'}",
            "XZ_KEYS_FILE": str(keys_file),
            "XZ_BOT_MODELS": str(models),
            "XZ_LOG_LEVEL": "DEBUG",
        }
        self.log = folder / "bot.log"
        self.actions_log = folder / "actions.log"
        self.bot = self.actions = None

    def start_actions(self) -> None:
        script = str(Path(__file__).with_name("fake_back_office.py"))
        arguments = [str(self.actions_port), ACTIONS_SECRET, str(self.actions_log)]
        self.actions = subprocess.Popen([sys.executable, script, *arguments])

    def start_bot(self) -> None:
        with self.log.open("ab") as log:
            self.bot = subprocess.Popen(
                [sys.executable, "-m", "bot_server"], cwd=BOT, env=self.env, stdout=log, stderr=log
            )
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                if self.get("/health/ready")[0] == 200:
                    return
            except OSError:
                time.sleep(0.3)
            assert self.bot.poll() is None, self.log.read_text()
        raise AssertionError("the bot did not get ready")

    def stop(self) -> None:
        for process in (self.bot, self.actions):
            if process is not None:
                process.kill()
                process.wait()

    def get(self, path):
        return self._open(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def post(self, content, secret=SECRET, path="webhook", timeout=60):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = {"X-Xiaozheng-Secret": secret, "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self.port}/webhooks/gateway/{path}"
        return self._open(urllib.request.Request(url, data, headers), timeout)

    @staticmethod
    def _open(request, timeout=60):
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as exc:
            return exc.code, json.load(exc)


@contextlib.contextmanager
def running(models, folder):
    """The bot over these models with the fake back office, and new keys in `folder`."""
    from conftest import new_key

    keys = folder / "keys.json"
    keys.write_text(json.dumps({"current": "k1", "keys": {"k1": new_key()}}))
    process = Launched(models, folder, keys)
    process.start_actions()
    process.start_bot()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def launched(models, tmp_path_factory):
    with running(models, tmp_path_factory.mktemp("launched")) as process:
        yield process


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x", SECRET[:-1], "x" * 3000])
def test_without_the_secret_nothing(launched, secret):
    for path in ("webhook", "forget"):
        status, answer = launched.post(body(), secret, path)
        assert (status, answer["error"]["code"]) == (401, "unauthorized")


def test_the_answers_shape(launched):
    status, answer = launched.post(body("多少钱", "shape"))
    assert status == 200
    assert set(answer) == {"act", "confidence", "items", "also", "messages"}
    assert answer["messages"] == [{"custom": {"text": "action_answer"}}]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", json.dumps({"message": CANARY}).encode()]
)
def test_a_bad_body_is_a_clear_error(launched, content):
    status, answer = launched.post(content)
    assert status == 400 and answer["error"]["code"] == "bad_request"
    assert CANARY not in json.dumps(answer, ensure_ascii=False)


def test_a_huge_body_is_refused(launched):
    try:
        status, answer = launched.post(b"{" + b"x" * (MAX_BODY * 4))
        assert status == 413 and "error" in answer
    except OSError:
        pass  # the connection was cut before the whole body was taken: refused as well
    assert launched.get("/health/live")[0] == 200


def test_nothing_of_rasas_own_api_is_there(launched):
    for path in ("/webhooks/rest/webhook", "/conversations/c1/tracker", "/status", "/model/parse"):
        assert launched.get(path)[0] == 404


@pytest.mark.parametrize(
    "change",
    [
        {"sender": 1},
        {"sender": "a/b"},
        {"message": ""},
        {"message": "x" * 4001},
        {"message": ["你好"]},
        {"extra": 1},
        {"metadata": {}},
        {"metadata": {"turn_id": "t", "conversation_id": "c", "hint": {"act": "restart", "item": None}}},
        {"metadata": {"turn_id": "t", "conversation_id": "c", "hint": {"act": {}, "item": None}}},
        {"metadata": {"turn_id": "t", "conversation_id": "c", "hint": {"act": None, "item": "A B"}}},
        {"metadata": {"turn_id": "", "conversation_id": "c", "hint": {"act": None, "item": None}}},
        {"metadata": {"turn_id": "t\n", "conversation_id": "c", "hint": {"act": None, "item": None}}},
    ],
)
def test_strict_body(change):
    with pytest.raises(BadBody):
        turn_of({**body(), **change})


def test_a_failing_action_server_is_503_and_the_turn_runs_again(launched):
    for _ in range(2):
        status, answer = launched.post(body(f"boom {CANARY}", "f1", sender="c503"))
        assert (status, answer["error"]["code"]) == (503, "turn_failed")
    assert launched.post(body("好", "f1", sender="c503"))[0] == 200


def test_no_text_in_any_log_even_at_debug(launched):
    launched.post(body(CANARY, "log1", {"act": "apply_item", "item": "residence_permit_apply"}, "clog"))
    launched.post(body(CANARY, "log2", {"act": "inform", "item": None}, "clog"))
    launched.post(body(f"boom {CANARY}", "log3", sender="clog"))
    launched.post(body(f"/restart {CANARY}", "log4", {"act": None, "item": None}, "clog"))
    launched.post(json.dumps({**body(CANARY), "more": CANARY}).encode())
    log = launched.log.read_text("utf-8", "replace")
    assert "rasa." in log and "turn failed" in log  # DEBUG records were there to leak
    for trace in (CANARY, "金丝雀", "canary", json.dumps(CANARY).strip('"'), SECRET, ACTIONS_SECRET):
        assert trace not in log


def test_a_kill_in_a_turn_saves_nothing_and_the_same_turn_goes_on(launched):
    first = body("slow", "k1", {"act": "apply_item", "item": "residence_permit_apply"}, "ckill")
    with pytest.raises(OSError):
        launched.post(first, timeout=1)
    assert "action_start_application" in launched.actions_log.read_text()
    os.kill(launched.bot.pid, signal.SIGKILL)
    launched.bot.wait()
    launched.start_bot()
    status, answer = launched.post({**first, "message": "办"})
    assert status == 200
    texts = [m["custom"]["text"] for m in answer["messages"]]
    assert texts == ["action_start_application", "action_ask_application_answer"]
    # a kill between turns: the form goes on, a finished turn is answered and not run again
    os.kill(launched.bot.pid, signal.SIGKILL)
    launched.bot.wait()
    launched.start_bot()
    calls = launched.actions_log.read_text()
    assert launched.post({**first, "message": "办"})[1] == answer
    assert launched.actions_log.read_text() == calls
    status, answer = launched.post(body("好", "k2", {"act": "inform", "item": None}, "ckill"))
    assert [m["custom"]["text"] for m in answer["messages"]] == ["action_ask_application_answer"]


def test_forget_erases(launched):
    launched.post(body("你好", "g1", sender="cforget"))
    assert launched.post({"sender": "cforget"}, path="forget")[1]["events"] > 0
    assert launched.post({"sender": "cforget"}, path="forget") == (200, {"events": 0})


@pytest.mark.parametrize(
    "change, said",
    [
        ({"XZ_BOT_SECRET": "short"}, "XZ_BOT_SECRET"),
        ({"XZ_ACTIONS_SECRET": ""}, "XZ_ACTIONS_SECRET"),
        ({"XZ_KEYS_FILE": ""}, "XZ_KEYS_FILE"),
        ({"XZ_KEYS_FILE": "/nowhere/keys.json"}, "key ring"),
        ({"XZ_BOT_MODELS": "/nowhere"}, "no usable model"),
        ({"XZ_TRACKER_URL": "sqlite:////proc/no/t.db"}, "tracker database"),
    ],
)
def test_it_refuses_to_start_without_what_it_needs(launched, change, said):
    environment = {**launched.env, **change}
    done = subprocess.run(
        [sys.executable, "-m", "bot_server"],
        cwd=BOT, env=environment, capture_output=True, text=True, timeout=90,
    )
    assert done.returncode == 2 and said in done.stderr
