"""One contract for the registers' sandbox and the gateway, and what is special to each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from backoffice.understanding.identity_numbers import fault_code
from integrations.ports import (
    Answer,
    Question,
    Registers,
    Rejected,
    Unavailable,
)
from integrations.registers.http import HttpRegisters
from integrations.registers.people import load_people
from integrations.registers.sandbox import SandboxRegisters
from tests.integrations.authority import (
    AS_OF,
    NO_SENSE,
    PEOPLE,
    PEOPLE_FILE,
    REFUSALS,
    Authority,
    gateway,
    number,
)

ON = date(2026, 11, 23)


@dataclass
class Kit:
    registers: Registers
    fail: Callable[[], None]


@pytest.fixture(params=["sandbox", "http"])
def kit(request: pytest.FixtureRequest) -> Kit:
    if request.param == "http":
        authority = Authority()
        fail = lambda: authority.instead.extend([httpx.ConnectTimeout("down")] * 3)  # noqa: E731
        return Kit(HttpRegisters(gateway(authority)), fail)
    registers = SandboxRegisters(PEOPLE, now=lambda: AS_OF)
    return Kit(registers, registers.faults.fail_next)


def registered(id_no: str) -> Question:
    return Question("residence_registered_half_year", "residence", id_no, ON, months=6)


def insured(id_no: str) -> Question:
    return Question(
        "social_insurance_half_year", "social_insurance", id_no, ON, months=6, within_months=12
    )


@pytest.mark.parametrize(
    ("name", "residence", "insurance"),
    [
        ("测试员", Answer.YES, Answer.NO),
        ("李小梅", Answer.YES, Answer.YES),
        ("王建军", Answer.NO, Answer.NO),
        ("韦秀兰", Answer.NO, Answer.YES),
        ("赵长城", Answer.YES, Answer.NO),
        ("张晓雪", Answer.UNKNOWN, Answer.UNKNOWN),
    ],
)
async def test_half_a_year_registered_or_insured(
    kit: Kit, name: str, residence: Answer, insurance: Answer
) -> None:
    first = await kit.registers.ask(registered(number(name)))
    second = await kit.registers.ask(insured(number(name)))
    assert (first.answer, second.answer) == (residence, insurance)
    assert first.source and second.source
    assert first.as_of == (None if residence is Answer.UNKNOWN else AS_OF)


async def test_a_person_the_register_does_not_know_is_unknown_not_no(kit: Kit) -> None:
    stranger = "911124198108030024"
    first = await kit.registers.ask(registered(stranger))
    second = await kit.registers.ask(insured(stranger))
    assert first.answer is Answer.UNKNOWN and first.as_of is None
    assert second.answer is Answer.UNKNOWN


async def test_an_outage_is_said_and_passes(kit: Kit) -> None:
    kit.fail()
    with pytest.raises(Unavailable):
        await kit.registers.ask(registered(number("测试员")))
    answer = await kit.registers.ask(registered(number("测试员")))
    assert answer.answer is Answer.YES


# —— the gateway ——


NO_MOMENT = {"code": "0", "data": {"result": "yes", "asOf": "2026-11-22"}}


@pytest.mark.parametrize("instead", [*NO_SENSE, httpx.Response(200, json=NO_MOMENT)])
async def test_no_sensible_answer_is_never_taken_for_yes_or_no(instead: Any) -> None:
    authority = Authority(instead=[instead] * 3)
    with pytest.raises(Unavailable) as caught:
        await HttpRegisters(gateway(authority)).ask(registered(number("测试员")))
    assert number("测试员") not in repr(caught.value)


@pytest.mark.parametrize("instead", REFUSALS)
async def test_a_refusal_is_final(instead: httpx.Response) -> None:
    authority = Authority(instead=[instead])
    with pytest.raises(Rejected):
        await HttpRegisters(gateway(authority)).ask(insured(number("测试员")))
    assert len(authority.requests) == 1


async def test_only_numbers_leave_the_house() -> None:
    authority = Authority()
    with pytest.raises(Rejected):
        await HttpRegisters(gateway(authority)).ask(registered("测试员"))
    assert authority.requests == []


# —— the invented people ——


def test_every_demo_number_adds_up_and_every_story_is_there() -> None:
    assert len(PEOPLE) >= 8
    assert all(fault_code(p.id_no, today=ON) is None for p in PEOPLE.values())
    assert any(p.hukou_address.startswith("广东省佛山市") for p in PEOPLE.values())
    assert "11010519491231002X" in PEOPLE


@pytest.mark.parametrize("fault", ["twice", "unknown key", "bad number"])
def test_a_faulty_people_file_is_not_taken(tmp_path: Path, fault: str) -> None:
    text = PEOPLE_FILE.read_text("utf-8")
    if fault == "twice":
        text += text.partition("people:\n")[2]
    if fault == "unknown key":
        text = text.replace("    story:", "    storry:", 1)
    if fault == "bad number":
        text = text.replace("11010519491231002X", "110105")
    file = tmp_path / "people.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"两次|storry|id_no"):
        load_people(file)
