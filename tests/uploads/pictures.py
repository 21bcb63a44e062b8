"""Pictures and papers that the tests send, made in memory."""

import io
from datetime import date
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from integrations.ports import CardReading

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "pictures"


READ = CardReading(
    "测试员", "男", "汉", date(1949, 12, 31), "北京市朝阳区建国门外大街", "11010519491231002X"
)
"""What the drawn card says."""


def sample(name: str) -> bytes:
    """A file of tests/fixtures/pictures."""
    return (FOLDER / name).read_bytes()


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 800, height: int = 600, mode: str = "RGB") -> Image.Image:
    """A picture with something on it, so that it is neither blank nor noise."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    ImageDraw.Draw(picture).ellipse((width // 4, height // 4, width // 2, height // 2), "#a03020")
    return picture.convert(mode)


def card_with_face(name: str) -> bytes:
    """The drawn card with a portrait where the photo belongs."""
    card = Image.open(FOLDER / "front.png").convert("RGB")
    portrait = Image.open(FOLDER / name).convert("RGB")
    portrait.thumbnail((251, 341))
    card.paste(portrait, (700, 90))
    return encoded(card, quality=90)


def two_faces() -> bytes:
    first, second = (
        Image.open(FOLDER / f"{n}.jpg").resize((480, 600)) for n in ("person_a_2", "person_b_2")
    )
    both = Image.new("RGB", (960, 600))
    both.paste(first, (0, 0))
    both.paste(second, (480, 0))
    return encoded(both)


def signature(strokes: bool = True, transparent: bool = True) -> bytes:
    picture = Image.new("RGBA", (400, 160), (0, 0, 0, 0) if transparent else "white")
    if strokes:
        ImageDraw.Draw(picture).line([(40, 120), (120, 40), (200, 120), (330, 50)], "black", 4)
    return encoded(picture, "PNG")


def pdf(pages: int = 2, *, trap: str | None = None) -> bytes:
    """A PDF; `trap`: what is hidden in it."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(300, 400)
    if trap == "script":
        action = DictionaryObject(
            {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
        )
        writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)
    if trap == "attachment":
        writer.add_attachment("a.exe", b"MZ")
    if trap == "password":
        writer.encrypt("geheim")
    if trap == "launch":
        action = DictionaryObject(
            {NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("cmd.exe")}
        )
        writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)
    if trap == "page script":
        action = DictionaryObject(
            {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
        )
        writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): action})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
