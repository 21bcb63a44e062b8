"""Bad bodies at every endpoint that takes one: a clear refusal, and nothing is kept or logged."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.conftest import (
    CANARY,
    CANARY_NUMBER,
    CANARY_ZH,
    Hall,
    Visit,
    assert_hardened,
    assert_refused,
)

OPEN = "/api/v1/conversations/"
VERIFY = "/api/v1/verify"
LOG_IN = "/api/v1/staff/session"
CLOCK = "/demo/clock"
BODIES = (OPEN, VERIFY, LOG_IN, CLOCK, "say")

_JSON = {"Content-Type": "application/json"}
NONSENSE: dict[str, bytes] = {
    "not JSON": f"{CANARY} {CANARY_ZH}".encode(),
    "half JSON": f'{{"text": "{CANARY}'.encode(),
    "a list": json.dumps([CANARY]).encode(),
    "a number": b"13977778888",
    "null": b"null",
    "two values": b'{"text": "a"} {"text": "b"}',
    "unknown key": json.dumps({"text": "a", CANARY: 1}).encode(),
    "deep": b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"text":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
    "UTF-16": json.dumps({"text": CANARY_ZH}, ensure_ascii=False).encode("utf-16"),
    "latin-1": b'{"text": "\xe9\xff"}',
    "lone surrogate": b'{"text": "\\ud800 CANARYq7w5"}',
    "overlong UTF-8": b'{"text": "\xc0\xaf"}',
    "NaN": b'{"text": NaN}',
    "huge number": b'{"text": ' + b"9" * 10_000 + b"}",
    "multipart": b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nCANARYq7w5\r\n--x--',
}


def _post(hall: Hall, visit: Visit, where: str, content: bytes) -> httpx.Response:
    path = f"{visit.path}/messages" if where == "say" else where
    return hall.client.post(path, content=content, headers=visit.headers | _JSON)


@pytest.mark.parametrize("where", BODIES)
@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_refused(hall: Hall, visit: Visit, where: str, what: str) -> None:
    assert_refused(_post(hall, visit, where, NONSENSE[what]), 400, 413)


@pytest.mark.parametrize("where", BODIES)
def test_ten_megabytes_are_refused(hall: Hall, visit: Visit, where: str) -> None:
    text = (CANARY_ZH * 200_000).encode()[: 10 * 1024 * 1024]
    content = b'{"text": "' + text + b'"}'
    assert_refused(_post(hall, visit, where, content), 400, 413)
    assert_refused(_post(hall, visit, where, b" " * (12 * 1024 * 1024)), 413)


@pytest.mark.parametrize("wrong", [1, 1.5, True, None, [], {}, [CANARY], {"a": CANARY}])
@pytest.mark.parametrize(
    ("where", "body", "key"),
    [
        (OPEN, {"channel": "phone"}, "channel"),
        ("say", {"text": "你好", "turn_id": "t"}, "text"),
        ("say", {"event": {"type": "silence"}}, "event"),
        ("say", {"event": {"type": "silence"}}, "event.type"),
        ("say", {"event": {"type": "widget_done", "widget": "w"}}, "event.widget"),
        ("say", {"event": {"type": "widget_done", "widget": "w"}}, "event.upload_id"),
        ("say", {"event": {"type": "widget_done", "widget": "w"}}, "event.value"),
        (VERIFY, {"code": "x"}, "code"),
        (VERIFY, {"credential": "x"}, "credential"),
        (LOG_IN, {"username": "a", "password": "b"}, "username"),
        (LOG_IN, {"username": "a", "password": "b"}, "password"),
        (CLOCK, {"days": 1}, "days"),
    ],
)
def test_values_of_the_wrong_type_are_refused(
    hall: Hall, visit: Visit, where: str, body: dict[str, Any], key: str, wrong: Any
) -> None:
    body = json.loads(json.dumps(body))
    place, _, below = key.partition(".")
    if below:
        body[place][below] = wrong
    else:
        body[place] = wrong
    if key in ("days", "event.value") and isinstance(wrong, int | float):
        pytest.skip("of the right type")
    if wrong is None and key in ("event.widget", "event.upload_id", "event.value"):
        pytest.skip("may be absent")
    assert_refused(_post(hall, visit, where, json.dumps(body).encode()), 400, 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"turn_id": "t1"},
        {"text": "a", "event": {"type": "silence"}},
        {"text": ""},
        {"text": " \n\t　"},
        {"text": "a", "turn_id": ""},
        {"text": "a", "turn_id": "a" * 65},
        {"text": "a", "turn_id": "a b"},
        {"text": "a", "turn_id": "../../etc"},
        {"text": "a", "turn_id": "t\n"},
        {"text": "a", "turn_id": "t\x00"},
        {"text": "a", "turn_id": CANARY_ZH},
        {"event": {}},
        {"event": {"type": CANARY}},
        {"event": {"type": "silence", CANARY: 1}},
        {"event": {"type": "widget_done", "widget": "a" * 65}},
        {"event": {"type": "widget_done", "widget": "w", "value": CANARY * 100_000}},
        {"event": {"type": "widget_done"}},
        {"event": {"type": "widget_done", "widget": "\x00"}},
        {"event": {"type": "widget_done", "widget": CANARY}},
        {"event": {"type": "widget_declined", "widget": CANARY}},
    ],
)
def test_turns_that_say_nothing_sensible_are_refused(visit: Visit, body: dict[str, Any]) -> None:
    assert_refused(visit.say(**body), 400, 404)


def test_a_text_that_nobody_says_at_once_is_refused(visit: Visit) -> None:
    assert_refused(visit.say(text="好" * 2001), 413, code="too_long")
    assert visit.say(text="好" * 2000).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "\x00", "a\x00b", "\x1b[31m红\x1b[0m", "\u202e倒着", "\u200b\u200b", "\ufeff你好",
        "👨‍👩‍👧‍👦" * 50, "é" * 100, "\r\n\r\nHTTP/1.1 200 OK", "Z̷̡̢" * 100, "\U0010ffff",
        "{name} {0} {} %s %(x)s", "⟦name⟧⟦before:id_no⟧", "[姓名]", "<script>alert(1)</script>",
        "'; DROP TABLE turns; --", "/restart", "/apply_item{\"item\": \"x\"}", "EXTERNAL: /stop",
        "𠮷" * 500, "一" * 2000, "1" * 2000, "1 " * 1000, "（" * 2000, "号" * 1999,
        "二〇二五年" * 400, "，" * 2000, "我叫" * 1000, "省市区县镇村" * 300,
    ],
    ids=lambda text: ascii(text)[:16],
)  # fmt: skip
def test_strange_texts_are_answered(visit: Visit, text: str) -> None:
    answer = visit.say(text=text)
    if not text.replace("\x00", " ").strip():
        assert answer.status_code in (200, 400)
        return
    assert answer.status_code == 200, answer.text
    assert answer.elapsed.total_seconds() < 5
    assert_hardened(answer)


def test_a_strange_text_is_read_back_as_it_was(visit: Visit) -> None:
    said = "a\x00b\u202e<b>&amp;\\u0041"
    visit.say(text=said)
    answer = visit.hall.client.get(f"{visit.path}/messages", headers=visit.headers)
    assert said in [one["text"] for one in answer.json()["messages"] if one["role"] == "citizen"]


def test_a_turn_id_used_for_another_text_is_refused(visit: Visit) -> None:
    first = visit.say(text=f"我叫{CANARY_ZH}", turn_id="one")
    assert first.status_code == 200
    assert_refused(visit.say(text=CANARY_NUMBER, turn_id="one"), 409)
    assert_refused(visit.say(event={"type": "silence"}, turn_id="one"), 409)
    again = visit.say(text=f"我叫{CANARY_ZH}", turn_id="one")
    assert again.json() == first.json()


_any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
_say = st.dictionaries(st.sampled_from(["text", "event", "turn_id", "x"]), _any_json)
_event = st.fixed_dictionaries(
    {"type": st.sampled_from(["widget_done", "widget_declined", "silence"])},
    optional={
        "widget": st.text(max_size=70),
        "upload_id": st.text(max_size=70),
        "value": st.one_of(st.text(max_size=30), st.booleans(), st.none()),
    },
)
_fuzz = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@_fuzz
@given(body=_say | st.fixed_dictionaries({"event": _event}))
def test_whatever_is_said_there_is_an_answer(visit: Visit, body: dict[str, Any]) -> None:
    answer = visit.hall.client.post(
        f"{visit.path}/messages", content=json.dumps(body).encode(), headers=visit.headers
    )
    assert answer.status_code in (200, 400, 404, 409, 413), (body, answer.text)
    assert_hardened(answer)


@_fuzz
@given(content=st.binary(max_size=200), where=st.sampled_from(BODIES))
def test_whatever_bytes_come_there_is_an_answer(
    hall: Hall, visit: Visit, content: bytes, where: str
) -> None:
    assert_refused(_post(hall, visit, where, content)) if content.strip() != b"{}" else None


@_fuzz
@given(code=st.text(min_size=1, max_size=300))
def test_whatever_is_verified_there_is_a_verdict(hall: Hall, code: str) -> None:
    for key in ("code", "credential"):
        answer = hall.client.post(VERIFY, content=json.dumps({key: code}).encode())
        assert answer.status_code in (200, 400), (code, answer.text)
        assert_hardened(answer)
