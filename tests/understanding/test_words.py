"""Closed acts, questions, corrections, checks, showing back."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from backoffice.understanding import (
    Fault,
    TextTooLong,
    Wanted,
    asks_reason,
    check,
    closed_act,
    fields_named,
    is_correction,
    is_question,
    mask,
    mask_value,
    normalise,
)
from backoffice.understanding import checks as checks_module
from backoffice.understanding.identity_numbers import check_character

from .conftest import ROOT, TODAY, fields

ACTS = yaml.safe_load((Path(__file__).parent / "cases/acts.yml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("act", "text"), [(act, text) for act, texts in ACTS.items() for text in texts]
)
def test_closed_act_of_whole_utterances(act: str, text: str) -> None:
    assert closed_act(text) == (None if act == "none" else act)


@pytest.mark.parametrize(
    "text",
    ["要多少钱？", "点解要电话", "得唔得", "可以吗", "是不是要居住证", "边度办", "系咪要带身份证"],
)
def test_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    ["我叫李梅", "好几年前", "几个月前搬来的", "不知道怎么说", "去年三月", "租约到期了", "没什么"],
)
def test_statements(text: str) -> None:
    assert not is_question(text)


def test_corrections_and_reasons() -> None:
    assert (
        is_correction("地址错了") and is_correction("唔係陳，係程") and is_correction("我要改电话")
    )
    assert not is_correction("租的") and not is_correction("不是租的")
    assert asks_reason("为什么要身份证号") and asks_reason("要来做咩") and asks_reason("干嘛要电话")
    assert not asks_reason("身份证号要几位") and not asks_reason("我叫李梅")


def test_the_longest_name_says_which_field() -> None:
    assert fields_named("房东电话错了", fields()) == ["landlord_phone"]
    assert fields_named("手机号错了", fields()) == ["phone"]
    assert fields_named("名字不对", fields()) == ["name"]
    assert fields_named("为什么要身份证号", fields()) == ["id_no"]


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("name", "李梅", "李*"),
        ("name", "欧阳娜娜", "欧阳**"),
        ("name", "阿卜杜·热合曼", "阿卜杜·***"),
        ("id_number", "11010119900307002X", "1101**********002X"),
        ("phone", "13800138000", "138****8000"),
        ("address", "澜石二路8号3栋502", "澜石二路***"),
        ("address", "石湾镇街道澜石二路八号", "石湾镇街道澜石二路***"),
        ("choice", "rented", "rented"),
    ],
)
def test_values_are_shown_back_masked(kind: str, value: str, shown: str) -> None:
    assert mask_value(kind, value) == shown


def _id(first_seventeen: str) -> str:
    return first_seventeen + check_character(first_seventeen)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("11010519491231002X", None),
        ("911124198108030024", None),
        (_id("81000019900307002"), None),
        (_id("83000019900307002"), None),
        (_id("44060420991231002"), "fault.id_number.birth_future"),
        (_id("44060419900230002"), "fault.id_number.birth_date"),
        (_id("99060419900307002"), None),
        (_id("01060419900307002"), "fault.id_number.shape"),
        (_id("78060419900307002"), "fault.id_number.region"),
        ("110105194912310021", "fault.id_number.checksum"),
        ("110105491231002", "fault.id_number.first_generation"),
        ("1101051949123100", "fault.id_number.length"),
    ],
)
def test_identity_numbers(number: str, code: str | None) -> None:
    fault = check(Wanted("id_no", "id_number", "身份证号"), number, today=TODAY)
    assert (fault.code if fault else None) == code


def test_an_address_says_what_it_lacks() -> None:
    address = next(one for one in fields() if one.key == "current_address")
    for value, code in (
        ("石湾镇街道", "fault.address.road_missing"),
        ("澜石二路", "fault.address.number_missing"),
        ("澜石二路8号", "fault.address.room_missing"),
        ("澜石二路8号502房", None),
        ("塘头村三巷5号(无房号)", None),
    ):
        fault = check(address, value, today=date(2026, 11, 23))
        assert (fault.code if fault else None) == code, value


def test_every_fault_has_a_text_and_every_text_a_fault() -> None:
    texts = yaml.safe_load((ROOT / "data/messages/faults.yml").read_text("utf-8"))
    source = "".join(p.read_text("utf-8") for p in Path(checks_module.__file__).parent.glob("*.py"))
    import re

    for code in re.findall(r'Fault\(\s*"(fault\.[a-z_.]+)"', source):
        assert code in texts
    assert all(isinstance(text, str) and text for text in texts.values())
    assert Fault("fault.empty").params == {}


def test_masks_are_typed() -> None:
    assert mask("电话１３８ ００１３ ８０００。") == "电话[手机号]。"
    assert mask("幺三八零零幺三八零零零") == "[手机号]"
    assert mask("证号11010119900307002 x") == "证号[身份证号]"
    assert mask("写信到a.b@qq.com") == "写信到[邮箱]"
    assert mask("营业时间9:00-17:30，澜石二路8号3栋502") == "营业时间9:00-17:30，澜石二路8号3栋502"
    assert mask("1234567") == "[号码]"


def test_normalising_makes_texts_alike_and_harmless() -> None:
    assert normalise(" /restart ") == "restart"
    assert normalise("我係\u200b李梅，１２３\n石灣") == "我系李梅,123 石湾"
    with pytest.raises(TextTooLong) as caught:
        normalise("密" * 2001)
    assert "密" not in str(caught.value)
