"""Shared fields, repeated groups, named checks, dated figures: what items lean on."""

from datetime import date
from decimal import Decimal

import pytest

from catalogue.figures import Figure, Window
from catalogue.form import FormField, Group
from catalogue.loader import load_catalogue
from catalogue.named_checks import NamedCheck
from catalogue.repeats import with_rounds
from catalogue.scope import fields_to_ask
from catalogue.shared import SharedParts, expanded

ON = date(2026, 11, 23)
PARTS = SharedParts(
    fields={"phone": {"label": "手机号", "type": "phone"}, "name": {"label": "姓名"}},
    blocks={"who": ["name", "phone"]},
    materials={"id_card": {"name": "身份证"}},
)


def test_use_brings_the_shared_field_with_changes() -> None:
    item = {"fields": [{"use": "who"}, {"use": "phone", "slug": "son_phone", "label": "儿子电话"}]}
    whole, faults = expanded(item, PARTS, "a.yml")
    assert faults == []
    assert [(one["slug"], one["label"]) for one in whole["fields"]] == [
        ("name", "姓名"),
        ("phone", "手机号"),
        ("son_phone", "儿子电话"),
    ]


@pytest.mark.parametrize("use", [{"use": "fone"}, {"use": "who", "label": "改"}])
def test_a_wrong_use_is_a_fault(use: dict) -> None:
    assert expanded({"fields": [use]}, PARTS, "a.yml")[1]


def family(trainer, item, **group) -> object:
    fields = item()["fields"]
    number = {
        "slug": "people", "label": "人数", "type": "number", "required": True,
        "ask": "几个人？", "why": "要知道。",
    }  # fmt: skip
    member = {
        "slug": "member", "label": "姓名", "type": "text", "required": True,
        "ask": "叫什么名字？", "why": "要知道。", "group": "family", "repeat": True,
    }  # fmt: skip
    job = {
        "slug": "job", "label": "工作", "type": "text", "required": True, "ask": "做什么？",
        "why": "要知道。", "group": "family", "repeat": True,
        "when": {"field": "member", "op": "filled"}, "when_text": "有名字时",
    }  # fmt: skip
    groups = {"family": {"each": "第{n}位家人", **group}}
    trainer.write(item() | {"fields": [*fields, number, member, job], "groups": groups})
    return load_catalogue(trainer.folder).items["library_card"]


def slugs(item, answers: dict) -> list[str]:
    answers = {"home": "own", "landlord_note": None, **answers}
    return [one.slug for one in fields_to_ask(with_rounds(item, answers), answers)][1:]


def test_a_number_says_how_many_rounds(trainer, item) -> None:
    one = family(trainer, item, count_by="people", count_less=1)
    assert slugs(one, {}) == ["people"]
    assert slugs(one, {"people": 3, "member": "甲", "member__2": "乙"}) == [
        "people", "member", "job", "member__2", "job__2",
    ]  # fmt: skip


def test_without_a_number_each_round_asks_for_another(trainer, item) -> None:
    one = family(trainer, item, another="还有家人吗？")
    assert slugs(one, {"member": "甲"}) == ["people", "member", "job", "family__more_1"]
    more = slugs(one, {"member": "甲", "family__more_1": "yes"})
    assert more[-2:] == ["member__2", "family__more_2"]
    done = with_rounds(one, {"family__more_1": "yes"}).field("member__2")
    assert done is not None and done.label == "第2位家人·姓名" and "第2位家人" in (done.ask or "")


def test_a_group_must_number_its_rounds() -> None:
    with pytest.raises(ValueError, match="{n}"):
        Group(each="家人")
    assert FormField(slug="a", label="甲", type="text", required=False).repeat is False


@pytest.mark.parametrize(
    ("rule", "born", "holds"),
    [
        ({"at_least": 60}, "11010519491231002X", True),
        ({"at_least": 60}, "1966-11-24", False),
        ({"at_least": 60}, "1966-11-23", True),
        ({"at_least": 60, "at_least_women": 55}, "430121197107154022", True),
        ({"at_least": 60, "at_least_women": 55}, "1971-07-15", None),
        ({"under": 3}, "2023-11-24", True),
        ({"under": 3}, "2023-11-23", False),
        ({"at_least": 60}, "", None),
    ],
)
def test_age(rule: dict, born: str, holds: bool | None) -> None:
    check = NamedCheck(text="年龄", age=rule)
    assert check.derived({"id_no": born}, ON) is holds


@pytest.mark.parametrize(
    ("rule", "address", "holds"),
    [
        ({"within": "广东省"}, "佛山市禅城区石湾镇街道", True),
        ({"within": "广东省"}, "湖南省长沙县", False),
        ({"outside": "佛山市"}, "广东省广州市越秀区", True),
        ({"outside": "佛山市"}, "广东佛山南海区", False),
        ({"within": "禅城区"}, "石湾镇街道澜石社区", True),
        ({"within": "禅城区"}, "广东省佛山市南海区桂城", False),
        ({"within": "禅城区"}, "8号院", None),
    ],
)
def test_address(rule: dict, address: str, holds: bool | None) -> None:
    check = NamedCheck(text="户口", address={"field": "home", **rule})
    assert check.derived({"home": address}, ON) is holds


def test_a_window_of_another_year_decides_nothing() -> None:
    window = Window(
        what="受理期", first=date(2025, 4, 17), last=date(2025, 5, 9),
        good_until=date(2025, 12, 31), checked=ON, status="verified",
    )  # fmt: skip
    assert window.is_open(date(2025, 5, 1)) is True
    assert window.is_open(date(2025, 6, 1)) is False
    assert window.is_open(ON) is None


def test_a_yearly_figure_grows_old() -> None:
    figure = Figure(
        what="标准", value=Decimal(1226), unit="元", effective_from=date(2024, 1, 1),
        good_until=date(2024, 12, 31), checked=ON, status="verified_secondary",
    )  # fmt: skip
    assert figure.in_force(date(2024, 6, 1)) and not figure.in_force(ON)
