"""Draw specimen identity cards of the demonstration's invented people.

    python -m integrations.vision.draw_card data/demo/people.yml data/demo/cards

Marked as specimens and without a photo: no real person's face belongs on them.
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from integrations.registers.people import DemoPerson, load_people

_SIZE = (1011, 638)
_LABEL, _INK, _RED = "#3a6ea5", "#111111", "#c03030"
_ADDRESS_LINE = 12
_ISSUED = date(2024, 5, 20)
_FONT = Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"


def draw_card(person: DemoPerson) -> Image.Image:
    """The front, as a clean scan."""
    card = Image.new("RGB", _SIZE, "#e4ecf3")
    pen = ImageDraw.Draw(card)

    def write(x: int, y: int, text: str, size: int = 34, colour: str = _INK) -> None:
        pen.text((x, y), text, fill=colour, font=ImageFont.truetype(_FONT, size))

    for x, y, label in ((70, 75, "姓名"), (70, 150, "性别"), (290, 150, "民族"), (70, 225, "出生"),
                        (70, 300, "住址"), (70, 545, "公民身份号码")):  # fmt: skip
        write(x, y, label, 30, _LABEL)
    number = person.id_no
    write(170, 70, person.name, 38)
    write(170, 147, person.sex)
    write(380, 147, person.ethnicity)
    write(170, 222, f"{number[6:10]} 年 {int(number[10:12])} 月 {int(number[12:14])} 日")
    for line, at in enumerate(range(0, len(person.hukou_address), _ADDRESS_LINE)):
        write(170, 297 + 50 * line, person.hukou_address[at : at + _ADDRESS_LINE])
    write(330, 535, number, 44)
    pen.rectangle((700, 90, 951, 431), fill="#c9cdd1")
    write(720, 465, "样例 SPECIMEN", 26, _RED)
    return card


def draw_back(valid_from: date, years: int | None) -> Image.Image:
    """The emblem side, without an emblem; `years` None: without end."""
    card = Image.new("RGB", _SIZE, "#e4ecf3")
    pen = ImageDraw.Draw(card)
    until = "长期" if years is None else f"{valid_from.year + years}.{valid_from:%m.%d}"
    for x, y, text, size, colour in (
        (330, 90, "中华人民共和国", 56, _INK),
        (360, 190, "居 民 身 份 证", 56, _INK),
        (70, 430, "签发机关", 30, _LABEL),
        (240, 425, "佛山市公安局禅城分局", 36, _INK),
        (70, 510, "有效期限", 30, _LABEL),
        (240, 505, f"{valid_from:%Y.%m.%d}-{until}", 36, _INK),
        (720, 580, "样例 SPECIMEN", 26, _RED),
    ):
        pen.text((x, y), text, fill=colour, font=ImageFont.truetype(_FONT, size))
    return card


def period_of(person: DemoPerson) -> tuple[date, int | None]:
    """From when and for how many years the specimen is good (居民身份证法, Article 5)."""
    number = person.id_no
    birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    issued = max(_ISSUED, birth + timedelta(days=30))
    age = (issued - birth).days // 365.25
    return issued, next(
        (years for below, years in ((16, 5), (26, 10), (46, 20)) if age < below), None
    )


def main(people_file: str, folder: str) -> None:
    """Draw everybody; the file's name is the person's."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for person in load_people(Path(people_file)).values():
        draw_card(person).save(target / f"{person.name}.jpg", quality=85)
        draw_back(*period_of(person)).save(target / f"{person.name}-背面.jpg", quality=85)


if __name__ == "__main__":
    main(*sys.argv[1:])
