"""What a citizen sees and does on the pages, each widget included."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from backoffice.signatures.strokes import read_strokes

EXIF_ORIENTATION, EXIF_MAKER = 0x0112, 0x010F


def press(page: Page, name: str) -> None:
    """Presses the newest button of that name."""
    page.get_by_role("button", name=name, exact=True).last.click()


def say(page: Page, text: str) -> None:
    page.locator("textarea").fill(text)
    press(page, "发送")


def photo_with_exif(folder: Path) -> Path:
    """A large picture, to be turned by its EXIF orientation, that names its camera."""
    path = folder / "photo.jpg"
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    exif[EXIF_MAKER] = "TESTCAMERA"
    Image.new("RGB", (3000, 1500), "#c8d8e8").save(path, exif=exif)
    return path


def choose(page: Page, path: Path, button: str = "选择图片") -> None:
    with page.expect_file_chooser() as chooser:
        press(page, button)
    chooser.value.set_files(path)
    press(page, "用这张")


def last_upload(page: Page, mock_url: str) -> bytes:
    return page.request.get(f"{mock_url}/mock/upload").body()


def part_of(body: bytes, name: str) -> str:
    """The plain field of that name in a multipart body."""
    after = body.split(f'name="{name}"\r\n\r\n'.encode())[1]
    return after.split(b"\r\n--")[0].decode()


def sign_in(page: Page) -> None:
    press(page, "办居住证")
    press(page, "租房")
    page.get_by_label("六位验证码").locator("input").fill("123456")
    press(page, "确认验证码")
    expect(page.get_by_text("登录好了")).to_be_visible()


def write_name(page: Page) -> None:
    box = page.locator(".paper").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 120, steps=6)
    page.mouse.up()


def test_whole_application_with_every_widget(page: Page, mock_url: str, tmp_path: Path) -> None:
    outside: list[str] = []
    own = (mock_url, "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(own) else outside.append(r.url))
    sign_in(page)

    press(page, "拍身份证人像面")
    press(page, "拍照")
    press(page, "拍下来")
    press(page, "用这张")
    expect(page.get_by_text("认出来了")).to_be_visible()

    press(page, "拍身份证国徽面")
    choose(page, photo_with_exif(tmp_path))
    expect(page.get_by_text("您同意采集和使用人脸照片吗")).to_be_visible()

    press(page, "同意")
    press(page, "对着镜头核对本人")
    press(page, "不用这个方式")
    expect(page.get_by_text("没关系")).to_be_visible()

    press(page, "上传租赁合同")
    choose(page, photo_with_exif(tmp_path), "选择图片或 PDF")
    press(page, "上传证件照")
    choose(page, photo_with_exif(tmp_path))

    press(page, "开始签名")
    press(page, "写好了")
    expect(page.get_by_text("请先在框里写上姓名")).to_be_visible()
    write_name(page)
    press(page, "写好了")
    expect(page.get_by_text("申请已提交")).to_be_visible()
    sent = last_upload(page, mock_url)
    assert b"\x89PNG" in sent
    (stroke,) = read_strokes(part_of(sent, "strokes"))
    assert len(stroke) >= 6 and stroke[0][2] == 0 < stroke[-1][2]
    assert stroke[-1][0] - stroke[0][0] > 100 and stroke[-1][1] - stroke[0][1] > 60
    assert outside == []


def test_picture_is_sent_small_upright_and_without_exif(
    page: Page, mock_url: str, tmp_path: Path
) -> None:
    sign_in(page)
    press(page, "拍身份证人像面")
    choose(page, photo_with_exif(tmp_path))
    expect(page.get_by_text("认出来了")).to_be_visible()
    body = last_upload(page, mock_url)
    assert b"TESTCAMERA" not in body
    start, end = body.index(b"\xff\xd8"), body.rindex(b"\xff\xd9") + 2
    picture = Image.open(io.BytesIO(body[start:end]))
    assert picture.format == "JPEG"
    assert picture.size == (1000, 2000)
    assert dict(picture.getexif()) == {}


def test_file_that_is_no_picture_is_explained(page: Page, tmp_path: Path) -> None:
    sign_in(page)
    press(page, "拍身份证人像面")
    fake = tmp_path / "card.jpg"
    fake.write_bytes(b"%PDF-1.4 not a picture")
    with page.expect_file_chooser() as chooser:
        press(page, "选择图片")
    chooser.value.set_files(fake)
    expect(page.get_by_text("这张图片打不开")).to_be_visible()


def test_message_written_offline_is_kept_over_a_reload_and_sent_once(
    page: Page, phone: BrowserContext, mock_url: str
) -> None:
    page.route("**/messages*", lambda route: route.abort())
    say(page, "房东不配合怎么办")
    expect(page.get_by_text("未发出 · 点此重发")).to_be_visible()
    page.unroute("**/messages*")
    page.reload()
    expect(page.get_by_text("收到：“房东不配合怎么办”")).to_have_count(1)
    expect(page.get_by_text("未发出")).to_have_count(0)


def test_answer_lost_on_the_way_is_shown_once(page: Page, mock_url: str) -> None:
    say(page, "/drop")
    expect(page.get_by_text("收到：“/drop”")).to_have_count(1)
    attempts = page.request.get(f"{mock_url}/mock/attempts").json()[-1]
    assert len(attempts) == 2
    assert len(set(attempts)) == 1


def test_half_written_sentence_survives_a_reload(page: Page) -> None:
    page.locator("textarea").fill("我想问一下")
    page.reload()
    expect(page.locator("textarea")).to_have_value("我想问一下")


def test_keyboard_sends_with_enter_and_breaks_the_line_with_shift(page: Page) -> None:
    field = page.locator("textarea")
    field.press_sequentially("第一行")
    field.press("Shift+Enter")
    field.press_sequentially("第二行")
    expect(field).to_have_value("第一行\n第二行")
    # While a word is being composed, Enter belongs to the input method.
    field.evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true}))"
    )
    expect(field).to_have_value("第一行\n第二行")
    field.press("Enter")
    expect(page.locator(".bubble.me")).to_have_text("第一行\n第二行")
    expect(field).to_have_value("")


def test_later_message_of_a_clerk_appears_by_itself(page: Page, mock_url: str) -> None:
    page.request.post(f"{mock_url}/mock/later", data={"text": "您的申请需要补正：请重拍合同。"})
    expect(page.get_by_text("请重拍合同")).to_be_visible()
    page.wait_for_timeout(6_000)
    expect(page.get_by_text("请重拍合同")).to_have_count(1)


def test_results_are_shown_only_after_signing_in(page: Page) -> None:
    page.get_by_role("link", name="我的结果").click()
    press(page, "去登录")
    page.get_by_label("六位验证码").locator("input").fill("123456")
    press(page, "确认验证码")
    expect(page.get_by_text("登录好了")).to_be_visible()
    page.get_by_role("link", name="我的结果").click()
    expect(page.get_by_text("已撤销")).to_be_visible()
    page.get_by_role("link", name="居住证申领").click()
    expect(page.locator("img[src^=blob]")).to_be_visible()
    with page.expect_download() as download:
        press(page, "下载 PDF 文件")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


def test_application_shows_its_history_and_leads_to_the_result(page: Page) -> None:
    sign_in(page)
    page.get_by_role("link", name="我的办件").click()
    expect(page.get_by_text("请按通知补正")).to_be_visible()
    page.get_by_role("link", name="广东省居住证").click()
    expect(page.get_by_text("窗口人员受理了申请")).to_be_visible()
    press(page, "查看办理结果")
    expect(page.get_by_text("SW-7K2M-Q9FD-XT4C")).to_be_visible()


def test_leaving_clears_the_device(page: Page) -> None:
    say(page, "我住在一个秘密地方")
    expect(page.get_by_text("收到：“我住在")).to_be_visible()
    token = page.evaluate("JSON.parse(localStorage['xz.conversation']).token")
    press(page, "结束并清除")
    page.get_by_role("dialog").get_by_role("button", name="结束并清除").click()
    expect(page.get_by_text("收到：“我住在")).to_have_count(0)
    expect(page.get_by_text("您好，我是小政")).to_be_visible()
    kept = page.evaluate("JSON.stringify({...localStorage})")
    assert "秘密" not in kept
    assert token not in kept


def test_demo_system_says_so_loudly_on_every_page(page: Page) -> None:
    for link in ("我的办件", "我的结果", "办事"):
        page.get_by_role("link", name=link).click()
        expect(page.get_by_text("演示系统")).to_be_visible()


def test_targets_and_letters_are_large_and_larger_for_the_old(page: Page) -> None:
    sizes = """() => [...document.querySelectorAll('[role=button],[role=link]')]
        .map(e => e.getBoundingClientRect()).map(r => Math.min(r.width, r.height))"""
    letters = "() => parseFloat(getComputedStyle(document.querySelector('.bubble')).fontSize)"
    assert min(page.evaluate(sizes)) >= 48
    assert page.evaluate(letters) >= 18
    press(page, "大字")
    expect(page.get_by_role("button", name="标准", exact=True)).to_be_visible()
    assert min(page.evaluate(sizes)) >= 60
    assert page.evaluate(letters) >= 24
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
