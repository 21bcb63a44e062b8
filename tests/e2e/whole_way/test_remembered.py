"""Remembered at the kiosk and known again: face, fingers, seeing and deleting what is kept.

Real processes, a real browser, the real models; a portrait made to move and drawn fingers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from ops.stack import Stack
from ops.suites import CHROMIUM_ADVICE, find_chromium
from tests.e2e.whole_way.citizen import Citizen, card_back, card_with_face, face, paper
from tests.e2e.whole_way.conftest import PATIENCE_MS
from tests.e2e.whole_way.face_camera import FaceCamera
from tests.e2e.whole_way.test_live_face import BEFORE_CAMERA, ON_CARD, START, follow

SCREEN = {"width": 1080, "height": 1920}
# Nobody else in these tests: a number belongs to one account.
NAME, PHONE = "陈阿福", "13800000081"
ONE, OTHER, SOMEBODYS = "测试员", "测试员（另一指）", "李小梅"


class Kiosk(Citizen):
    """The hall's machine with somebody before its camera."""

    camera: FaceCamera

    def move_as_asked(self) -> None:
        """The challenge, from the button to the end of the movements."""
        self.press(START)
        self.page.get_by_role("button", name="开始", exact=True).click()
        follow(self.page, self.camera)

    def lay(self, finger: str | None) -> None:
        """Lay an invented finger on the sensor; None lifts it."""
        what = {"remove": True} if finger is None else {"finger": finger}
        assert httpx.post(f"{self.url}/demo/finger", json=what, timeout=30).status_code == 200

    def finger(self, whose: str, heard: str) -> None:
        """Begin on the page, then lay it on; wait for what is said, and lift it."""
        self.page.get_by_role("button", name="开始按指纹", exact=True).last.click()
        expect(self.page.get_by_text("请把手指平放在指纹机上，按住别动")).to_be_in_viewport()
        self.lay(whose)
        expect(self.page.get_by_text(heard).last).to_be_visible()
        self.lay(None)


@contextmanager
def kiosk_at(url: str, folder: Path) -> Iterator[Kiosk]:
    """The kiosk's page, begun with its pairing code."""
    executable = find_chromium()
    if executable is None:
        pytest.skip(CHROMIUM_ADVICE)
    film = folder / "camera.y4m"
    camera = FaceCamera(film, BEFORE_CAMERA, alive=True)
    pairing = httpx.get(f"{url}/demo/card-reader", timeout=30).json()["device"]
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
            viewport=SCREEN, has_touch=True, permissions=["camera"], locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        kiosk = Kiosk(context.new_page(), f"{url}/#kiosk={pairing}")
        kiosk.camera = camera
        kiosk.open()
        kiosk.url = url
        yield kiosk
        assert kiosk.faults == []
        browser.close()
    camera.close()


def apply_and_prove(kiosk: Kiosk) -> None:
    """A residence permit at the kiosk with a photographed card and the face before the camera."""
    kiosk.say("我要办居住证", "是给您自己办")
    kiosk.press("本人", "您在佛山办过居住登记吗")
    kiosk.press("已登记满半年", "读卡区")
    kiosk.press("不刷卡，拍照", "身份证的正面")
    assert kiosk.page.get_by_text("没听明白").count() == 0
    kiosk.upload("拍身份证人像面", card_with_face(NAME, ON_CARD), "我从身份证上读到")
    kiosk.press("对", "请翻过来")
    kiosk.upload("拍身份证国徽面", card_back(NAME), "您的手机号是多少")
    kiosk.say(PHONE, "验证码已经发到")
    kiosk.enter_code(kiosk.code_sent_to(PHONE), "因为什么来办")
    for button, answer, then in (
        ("工作", "", "哪个镇街"),
        ("", "石湾镇街道澜石社区", "详细地址"),
        ("", "澜石二路8号3栋502房", "哪一天住进来"),
        ("", "2024年3月1日", "租的"),
        ("租房", "", "房东叫什么名字"),
        ("", "黄大强", "房东的手机号"),
        ("", "13911112222", "登记号是多少"),
        ("没有，跳过", "", "哪一天到期"),
        ("", "2028年3月1日", "在哪里上班"),
        ("", "佛山市样例陶瓷有限公司", "相片回执"),
        ("现场自拍", "", "证件相片"),
    ):
        if button:
            kiosk.press(button, then)
        else:
            kiosk.say(answer, then)
    kiosk.upload("上传照片", face(ON_CARD), "来大厅或服务站领")
    kiosk.press("到服务站/大厅领取", "做两个小动作")
    kiosk.press("同意", "对着镜头照大字提示")
    kiosk.move_as_asked()
    expect(kiosk.page.get_by_text("和身份证照片对上了")).to_be_visible()
    kiosk.hears("租房合同")
    kiosk.upload("上传材料", paper(), "劳动合同")
    kiosk.upload("上传材料", paper(), "请核对一遍")
    kiosk.press("确认提交", "签名")
    kiosk.sign("我可以记住您")


def test_face_and_fingers_are_kept_confirm_and_are_deleted(stack: Stack, tmp_path: Path) -> None:
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
    with kiosk_at(stack.url, tmp_path / "first") as kiosk:
        apply_and_prove(kiosk)
        kiosk.press("看看说明", "只存特征")
        kiosk.picture("40-consent-to-be-remembered")
        assert kiosk.page.get_by_text("先说一句要紧的").count() == 0
        kiosk.press("同意，记住我", "请正对镜头")
        kiosk.move_as_asked()
        expect(kiosk.page.get_by_text("没有存照片").last).to_be_visible()
        for finger, heard in (
            (ONE, "还要再按一次"),
            (ONE, "换另一个手指"),
            (OTHER, "第 2 个）拿起来"),
            (OTHER, "两个手指都记好了"),
        ):
            kiosk.finger(finger, heard)
        kiosk.picture("41-fingers-kept")
    with kiosk_at(stack.url, tmp_path / "again") as kiosk:
        kiosk.press("我来过，刷脸", "画面比完就丢")
        kiosk.press("同意，开始刷脸", "请正对镜头")
        kiosk.move_as_asked()
        kiosk.hears("再用一种办法确认")
        shown = kiosk.page.locator("[role=log]").inner_text()
        assert NAME[0] not in shown and PHONE[-4:] not in shown, "nothing is said until confirmed"
        kiosk.press("按指纹", "登记过的手指")
        kiosk.finger(SOMEBODYS, "没有对上")
        kiosk.finger(OTHER, "确认是您，欢迎回来")
        kiosk.picture("42-known-again")
        kiosk.go("我的办件")
        kiosk.page.get_by_text("我的资料").last.click()
        expect(kiosk.page.get_by_text("2 个手指的指纹特征")).to_be_visible()
        kiosk.picture("43-what-is-kept")
        kiosk.page.get_by_role("button", name="删除，并撤回同意").click()
        kiosk.page.get_by_role("button", name="确定删除").click()
        expect(kiosk.page.get_by_text("2 个手指的指纹特征")).to_have_count(0)
        kiosk.picture("44-deleted")
