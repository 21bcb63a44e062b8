"""The hall's kiosk: its start address, a finger on its sensor, a clerk by video, what is left behind."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.web_mock.conftest import PAGE_TIMEOUT_MS
from tests.e2e.web_mock.test_citizen_pages import press, say

SCREEN = {"width": 1080, "height": 1920}
CODE = "0123456789abcdef.pairing-code_of-the-kiosk"


@pytest.fixture
def kiosk(browser: Browser, mock_url: str) -> Iterator[Page]:
    """The kiosk's browser, started at its address."""
    context = browser.new_context(viewport=SCREEN, has_touch=True, locale="zh-CN")
    context.set_default_timeout(PAGE_TIMEOUT_MS)
    expect.set_options(timeout=PAGE_TIMEOUT_MS)
    page = context.new_page()
    page.goto(f"{mock_url}/#kiosk={CODE}")
    expect(page.get_by_text("我是小政").first).to_be_visible()
    yield page
    context.close()


def picture(page: Page, name: str) -> None:
    """A picture of the screen, when `XZ_SCREENSHOTS` names a folder."""
    if folder := os.environ.get("XZ_SCREENSHOTS"):
        page.wait_for_timeout(700)
        page.screenshot(path=str(Path(folder) / f"kiosk-{name}.png"))


def visits(page: Page, mock_url: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = page.request.get(f"{mock_url}/mock/begun").json()
    return [one for one in found if one.get("channel") == "kiosk"]


def test_a_visit_begins_with_the_pairing_code_and_nobody_sees_it(
    kiosk: Page, mock_url: str
) -> None:
    assert visits(kiosk, mock_url)[-1] == {"channel": "kiosk", "device": CODE}
    assert CODE not in kiosk.url and CODE not in kiosk.content()
    kiosk.reload()
    expect(kiosk.get_by_text("我是小政").first).to_be_visible()
    assert visits(kiosk, mock_url)[-1] == {"channel": "kiosk", "device": CODE}


def test_nothing_of_a_visit_stays_on_the_kiosk(kiosk: Page, mock_url: str) -> None:
    say(kiosk, "我叫王小明")
    expect(kiosk.get_by_text("收到：“我叫王小明”").first).to_be_visible()
    assert "王小明" not in kiosk.evaluate("JSON.stringify(localStorage)")
    say(kiosk, "/end")  # as when the server ends a visit that was left
    expect(kiosk.get_by_text("王小明")).to_have_count(0)
    expect(kiosk.get_by_text("我是小政").first).to_be_visible()


def test_a_finger_is_waited_for_told_when_missing_and_taken(kiosk: Page) -> None:
    say(kiosk, "/finger")
    picture(kiosk, "finger")
    press(kiosk, "开始按指纹")
    expect(kiosk.get_by_text("请把手指平放在指纹机上，按住别动", exact=True)).to_be_visible()
    picture(kiosk, "finger-waiting")
    expect(kiosk.get_by_role("alert")).to_contain_text("没有感到手指")
    picture(kiosk, "finger-again")
    press(kiosk, "再按一次")
    expect(kiosk.get_by_text("两个手指都记好了")).to_be_visible()
    picture(kiosk, "finger-done")


def test_who_waits_for_a_clerk_is_told_until_when_and_goes_on(kiosk: Page) -> None:
    say(kiosk, "/video")
    press(kiosk, "开始等工作人员")
    expect(kiosk.get_by_text("给您留到 10:15")).to_be_visible()
    expect(kiosk.get_by_text("演示里没有真的视频画面")).to_be_visible()
    picture(kiosk, "video")
    expect(kiosk.get_by_text("工作人员在视频里核对过了")).to_be_visible()


def test_a_card_is_asked_for_at_the_reader(kiosk: Page) -> None:
    say(kiosk, "/reader")
    expect(kiosk.get_by_text("请把身份证放在读卡区", exact=True)).to_be_visible()
    picture(kiosk, "reader")
    expect(kiosk.get_by_role("button", name="我打字")).to_be_visible()
