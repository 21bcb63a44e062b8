"""From lines of text to the parts of a card."""

from datetime import date
from math import cos, radians, sin

import pytest

from integrations.vision.card_text import Line, parse_card

NUMBER = "11010519491231002X"
NAMES = {"测试员": "name", "1949年12月31日": "birth", NUMBER: "number"}


def line(text: str, x: float, y: float, height: float = 40, turn: float = 0) -> Line:
    width = len(text) * height
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    c, s = cos(radians(turn)), sin(radians(turn))
    return Line(text, tuple((px * c - py * s, px * s + py * c) for px, py in corners))


def card(turn: float = 0, drop: str = "", **instead: str) -> list[Line]:
    texts = {
        "姓名": (70, 75), "测试员": (170, 75), "性别男": (70, 150), "民族汉": (290, 150),
        "出生": (70, 225), "1949年12月31日": (170, 225), "住址": (70, 300),
        "北京市朝阳区建国门外大街": (170, 300), "样例小区12号楼3单元401室": (170, 350),
        "样例SPECIMEN": (820, 352), "公民身份号码": (70, 545), NUMBER: (330, 545),
    }  # fmt: skip
    return [
        line(instead.get(NAMES.get(text, ""), text), x, y, turn=turn)
        for text, (x, y) in texts.items()
        if text != drop
    ]


@pytest.mark.parametrize("turn", [0, 8, -15, 30])
def test_a_whole_card_is_read_also_slanted(turn: float) -> None:
    read = parse_card(card(turn))
    assert read.name == "测试员" and read.sex == "男" and read.ethnicity == "汉"
    assert read.birth == date(1949, 12, 31) and read.id_no == NUMBER
    assert read.address == "北京市朝阳区建国门外大街样例小区12号楼3单元401室"


@pytest.mark.parametrize("label", ["姓名", "出生", "住址", "公民身份号码"])
def test_a_label_that_was_not_read_does_not_lose_its_part(label: str) -> None:
    assert parse_card(card(drop=label)) == parse_card(card())


@pytest.mark.parametrize("y", [75, 110])
@pytest.mark.parametrize("label", ["", "姓名"])
def test_text_in_the_photo_does_not_lose_the_name(label: str, y: int) -> None:
    read = parse_card([*card(drop=label), line("样例", 820, y), line("照片", 840, 20)])
    assert read.name == "测试员"


def test_parts_that_were_not_read_are_none_and_not_guessed() -> None:
    read = parse_card(card(drop="测试员"))
    assert read.name is None and read.id_no == NUMBER
    read = parse_card(card(drop=NUMBER))
    assert read.id_no is None and read.birth == date(1949, 12, 31)
    assert parse_card([]) == parse_card([line("喝一杯奶茶", 10, 10)])


def test_birth_comes_from_the_number_only_when_that_adds_up() -> None:
    assert parse_card(card(drop="1949年12月31日")).birth == date(1949, 12, 31)
    wrong = card(drop="1949年12月31日", number="110105194912310021")
    assert parse_card(wrong).birth is None


def test_a_number_is_taken_as_printed_even_when_it_does_not_add_up() -> None:
    read = parse_card(card(number="110105194912310021"))
    assert read.id_no == "110105194912310021"


@pytest.mark.parametrize(
    "printed", ["1101051949I231OO2X", "11010519491231002x", "1101 0519 4912 3100 2X"]
)
def test_what_looks_like_digits_in_a_number_is_digits(printed: str) -> None:
    assert parse_card(card(number=printed)).id_no == NUMBER


@pytest.mark.parametrize("printed", ["110105194912310029X", "9911010519491231002X"])
def test_a_longer_run_of_digits_is_no_number(printed: str) -> None:
    assert parse_card(card(number=printed)).id_no is None


def test_an_impossible_birth_date_gives_way_to_the_numbers() -> None:
    read = parse_card(card(birth="1949年13月32日"))
    assert read.birth == date(1949, 12, 31)


def test_a_name_with_a_middle_dot() -> None:
    assert parse_card(card(name="买买提•吐尔逊")).name == "买买提·吐尔逊"
