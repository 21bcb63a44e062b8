"""The dialogue engine fails in every way: the citizen is told, and the same turn can be sent again."""

import httpx
import pytest

from tests.gateway.conftest import CANARY, Answer, Visit, assert_refused, kind_answer


def _fails(exc: type[Exception]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise exc(CANARY)

    return answer


WAYS: dict[str, Answer] = {
    "refuses the connection": _fails(httpx.ConnectError),
    "does not answer in time": _fails(httpx.ReadTimeout),
    "hangs up": _fails(httpx.RemoteProtocolError),
    "503": lambda r: httpx.Response(503, json={"error": {"code": CANARY}}),
    "500": lambda r: httpx.Response(500, text=CANARY),
    "401": lambda r: httpx.Response(401, json={}),
    "302": lambda r: httpx.Response(302, headers={"Location": "http://evil.example"}),
    "not JSON": lambda r: httpx.Response(200, text=CANARY),
    "empty": lambda r: httpx.Response(200, text=""),
    "empty list, as stock Rasa does in an outage": lambda r: httpx.Response(200, json=[]),
    "no messages": lambda r: httpx.Response(200, json={"act": "greet", "items": []}),
    "messages of a wrong kind": lambda r: httpx.Response(
        200, json={"act": "greet", "items": [], "messages": [CANARY]}
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_outage_is_said_and_the_turn_can_be_sent_again(visit: Visit, way: str) -> None:
    hall = visit.hall
    hall.answer = WAYS[way]
    assert_refused(visit.say(text="谢谢", turn_id="t1"), 503, code="engine_down")
    hall.answer = kind_answer
    again = visit.say(text="谢谢", turn_id="t1")
    assert again.status_code == 200
    shown = hall.client.get(f"{visit.path}/messages", headers=visit.headers).json()["messages"]
    assert [one["text"] for one in shown if one["role"] == "citizen"] == ["谢谢"]
    assert [one["text"] for one in shown if one["role"] == "bot"] == ["好的"]
    assert visit.say(text="谢谢", turn_id="t1").json() == again.json()


def test_a_cry_for_help_is_answered_without_the_engine(visit: Visit) -> None:
    visit.hall.answer = _fails(httpx.ConnectError)
    answer = visit.say(text="我爸倒在地上叫不醒", turn_id="t1")
    assert answer.status_code == 200
    assert "120" in answer.json()["messages"][0]["text"]
    assert visit.say(text="我爸倒在地上叫不醒", turn_id="t1").json() == answer.json()


def test_what_may_be_a_cry_gets_the_number_before_its_answer(visit: Visit) -> None:
    said = [one["text"] for one in visit.say(text="家暴救助咨询").json()["messages"]]
    assert "110" in said[0] and said[1:] == ["好的"]


def test_readiness_tells_that_the_engine_is_away(visit: Visit) -> None:
    visit.hall.answer = _fails(httpx.ConnectError)
    assert visit.hall.client.get("/health/ready").status_code == 503
    assert visit.hall.client.get("/health/live").status_code == 200


def test_the_engine_never_sees_a_number_and_always_the_secret(visit: Visit) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return kind_answer(request)

    visit.hall.answer = answer
    for text in (
        "我的电话是139 7777 8888",
        "一三九七七七七八八八八",
        "１３９７７７７８８８８",
        "幺三九七七七七八八八八",
    ):
        assert visit.say(text=text).status_code == 200
    sent = b"".join(one.content for one in seen)
    assert len(seen) == 4
    for trace in ("7777", "七七七", "７７７"):
        assert trace not in sent.decode()
    assert all(one.headers["X-Xiaozheng-Secret"] == "b" * 32 for one in seen)
