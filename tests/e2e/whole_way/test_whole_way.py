"""From 我要办居住证 to a result that a third person checks, through real processes and browsers."""

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import httpx
import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from backoffice.results.credential import KEYS_PATH
from ops.env import ROOT
from ops.stack import Stack
from tests.e2e.whole_way.citizen import Citizen, card_back, card_with_face, face, paper
from tests.e2e.whole_way.clerk import Clerk
from verifier import new_code

PHONE_NUMBER = "13800000001"
ID_NO = "11010519491231002X"


def fill_in(citizen: Citizen, portrait: str = "person_a_1", phone: str = PHONE_NUMBER) -> None:
    """From the first word to the papers, by typing, pressing and taking pictures."""
    citizen.say("我要办居住证", "是给您自己办")
    citizen.press("本人", "您在佛山办过居住登记吗")
    citizen.press("已登记满半年", "身份证的正面")
    card = card_with_face("测试员", portrait)
    citizen.upload("拍身份证人像面", card, "我从身份证上读到", "测**", "1101**********002X")
    citizen.picture("02-card")
    citizen.press("对", "请翻过来，再拍有国徽的一面")
    citizen.upload("拍身份证国徽面", card_back("测试员"), "您的手机号是多少")
    citizen.say(phone, f"验证码已经发到 {phone[:3]}****{phone[-4:]}")
    citizen.picture("03-code")
    citizen.enter_code(citizen.code_sent_to(phone), "因为什么来办")
    citizen.press("工作", "哪个镇街")
    citizen.say("石湾镇街道澜石社区", "详细地址")
    citizen.say("澜石二路8号3栋502房", "哪一天住进来")
    citizen.say("2024年3月1日", "租的")
    citizen.press("租房", "房东叫什么名字")
    citizen.say("黄大强", "房东的手机号")
    citizen.say("13911112222", "登记号是多少")
    citizen.press("没有，跳过", "哪一天到期")
    citizen.say("2028年3月1日", "在哪里上班")
    citizen.say("为什么要问这个", "在哪里上班")
    expect(citizen.page.get_by_text("要登记在哪里工作")).to_be_visible()
    citizen.say("佛山市样例陶瓷有限公司", "相片回执")
    citizen.press("现场自拍", "证件相片")
    citizen.upload("上传照片", face("person_a_2"), "来大厅或服务站领")


def hand_in(citizen: Citizen) -> None:
    """Consent, selfie, papers, reading back, signature."""
    citizen.press("到服务站/大厅领取", "做两个小动作", "不会由机器说“不行”")
    citizen.picture("04-consent")
    citizen.press("同意", "对着镜头照大字提示")
    citizen.press("对着镜头核对本人")
    citizen.upload("只拍一张照片，由工作人员核对", face("person_a_2"), "租房合同")
    # One picture proves nobody: what the registers say is for the clerk, who looks at the pictures.
    expect(citizen.page.get_by_text("登记情况会由工作人员核对").last).to_be_visible()
    assert citizen.page.get_by_text("符合申领条件").count() == 0
    citizen.upload("上传材料", paper(), "劳动合同")
    citizen.upload("上传材料", paper(), "请核对一遍")
    citizen.hears("1101**********002X", "139****2222")
    citizen.picture("06-review")
    citizen.press("确认提交", "签名")
    citizen.sign("积分入学")  # what may be done next comes last
    expect(said_of_handing_in(citizen)).to_contain_text("SW")
    citizen.picture("07-submitted")


def decoded(picture: bytes, folder: Path) -> str:
    """What a phone's camera reads from the screen."""
    path = folder / "qr.png"
    path.write_bytes(picture)
    codes = zxingcpp.read_barcodes(Image.open(path))
    assert len(codes) == 1
    return codes[0].text


def offline(shown: str, keys: Path) -> subprocess.CompletedProcess[str]:
    """The checker for third parties, as they run it: no network, only the published keys."""
    return subprocess.run(
        [sys.executable, "-m", "verifier", shown, "--keys", str(keys)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def one_letter_changed(token: str) -> str:
    """The same token with one of its middle letters changed."""
    middle = len(token) // 2
    other = "A" if token[middle] != "A" else "B"
    return token[:middle] + other + token[middle + 1 :]


def outcome(page: Page) -> str | None:
    expect(page.locator("section.verdict")).to_be_visible()
    return page.locator("section.verdict").get_attribute("data-outcome")


def move_clock(stack: Stack, days: float) -> None:
    answer = httpx.post(f"{stack.url}/demo/clock", json={"days": days}, timeout=30)
    assert answer.status_code == 200


def days_until_expiry(stack: Stack, code: str) -> int:
    answer = httpx.post(f"{stack.url}/api/v1/verify", json={"code": code}, timeout=30).json()
    end = datetime.fromisoformat(answer["result"]["expires_at"])
    return (end - datetime.fromisoformat(answer["checked_at"])).days + 1


def correct(citizen: Citizen) -> None:
    """The clerk's wish appears by itself; the citizen puts both things right and hands in again."""
    expect(citizen.page.get_by_text("需要补正").last).to_be_visible()
    citizen.hears("请写到门牌号和房号", "缺页，请把每一页都拍上")
    citizen.picture("08-correction")
    citizen.go("我的办件")
    expect(citizen.page.get_by_text("请按通知补正")).to_be_visible()
    citizen.picture("09-applications")
    citizen.go("办事")
    citizen.press("现在补正", "详细地址")
    citizen.say("澜石二路8号3栋602房", "租房合同")
    citizen.upload("上传材料", paper(), "核对")
    citizen.picture("10-corrected")
    citizen.press("确认提交", "请签名")
    citizen.sign("补正的内容已经交回去了")


def look_at_application(citizen: Citizen, number: str) -> None:
    """Masked, in Chinese, with its history."""
    citizen.go("我的办件")
    citizen.page.get_by_role("link", name=number).click()
    expect(citizen.page.get_by_text("已经受理")).to_be_visible()
    shown = citizen.page.locator("uni-page").last.inner_text()
    assert "1101**********002X" in shown
    assert ID_NO not in shown and PHONE_NUMBER not in shown
    citizen.picture("11-application")
    citizen.page.get_by_role("button", name="查看办理结果").click()


def look_at_result(citizen: Citizen) -> tuple[str, bytes]:
    """The result with its QR code. Returns the code and the picture of the QR code as shown."""
    page = citizen.page
    picture = page.locator("img[src^=blob]")
    expect(picture).to_be_visible()
    code = page.locator(".number").inner_text().strip()
    shown = page.locator(".qr").screenshot()
    citizen.picture("12-result")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载 PDF 文件").click()
    assert download.value.suggested_filename.endswith(".pdf")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    return code, shown


def said_of_handing_in(citizen: Citizen) -> Locator:
    return citizen.page.locator(".bubble.bot", has_text="已经提交").last


def number_of(citizen: Citizen) -> str:
    found = re.search(r"SW\d{12}", said_of_handing_in(citizen).inner_text())
    assert found is not None
    return found[0]


def test_citizen_applies_corrects_and_holds_a_result_that_a_stranger_checks(
    stack: Stack,
    citizen: Citizen,
    desk: Page,
    stranger: Page,
    clerks_password: str,
    tmp_path: Path,
) -> None:
    citizen.picture("01-greeting")
    fill_in(citizen)
    hand_in(citizen)
    number = number_of(citizen)

    clerk = Clerk(desk, stack.url)
    clerk.log_in(clerks_password)
    clerk.open_case(number)
    expect(desk.get_by_alt_text("身份证人像面").first).to_be_visible()
    expect(desk.get_by_alt_text("身份证国徽面")).to_be_visible()
    expect(desk.get_by_alt_text("申请人自拍")).to_be_visible()
    expect(desk.locator(".human")).to_have_text("仅供参考，由您判断。")
    clerk.picture("22-case")
    clerk.ask_for_correction(
        {"current_address": "请写到门牌号和房号", "lease": "缺页，请把每一页都拍上"}
    )
    correct(citizen)

    clerk.open_case(number)
    expect(desk.get_by_text("澜石二路8号3栋602房")).to_be_visible()
    clerk.approve()
    clerk.picture("24-approved")
    expect(citizen.page.get_by_text("结果文书出好了")).to_be_visible()
    citizen.picture("13-result-notice")
    look_at_application(citizen, number)
    code, shown = look_at_result(citizen)

    strangers_checks(stack, stranger, code, decoded(shown, tmp_path), tmp_path)
    assert citizen.faults == []


def strangers_checks(stack: Stack, stranger: Page, code: str, qr: str, folder: Path) -> None:
    """By code, by QR code, offline, altered, unknown, and after its last day."""
    stranger.goto(f"{stack.url}/v/{code}")
    assert outcome(stranger) == "genuine"
    picture(stranger, "30-verify-code")
    address, token = qr.split("#")
    stranger.goto(f"{address.lower()}#{token}")
    expect(stranger.locator(".signature.good")).to_be_visible()
    assert outcome(stranger) == "genuine"
    body = stranger.locator("body").inner_text()
    assert "测**" in body or "测*" in body
    assert "测试员" not in body and ID_NO not in body
    picture(stranger, "31-verify-qr")

    keys = folder / "keys.json"
    keys.write_bytes(httpx.get(f"{stack.url}{KEYS_PATH}", timeout=30).content)
    good = offline(qr, keys)
    assert "签名有效" in good.stdout and "测试密钥" in good.stdout, good.stdout + good.stderr
    altered = f"{address}#{one_letter_changed(token)}"
    bad = offline(altered, keys)
    assert bad.returncode == 1 and "改动" in bad.stdout

    stranger.goto("about:blank")
    stranger.goto(f"{address.lower()}#{one_letter_changed(token)}")
    expect(stranger.locator("section.verdict[data-outcome=altered]")).to_be_visible()
    picture(stranger, "32-verify-altered")
    stranger.goto(f"{stack.url}/v/{new_code()}")
    assert outcome(stranger) == "unknown"
    picture(stranger, "33-verify-unknown")

    days = days_until_expiry(stack, code)
    move_clock(stack, days)
    try:
        stranger.goto(f"{stack.url}/v/{code}")
        assert outcome(stranger) == "expired"
        picture(stranger, "34-verify-expired")
    finally:
        move_clock(stack, -days)


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("XZ_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
