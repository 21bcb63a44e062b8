"""One contract for the sandbox and the gateway that know who is whose mother, husband or child."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.ports import (
    Answer,
    Named,
    Rejected,
    RelationQuestion,
    RelationRegister,
    RelationRegisters,
    Unavailable,
)
from integrations.relations.http import HttpRelations
from integrations.relations.sandbox import SandboxRelations, load_relations
from tests.integrations.authority import (
    AS_OF,
    NO_SENSE,
    PEOPLE,
    REFUSALS,
    RELATIONS,
    Authority,
    gateway,
    number,
)

ON = date(2026, 11, 23)
BIRTH, HOUSEHOLD, MARRIAGE = (
    RelationRegister.BIRTH, RelationRegister.HOUSEHOLD, RelationRegister.MARRIAGE,
)  # fmt: skip


@dataclass
class Kit:
    relations: RelationRegisters
    fail: Callable[[], None]


@pytest.fixture(params=["sandbox", "http"])
def kit(request: pytest.FixtureRequest) -> Kit:
    if request.param == "http":
        authority = Authority()
        fail = lambda: authority.instead.extend([httpx.ConnectTimeout("down")] * 3)  # noqa: E731
        return Kit(HttpRelations(gateway(authority)), fail)
    relations = SandboxRelations(PEOPLE, RELATIONS, now=lambda: AS_OF)
    return Kit(relations, relations.faults.fail_next)


def person(name: str) -> Named:
    return Named(name, number(name))


def asked(
    register: RelationRegister, agent: str, relation: str, principal: str
) -> RelationQuestion:
    return RelationQuestion(register, relation, person(agent), person(principal), ON)


KNOWN = [
    (HOUSEHOLD, "冯国强", "child", "梁金妹", Answer.YES),
    (HOUSEHOLD, "梁金妹", "parent", "冯国强", Answer.YES),  # the same entry, read the other way
    (HOUSEHOLD, "梁金妹", "child", "冯国强", Answer.UNKNOWN),
    (HOUSEHOLD, "冯国强", "guardian", "梁金妹", Answer.UNKNOWN),
    (BIRTH, "关小雯", "parent", "关乐乐", Answer.YES),
    (BIRTH, "关小雯", "guardian", "关乐乐", Answer.YES),  # the parent of a minor is the guardian
    (BIRTH, "关小雯", "spouse", "关乐乐", Answer.UNKNOWN),
    (MARRIAGE, "霍惠琼", "spouse", "潘树荣", Answer.YES),
    (MARRIAGE, "招丽芳", "spouse", "冼国华", Answer.NO),  # divorced
    (MARRIAGE, "李小梅", "spouse", "陈阿福", Answer.UNKNOWN),
]


@pytest.mark.parametrize(("register", "agent", "relation", "principal", "answer"), KNOWN)
async def test_what_is_in_the_register_is_said(
    kit: Kit, register: RelationRegister, agent: str, relation: str, principal: str, answer: Answer
) -> None:
    said = await kit.relations.related(asked(register, agent, relation, principal), key="k")
    assert said.answer is answer
    assert said.source
    assert bool(said.reference) == (answer is not Answer.UNKNOWN)
    assert said.as_of == (None if answer is Answer.UNKNOWN else AS_OF)


async def test_a_ward_who_came_of_age_has_no_guardian_by_birth(kit: Kit) -> None:
    later = RelationQuestion(
        BIRTH, "guardian", person("关小雯"), person("关乐乐"), date(2045, 1, 1)
    )
    assert (await kit.relations.related(later, key="k")).answer is Answer.UNKNOWN


async def test_the_right_number_under_a_wrong_name_is_unknown(kit: Kit) -> None:
    wrong = Named("冯建国", number("冯国强"))
    question = RelationQuestion(HOUSEHOLD, "child", wrong, person("梁金妹"), ON)
    assert (await kit.relations.related(question, key="k")).answer is Answer.UNKNOWN


async def test_somebody_the_register_does_not_know_is_unknown(kit: Kit) -> None:
    stranger = Named("某人", "911124198108030024")
    question = RelationQuestion(HOUSEHOLD, "child", stranger, person("梁金妹"), ON)
    assert (await kit.relations.related(question, key="k")).answer is Answer.UNKNOWN


async def test_an_outage_is_said_and_passes(kit: Kit) -> None:
    kit.fail()
    question = asked(HOUSEHOLD, "冯国强", "child", "梁金妹")
    with pytest.raises(Unavailable):
        await kit.relations.related(question, key="k")
    assert (await kit.relations.related(question, key="k")).answer is Answer.YES


@pytest.mark.parametrize(
    "question",
    [
        RelationQuestion(HOUSEHOLD, "child", Named("", number("冯国强")), person("梁金妹"), ON),
        RelationQuestion(HOUSEHOLD, "child", Named("冯国强", "1"), person("梁金妹"), ON),
        RelationQuestion(HOUSEHOLD, "friend", person("冯国强"), person("梁金妹"), ON),
        RelationQuestion(HOUSEHOLD, "child", person("梁金妹"), person("梁金妹"), ON),
    ],
)
async def test_what_no_register_can_know_is_not_asked(kit: Kit, question: RelationQuestion) -> None:
    with pytest.raises(Rejected) as told:
        await kit.relations.related(question, key="k")
    assert "冯国强" not in repr(told.value) and "冯国强" not in repr(question)


# —— the gateway ——

BARE_YES = {"code": "0", "data": {"result": "yes", "reference": "", "asOf": None}}
NO_ZONE = {"code": "0", "data": {"result": "no", "reference": "r", "asOf": "2026-11-22T00:00:00"}}


@pytest.mark.parametrize(
    "instead",
    [*NO_SENSE, httpx.Response(200, json=BARE_YES), httpx.Response(200, json=NO_ZONE)],
)
async def test_no_sensible_answer_is_never_taken_for_yes_or_no(instead: Any) -> None:
    authority = Authority(instead=[instead] * 3)
    with pytest.raises(Unavailable) as told:
        await HttpRelations(gateway(authority)).related(
            asked(HOUSEHOLD, "冯国强", "child", "梁金妹"), key="k"
        )
    assert number("冯国强") not in repr(told.value)


@pytest.mark.parametrize("instead", REFUSALS)
async def test_a_refusal_is_final(instead: httpx.Response) -> None:
    authority = Authority(instead=[instead])
    with pytest.raises(Rejected):
        await HttpRelations(gateway(authority)).related(
            asked(HOUSEHOLD, "冯国强", "child", "梁金妹"), key="k"
        )
    assert len(authority.requests) == 1


async def test_no_number_is_in_the_address() -> None:
    authority = Authority()
    await HttpRelations(gateway(authority)).related(
        asked(HOUSEHOLD, "冯国强", "child", "梁金妹"), key="k"
    )
    assert number("冯国强") not in str(authority.requests[0].url)


# —— the invented families ——


def test_a_relation_of_somebody_who_is_not_there_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "relations.yml"
    file.write_text(
        'relations: [{source: birth, who: "911124198108030024", relation: parent,'
        ' of: "440604202609150056"}]',
        "utf-8",
    )
    with pytest.raises(ValueError, match="演示人物"):
        load_relations(file, PEOPLE)
