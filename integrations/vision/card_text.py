"""From lines of text on a picture to the parts of an identity card (GA 461 layout). Pure."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import atan2, cos, sin

from integrations.ports import CardReading

_HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_NUMBER = re.compile(r"(?<!\d)([1-9]\d{16}[\dXx])(?![\dXx])")
_BIRTH = re.compile(r"((?:18|19|20)\d{2})年?(\d{1,2})月(\d{1,2})日?")
_NAME = re.compile(rf"^姓名[:：]?([{_HAN}][{_HAN}·]{{0,24}}[{_HAN}])$")
_ONLY_NAME = re.compile(rf"^([{_HAN}][{_HAN}·]{{0,24}}[{_HAN}])$")
_SEX = re.compile(r"性?别?[:：]?([男女])")
_ETHNICITY = re.compile(rf"民族[:：]?([{_HAN}]{{1,6}})")
_LABELS = re.compile(r"^(姓名|性别|民族|出生|住址|公民身份号码)")
# What OCR makes of digits in a long number.
_LOOK_ALIKE = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "×": "X", "х": "X"})
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# Name and address begin right of their labels and end left of the photo: in heights of a character.
_ADDRESS_REACH = 8.0


@dataclass(frozen=True)
class Line:
    """One piece of text. `box`: its four corners, clockwise from the upper left."""

    text: str
    box: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class _Piece:
    text: str
    left: float
    middle: float
    height: float


@dataclass(frozen=True)
class Row:
    """Pieces side by side, left to right."""

    pieces: tuple[_Piece, ...]

    @property
    def text(self) -> str:
        """Its words without spaces."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def middle(self) -> float:
        """Its height on the straightened card, pixels."""
        return statistics.fmean(piece.middle for piece in self.pieces)


def parse_card(lines: Sequence[Line]) -> CardReading:
    """The parts of a card's front; what is not certain to be that part is None.

    The number is taken as printed, also when its check digit is wrong: judging it is not reading.
    """
    rows = rows_of(lines)
    number_row, id_no = _number(rows)
    birth_row, birth = _birth(rows)
    sex_row = next(
        (i for i, row in enumerate(rows) if "民族" in row.text or "性别" in row.text), None
    )
    facts = rows[sex_row].text if sex_row is not None else ""
    sex, ethnicity = _SEX.search(facts), _ETHNICITY.search(facts)
    if birth is None and id_no is not None and _adds_up(id_no):
        birth = _date(id_no[6:10], id_no[10:12], id_no[12:14])
    return CardReading(
        name=_name(rows, sex_row),
        sex=sex.group(1) if sex else None,
        ethnicity=ethnicity.group(1) if ethnicity else None,
        birth=birth,
        address=_address(rows, birth_row, number_row),
        id_no=id_no,
    )


def looks_like_card(lines: Sequence[Line], face: tuple[float, float, float, float]) -> bool:
    """Whether a face (left, top, width, height) is the photo printed on a card.

    The labels stand beside it, or the long number below it in one line wider than the face. Text
    elsewhere (a poster, a card held beside one's own larger face) says nothing.
    """
    left, top, width, height = face
    labels = 0
    for line in lines:
        text = re.sub(r"\s+", "", line.text)
        xs, ys = [x for x, _ in line.box], [y for _, y in line.box]
        beside = max(xs) < left + width / 2 and top - 2 * height < min(ys) < top + 3 * height
        if beside and _LABELS.match(text):
            labels += 1
        digits = text.partition("号码")[2] or text
        below = top + height < min(ys) < top + 4 * height
        if below and _NUMBER.search(digits) and max(xs) - min(xs) > width:
            return True
    return labels >= 2


def parts_read(reading: CardReading) -> int:
    """How many parts were read; a number that adds up counts double, to compare attempts."""
    parts = (
        reading.name, reading.sex, reading.ethnicity, reading.birth, reading.address, reading.id_no,
    )  # fmt: skip
    return sum(part is not None for part in parts) + (
        reading.id_no is not None and _adds_up(reading.id_no)
    )


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """Lines side by side joined, top to bottom, after turning a slanted card straight."""
    pieces = _straightened(lines)
    rows: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda p: p.middle):
        last = rows[-1] if rows else None
        if last and abs(piece.middle - last[-1].middle) < 0.55 * min(piece.height, last[-1].height):
            last.append(piece)
        else:
            rows.append([piece])
    return [Row(tuple(sorted(row, key=lambda p: p.left))) for row in rows]


def _straightened(lines: Sequence[Line]) -> list[_Piece]:
    wide = [line for line in lines if len(line.text) > 2]
    angles = [
        atan2(line.box[1][1] - line.box[0][1], line.box[1][0] - line.box[0][0]) for line in wide
    ]
    slant = statistics.median(angles) if angles else 0.0

    def turned(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        return x * cos(slant) + y * sin(slant), y * cos(slant) - x * sin(slant)

    pieces = []
    for line in lines:
        corners = [turned(corner) for corner in line.box]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        text = re.sub(r"\s+", "", line.text)
        if text:
            height = max(1.0, (ys[3] + ys[2] - ys[0] - ys[1]) / 2)
            pieces.append(_Piece(text, min(xs), statistics.fmean(ys), height))
    return pieces


def _number(rows: Sequence[Row]) -> tuple[int | None, str | None]:
    found: list[tuple[bool, int, str]] = []
    for i, row in enumerate(rows):
        text = row.text
        digits = text.partition("号码")[2] or text
        if sum(c.isdigit() for c in digits) >= 14:
            digits = digits.translate(_LOOK_ALIKE)
        match = _NUMBER.search(digits)
        if match:
            number = match.group(1).upper()
            found.append((_adds_up(number), i, number))
    if not found:
        label = next((i for i, row in enumerate(rows) if "身份号码" in row.text), None)
        return label, None
    best = max(found)
    return best[1], best[2]


def _birth(rows: Sequence[Row]) -> tuple[int | None, date | None]:
    for i, row in enumerate(rows):
        match = _BIRTH.search(row.text)
        if match:
            return i, _date(*match.groups())
    return None, None


def _name(rows: Sequence[Row], sex_row: int | None) -> str | None:
    edge = min((row.pieces[0].left for row in rows), default=0.0)
    for row in rows:
        match = _NAME.match(_beside_label(row, edge))
        if match:
            return match.group(1)
    # The label was not read: the name is the only text left of the photo above sex and ethnicity.
    above = [text for row in rows[:sex_row] if (text := _beside_label(row, edge))]
    if sex_row is not None and len(above) == 1 and not _LABELS.match(above[0]):
        match = _ONLY_NAME.match(above[0])
        return match.group(1) if match else None
    return None


def _beside_label(row: Row, edge: float) -> str:
    """A row's text without what stands in the photo's column; `edge`: where the labels begin."""
    near = [one.text for one in row.pieces if one.left - edge < _ADDRESS_REACH * one.height]
    return "".join(near).replace("•", "·").replace(".", "·")


def _address(rows: Sequence[Row], birth_row: int | None, number_row: int | None) -> str | None:
    start = next((i for i, row in enumerate(rows) if row.pieces[0].text.startswith("住址")), None)
    if start is None:
        # The label was not read: the address is what stands between birth and number.
        start = birth_row + 1 if birth_row is not None else None
    if start is None or number_row is None or start >= number_row:
        return None
    first = rows[start].pieces[0]
    parts = []
    for row in rows[start:number_row]:
        for piece in row.pieces:
            reach = _ADDRESS_REACH * first.height
            if -reach / 2 < piece.left - first.left < reach and "身份" not in piece.text:
                parts.append(piece.text)
    text = "".join(parts).removeprefix("住址").lstrip(":：")
    return text if len(text) >= 4 and re.search(rf"[{_HAN}]", text) else None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _adds_up(number: str) -> bool:
    """GB 11643 check digit; only to prefer one reading of the same picture over another."""
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17]
