"""A citizen at the chat page: says, presses, uploads, signs, and waits for what is said back."""

import io
import os
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from ops.env import ROOT

CARDS = ROOT / "data" / "demo" / "cards"
FACES = ROOT / "tests" / "fixtures" / "pictures"
# where the demo cards have a grey field for the photograph, in pixels of the card
_PHOTO_BOX = (700, 90, 951, 430)
_INBOX_S = 60


def card_with_face(name: str, face: str) -> bytes:
    """The demo's card of that person with a portrait in its empty field."""
    card = Image.open(CARDS / f"{name}.jpg").convert("RGB")
    portrait = Image.open(FACES / f"{face}.jpg").convert("RGB")
    width, height = _PHOTO_BOX[2] - _PHOTO_BOX[0], _PHOTO_BOX[3] - _PHOTO_BOX[1]
    cut = min(portrait.width, portrait.height * width // height)
    left = (portrait.width - cut) // 2
    shown = portrait.crop((left, 0, left + cut, cut * height // width)).resize((width, height))
    card.paste(shown, _PHOTO_BOX[:2])
    return _jpeg(card)


def card_back(name: str) -> bytes:
    """The other side of that card."""
    return (CARDS / f"{name}-背面.jpg").read_bytes()


def face(name: str) -> bytes:
    """A portrait as a selfie."""
    return (FACES / f"{name}.jpg").read_bytes()


def paper() -> bytes:
    """A photographed paper: light, with dark lines."""
    page = Image.new("L", (900, 1200), 250)
    for line in range(24):
        page.paste(30, (80, 150 + 40 * line, 820 - 13 * (line % 5), 162 + 40 * line))
    return _jpeg(page.convert("RGB"))


def _jpeg(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=90)
    return target.getvalue()


class Citizen:
    """One person and his phone.

    Attributes:
        page: the browser's page, for what the chat has no word for.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.faults: list[str] = []
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))

    def open(self) -> None:
        """Go to the chat and be greeted."""
        self.page.goto(self.url)
        expect(self.page.get_by_text("我是小政").first).to_be_visible()

    def picture(self, name: str) -> None:
        """A picture of the screen, when `XZ_SCREENSHOTS` names a folder."""
        if folder := os.environ.get("XZ_SCREENSHOTS"):
            self.page.wait_for_timeout(700)  # the scroll comes to rest
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def last(self) -> Locator:
        """What the bot said last."""
        return self.page.locator(".bubble.bot").last

    def hears(self, *parts: str) -> None:
        """Wait until the last thing said contains all of this."""
        for part in parts:
            expect(self.last()).to_contain_text(part)

    def say(self, text: str, *heard: str) -> None:
        """Type and send; wait for the answer."""
        self.page.locator("textarea").fill(text)
        self.press("发送")
        self.hears(*heard)

    def press(self, name: str, *heard: str) -> None:
        """Press the newest button of that name; wait for the answer."""
        self.page.get_by_role("button", name=name, exact=True).last.click()
        self.hears(*heard)

    def upload(self, button: str, content: bytes, *heard: str, choose: str = "选择图片") -> None:
        """Open the upload, choose a picture, look at it, send it; wait for the answer."""
        self.press(button)
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=choose).last.click()
        file = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content}
        chooser.value.set_files(file)  # type: ignore[arg-type]
        self.press("用这张")
        self.hears(*heard)

    def sign(self, *heard: str) -> None:
        """Write something like a name on the pad and hand it in."""
        self.press("开始签名")
        box = self.page.locator(".paper").bounding_box()
        assert box is not None
        x, y = box["x"], box["y"]
        for start in (40, 130, 220):
            self.page.mouse.move(x + start, y + 50)
            self.page.mouse.down()
            self.page.mouse.move(x + start + 60, y + 120, steps=5)
            self.page.mouse.move(x + start + 10, y + 130, steps=5)
            self.page.mouse.up()
        self.picture("05-signature")
        self.press("写好了", *heard)

    def code_sent_to(self, phone: str) -> str:
        """The newest code in the demonstration's inbox for this number."""
        deadline = time.monotonic() + _INBOX_S
        while time.monotonic() < deadline:
            for message in self.page.request.get(f"{self.url}/demo/inbox").json()["messages"]:
                code = message.get("params", {}).get("code")
                if message["to"] == phone and code:
                    return str(code)
        raise AssertionError("no code came")

    def enter_code(self, code: str, *heard: str) -> None:
        """Type the six digits that came by SMS."""
        self.page.get_by_label("六位验证码").locator("input").fill(code)
        self.press("确认验证码", *heard)

    def go(self, tab: str) -> None:
        """Another of the three pages."""
        self.page.get_by_role("link", name=tab).click()
