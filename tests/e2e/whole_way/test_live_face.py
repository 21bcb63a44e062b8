"""The challenge before the camera in a real browser, judged by the real models.

The camera's picture is a portrait that is made to move, so this shows that page, interface and
judgement fit together; what such a puppet proves about people is in docs/identity-faces.md.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from ops.stack import Stack
from ops.suites import CHROMIUM_ADVICE, find_chromium
from tests.e2e.whole_way.citizen import Citizen
from tests.e2e.whole_way.conftest import PATIENCE_MS, PHONE
from tests.e2e.whole_way.face_camera import FaceCamera
from tests.e2e.whole_way.test_whole_way import fill_in

ON_CARD, BEFORE_CAMERA = "person_b_2", "person_b_1"
START = "对着镜头核对本人"


@contextmanager
def phone_with(
    folder: Path, *, alive: bool, name: str = BEFORE_CAMERA
) -> Iterator[tuple[BrowserContext, FaceCamera]]:
    """A phone with this face before its camera."""
    executable = find_chromium()
    if executable is None:
        pytest.skip(CHROMIUM_ADVICE)
    film = folder / "camera.y4m"
    camera = FaceCamera(film, name, alive=alive)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )
        context = browser.new_context(
            viewport=PHONE, is_mobile=True, has_touch=True, permissions=["camera"],
            locale="zh-CN", timezone_id="Asia/Shanghai",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        yield context, camera
        browser.close()
    camera.close()


def come_to_the_face(citizen: Citizen, phone: str) -> None:
    """Everything before it."""
    citizen.open()
    fill_in(citizen, ON_CARD, phone)
    citizen.press("到服务站/大厅领取", "做两个小动作", "不会由机器说“不行”")
    citizen.press("同意", "对着镜头照大字提示")


def follow(page: Page, camera: FaceCamera) -> list[str]:
    """Do what the screen says until nothing more is asked for; returns what that was."""
    stage, asked = page.locator("[data-phase]"), list[str]()
    expect(stage).to_have_attribute("data-phase", "acting")
    while stage.get_attribute("data-phase") in ("ready", "acting"):
        action = stage.get_attribute("data-action") or ""
        if action and action not in asked:
            asked.append(action)
            camera.look(0.6)  # reads
            camera.do(action)
        camera.look(0.1)
    return asked


def camera_is_off(page: Page) -> None:
    """No picture runs in the page any more."""
    expect(page.locator("video")).to_have_count(0)


def test_a_living_face_is_settled_at_once(stack: Stack, tmp_path: Path) -> None:
    with phone_with(tmp_path, alive=True) as (phone, camera):
        citizen = Citizen(phone.new_page(), stack.url)
        come_to_the_face(citizen, "13800000071")
        citizen.press(START)
        citizen.picture("20-live-before")
        citizen.page.get_by_role("button", name="开始", exact=True).click()
        asked = follow(citizen.page, camera)
        assert asked[0] == "look_straight" and asked[-1] == "back" and len(asked) == 4
        camera_is_off(citizen.page)
        # Nobody has to look: what the registers say is told to the person it is about.
        expect(citizen.page.get_by_text("和身份证照片对上了")).to_be_visible()
        citizen.hears("租房合同")
        expect(citizen.page.get_by_text("这几条都符合")).to_be_visible()
        assert citizen.page.get_by_text("工作人员会核对").count() == 0
        citizen.picture("21-live-settled")
        assert citizen.faults == []


REFUSED = re.compile("没有看到您在动|以前用过了")
"""Without a camera's noise a photograph's pictures are also those of any earlier film of it."""


def test_a_photograph_before_the_camera_does_not_pass(stack: Stack, tmp_path: Path) -> None:
    with phone_with(tmp_path, alive=False) as (phone, camera):
        citizen = Citizen(phone.new_page(), stack.url)
        come_to_the_face(citizen, "13800000072")
        citizen.press(START)
        for button in ("开始", "再拍一次"):
            citizen.page.get_by_role("button", name=button, exact=True).click()
            follow(citizen.page, camera)
            camera_is_off(citizen.page)
            if button == "开始":
                expect(citizen.page.get_by_role("alert")).to_contain_text(REFUSED)
                citizen.picture("22-live-refused")
        expect(citizen.page.get_by_text("自拍收到了，工作人员会核对")).to_be_visible()
        assert citizen.page.get_by_text("和身份证照片对上了").count() == 0
        assert citizen.faults == []
