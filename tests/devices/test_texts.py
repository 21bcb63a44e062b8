"""The chip's text in its four layouts."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.understanding.identity_numbers import fault_code
from integrations.devices.samv import texts
from integrations.devices.samv.cards import NoSuchCard, demo_chip
from integrations.ports import CardKind

_SIGNS = st.characters(codec="utf-16-le", exclude_characters=" \0\u3000", max_codepoint=0xD7FF)


@pytest.mark.parametrize("letter", texts.LAYOUTS)
def test_every_layout_has_256_bytes_and_its_letter_at_248(letter: str) -> None:
    layout = texts.LAYOUTS[letter]
    assert sum(layout.values()) == texts.SIZE
    before = 0
    for field, width in layout.items():
        if field == "type":
            assert before == 248
        before += width


@pytest.mark.parametrize("letter", texts.LAYOUTS)
@given(data=st.data())
def test_what_is_joined_is_split_again(letter: str, data: st.DataObject) -> None:
    fields = {
        field: data.draw(st.text(_SIGNS, max_size=width // 2), label=field)
        for field, width in texts.LAYOUTS[letter].items()
        if field != "type" and not field.startswith("reserved")
    }
    again = texts.split(texts.join(fields, letter))
    assert {field: again[field] for field in fields} == fields


def test_a_citizens_card() -> None:
    card = texts.card_of(demo_chip("韦秀兰").text, b"p", b"f")
    assert (card.kind, card.name, card.number) == (
        CardKind.RESIDENT, "韦秀兰", "450105199501221023",
    )  # fmt: skip
    assert (card.sex, card.ethnicity, card.birth) == ("女", "壮", date(1995, 1, 22))
    assert card.address == "广西壮族自治区南宁市江南区样例大道66号"
    assert (card.valid_from, card.valid_to, card.long_term) == (
        date(2018, 6, 1), date(2038, 6, 1), False,
    )  # fmt: skip
    assert (card.wlt_photo, card.fingers) == (b"p", b"f")


def test_a_card_good_for_good_has_no_last_day() -> None:
    card = texts.card_of(demo_chip("长期有效的身份证").text)
    assert card.long_term and card.valid_to is None


def test_cards_of_other_kinds() -> None:
    hk = texts.card_of(demo_chip("港澳台居民陈样例").text)
    assert (hk.kind, hk.pass_number, hk.issues) == (CardKind.HK_MACAO_TAIWAN, "H00000000", 1)
    assert hk.ethnicity is None
    old = texts.card_of(demo_chip("外国人样例").text)
    assert (old.kind, old.nationality, old.english_name) == (
        CardKind.FOREIGNER, "USA", "SAMPLE, JOHN",
    )  # fmt: skip
    assert (old.name, old.number, old.address) == ("样例约翰", "USA440070010101", None)
    new = texts.card_of(demo_chip("新版外国人样例").text)
    assert (new.kind, new.number, new.english_name) == (
        CardKind.FOREIGNER, "911124199001010028", "SAMPLE, JENNY",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["港澳台居民陈样例", "新版外国人样例", "测试员"])
def test_numbers_of_invented_cards_add_up(name: str) -> None:
    number = texts.card_of(demo_chip(name).text).number
    assert fault_code(number, today=date(2026, 1, 1)) is None


def test_every_code_of_the_standard_has_a_word() -> None:
    codes = texts.load_codes()
    assert {f"{one:02d}" for one in range(1, 57)} <= set(codes.ethnicity)
    assert len(set(codes.ethnicity.values())) == len(codes.ethnicity)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda text: text[:-2], "length"),
        (lambda text: text[:248] + "Q".encode("utf-16-le") + text[250:], "type"),
        (lambda text: b"\x00\xdc" + text[2:], "name"),
        (lambda text: texts.join({**texts.split(text), "birth": "19951322"}), "birth"),
        (lambda text: texts.join({**texts.split(text), "valid_to": "2030"}), "valid_to"),
        (lambda text: texts.join({**texts.split(text), "number": ""}), "number"),
    ],
)
def test_what_is_no_cards_text_is_refused_without_quoting_it(change, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(texts.Unreadable) as caught:
        texts.card_of(change(demo_chip("韦秀兰").text))
    assert str(caught.value) == field


def test_a_content_too_long_for_its_field_is_refused() -> None:
    with pytest.raises(texts.Unreadable):
        texts.join({"name": "长" * 16})


def test_an_address_added_later() -> None:
    assert texts.address_of("样例路2号".ljust(35).encode("utf-16-le")) == "样例路2号"
    assert texts.address_of(" ".encode("utf-16-le") * 35) is None


def test_nobody_is_in_a_cards_repr() -> None:
    card = texts.card_of(demo_chip("韦秀兰").text)
    assert repr(card) == "<ChipCard resident>"


def test_an_unknown_card_is_told_with_the_known_ones() -> None:
    with pytest.raises(NoSuchCard, match="测试员"):
        demo_chip("没有这个人")
