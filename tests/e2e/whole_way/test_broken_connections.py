"""What a citizen said is neither lost nor doubled when the network or a process goes away."""

import time

from playwright.sync_api import BrowserContext, Request, expect

from ops.stack import Stack
from tests.e2e.whole_way.citizen import Citizen

_BACK_S = 180


class Turns:
    """The turns that the page sent: which id each attempt carried."""

    def __init__(self, citizen: Citizen) -> None:
        self.ids: list[str] = []
        self.refused = 0
        citizen.page.on("request", self._note)
        citizen.page.on("response", lambda answer: self._count(answer.url, answer.status))

    def _note(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/messages"):
            self.ids.append(request.post_data_json["turn_id"])

    def _count(self, url: str, status: int) -> None:
        if url.endswith("/messages") and status >= 500:
            self.refused += 1


def begin(citizen: Citizen) -> None:
    citizen.say("我要办居住证", "是给您自己办")
    citizen.press("本人", "您在佛山办过居住登记吗")
    citizen.press("已登记满半年", "身份证的正面")
    citizen.press("不拍，我打字", "叫什么名字")


def conversation_in(citizen: Citizen) -> list[dict[str, object]]:
    """What the server has of this conversation."""
    key = citizen.page.evaluate("JSON.parse(localStorage['xz.conversation'])")
    key = key.get("data", key)
    answer = citizen.page.request.get(
        f"{citizen.url}/api/v1/conversations/{key['id']}/messages?after=0",
        headers={"Authorization": f"Bearer {key['token']}"},
    )
    return list(answer.json()["messages"])


def said_once(citizen: Citizen, text: str) -> None:
    """On the page and at the server."""
    expect(citizen.page.locator(".bubble.me").get_by_text(text, exact=True)).to_have_count(1)
    kept = [m for m in conversation_in(citizen) if m["role"] == "citizen" and m["text"] == text]
    assert len(kept) == 1


def test_what_is_said_without_network_goes_out_once_when_it_is_back(
    citizen: Citizen, phone: BrowserContext
) -> None:
    begin(citizen)
    turns = Turns(citizen)
    phone.set_offline(True)
    citizen.page.locator("textarea").fill("何秀英")
    citizen.press("发送")
    expect(citizen.page.get_by_text("网络不通").first).to_be_visible()
    expect(citizen.page.get_by_text("未发出 · 点此重发")).to_be_visible()
    citizen.picture("40-offline")
    phone.set_offline(False)
    citizen.hears("身份证号是多少")
    expect(citizen.page.get_by_text("未发出")).to_have_count(0)
    expect(citizen.page.get_by_text("网络不通")).to_have_count(0)
    said_once(citizen, "何秀英")
    assert len(turns.ids) > 1 and len(set(turns.ids)) == 1
    assert citizen.faults == []


def test_conversation_goes_on_after_the_bot_was_killed(citizen: Citizen, stack: Stack) -> None:
    begin(citizen)
    turns = Turns(citizen)
    before = stack.states()["bot"]["pid"]
    stack.kill("bot")
    citizen.page.locator("textarea").fill("何秀英")
    citizen.press("发送")
    again = citizen.page.get_by_text("未发出 · 点此重发")
    answered = citizen.page.get_by_text("身份证号是多少")
    deadline = time.monotonic() + _BACK_S
    while not answered.count():
        assert time.monotonic() < deadline, "the conversation did not go on"
        expect(again.or_(answered).first).to_be_visible()
        if again.count():
            citizen.picture("41-bot-down")
            wait_for_bot(stack, before)
            again.click()
    assert turns.refused > 0
    assert len(set(turns.ids)) == 1
    said_once(citizen, "何秀英")
    citizen.say("430121199207154022", "民族")
    assert citizen.faults == []


def wait_for_bot(stack: Stack, before: int) -> None:
    """The supervisor has started it again and it answers."""
    stack.wait_ready(_BACK_S)
    assert stack.states()["bot"]["pid"] != before
