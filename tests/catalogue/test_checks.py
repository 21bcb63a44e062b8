"""Cross-checks: each fault is made once in an otherwise right item, and is the only one told."""

from collections.abc import Callable
from typing import Any

import pytest

Item = dict[str, Any]


def _set(path: str, value: object) -> Callable[[Item], None]:
    """`fields.1.when.field` → value; numbers index lists."""

    def change(item: Item) -> None:
        here: Any = item
        *way, last = path.split(".")
        for part in way:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        if isinstance(here, list):
            here[int(last)] = value
        else:
            here[last] = value

    return change


def _drop(path: str) -> Callable[[Item], None]:
    def change(item: Item) -> None:
        here: Any = item
        *way, last = path.split(".")
        for part in way:
            here = here[int(part)] if isinstance(here, list) else here[part]
        del here[last]

    return change


CASES: list[tuple[str, Callable[[Item], None], str]] = [
    (
        "fields[home].options[rented]",
        _set("fields.0.options.0.lasting", {"at_least_months": 6}),
        "写了 lasting 就要写 topics",
    ),
    (
        "fields[home].options[rented].lasting",
        _set("fields.0.options.0.lasting", {"at_least_months": 6, "less_than_months": 6}),
        "要写一个，也只能写一个",
    ),
    (
        "fields[home].options[rented]",
        _set("fields.0.options.0.assumed", True),
        "写了 assumed 就要写 lasting",
    ),
    ("fields[home]", _set("fields.0.options.0.outweighs", ["nobody"]), "nobody 不是这一题的选项"),
    (
        "fields[landlord]",
        _set("fields.1.other_topics", {"words": ["住了"], "say": "不是一回事"}),
        "只有 type: choice 才能写 other_topics",
    ),
    ("fields[landlord].when", _set("fields.1.when.field", "hme"), "没有“hme”这个字段"),
    (
        "fields[landlord].when",
        _set("fields.1.when.value", "rent"),
        "没有“rent”这个选项；现有：rented",
    ),
    (
        "fields[landlord].when",
        _set("fields.1.when", {"field": "home", "op": "gt", "value": "own"}),
        "是选择题，只能用",
    ),
    (
        "fields[landlord].when",
        _set("fields.1.when", {"field": "landlord", "op": "filled"}),
        "不能以自己为条件",
    ),
    ("materials[lease].when", _set("materials.0.when.field", "hme"), "没有“hme”这个字段"),
    (
        "applicants.conditions[lives_here].declared_by",
        _set("applicants.conditions.0.declared_by.value", "abroad"),
        "没有“abroad”这个选项",
    ),
    ("fields[home].ask", _drop("fields.0.ask"), "怎样问"),
    ("fields[home].why", _drop("fields.0.why"), "为什么要填"),
    ("fields[landlord].when_text", _drop("fields.1.when_text"), "也要用中文写出"),
    ("materials[lease].when_text", _drop("materials.0.when_text"), "也要用中文写出"),
    (
        "fields[landlord].validate.pattern",
        _set("fields.1.validate.pattern", "[a"),
        "正则表达式写得不对",
    ),
    ("fields[home].validate.files", _set("fields.0.validate", {"files": [1, 2]}), "用不上这一项"),
    ("fields[landlord].example", _set("fields.1.example", "黄"), "例子的字数"),
    ("fields[landlord].names", _set("fields.1.names", ["住处"]), "也是 home 的叫法"),
    ("fields[home].options", _set("fields.0.options.1.value", "rented"), "“rented”写了两次"),
    ("fields[home].options", _set("fields.0.options.1.synonyms", ["租房"]), "同时属于两个选项"),
    ("fields", _set("fields.2.slug", "home"), "“home”写了两次"),
    (
        "materials[lease].satisfied_by",
        _set("materials.0.satisfied_by", [{"kind": "field", "name": "nofield"}]),
        "没有“nofield”这个字段",
    ),
    (
        "materials[lease].satisfied_by",
        _set("materials.0.satisfied_by", [{"kind": "proof", "name": "smell"}]),
        "没有“smell”这种证明",
    ),
    (
        "materials[lease].satisfied_by",
        _set("materials.0.satisfied_by", [{"kind": "check", "name": "smell"}]),
        "没有“smell”这个核查",
    ),
    (
        "applicants.conditions[lives_here].check.name",
        _set("applicants.conditions.0.check", {"kind": "named", "name": "no_such"}),
        "没有“no_such”这个核查",
    ),
    (
        "applicants.conditions[lives_here].if_not",
        _drop("applicants.conditions.0.if_not"),
        "不符合时",
    ),
    (
        "applicants.conditions[lives_here].lead_to",
        _set("applicants.conditions.0.lead_to", "nothing"),
        "planned_items.yml",
    ),
    (
        "applicants.conditions[lives_here].alternative_to",
        _set("applicants.conditions.0.alternative_to", "other"),
        "没有“other”这一条条件",
    ),
    ("related", _set("related", ["nothing"]), "没有“nothing”这个事项"),
    ("prerequisites", _set("prerequisites", [{"code": "nothing"}]), "没有“nothing”这个事项"),
    ("department", _set("department", "kitchen"), "没有“kitchen”这个部门"),
    ("fee.sources", _set("fee.sources", ["S_NONE"]), "没有“S_NONE”这个来源"),
    ("fee.sources", _set("fee.status", "verified"), "就要写来源"),
    ("code", _set("code", "book_card"), "要和文件名一样"),
]


@pytest.mark.parametrize(("path", "change", "message"), CASES)
def test_one_wrong_reference_is_told_alone(
    trainer, item, path: str, change: Callable[[Item], None], message: str
) -> None:
    broken = item()
    change(broken)
    trainer.write(broken, "library_card.yml")
    faults = [line.split("：", 2) for line in trainer.faults()]
    assert len(faults) >= 1
    assert ["library_card.yml", path] in [fault[:2] for fault in faults], faults
    assert any(fault[1] == path and message in fault[2] for fault in faults), faults
    assert {fault[1] for fault in faults} == {path}, faults


def test_planned_items_may_be_named(trainer, item) -> None:
    changed = item() | {"related": ["book_return"], "prerequisites": [{"code": "book_return"}]}
    trainer.write(changed)
    assert trainer.faults() == []


def test_no_two_items_share_a_name(trainer, item) -> None:
    trainer.write(item() | {"aliases": ["借书"]})
    trainer.write(item("book_club", "读书会报名") | {"aliases": ["借书", "读书会"]})
    assert trainer.faults() == [
        "library_card.yml：aliases：“借书”也是 book_club.yml 的名字，请只留在一个事项里"
    ]


@pytest.mark.parametrize(
    ("statutory", "promised", "fits"),
    [
        ((10, "working_day"), (11, "working_day"), False),
        ((10, "working_day"), (10, "working_day"), True),
        ((15, "calendar_day"), (20, "working_day"), True),  # units that do not compare
        ((None, None), (20, "working_day"), True),
    ],
)
def test_a_promise_is_not_longer_than_the_law_allows(
    trainer, item, statutory: tuple[Any, Any], promised: tuple[Any, Any], fits: bool
) -> None:
    changed = item()
    changed["time"] = {
        key: {"value": value, "unit": unit, "text": "时限", "status": "assumed"}
        for key, (value, unit) in {"statutory": statutory, "promised": promised}.items()
    }
    trainer.write(changed)
    expected = [] if fits else ["library_card.yml：time：承诺时限不能长于法定时限"]
    assert trainer.faults() == expected
