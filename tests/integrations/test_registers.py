"""One contract for the registers' sandbox and the gateway, and what is special to each."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
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

PEOPLE_FILE = Path(__file__).resolve().parents[2] / "data" / "demo" / "people.yml"
PEOPLE = load_people(PEOPLE_FILE)
ON = date(2026, 11, 23)
AS_OF = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
SECRET = "a secret of the gateway"


def number(name: str) -> str:
    return next(p.id_no for p in PEOPLE.values() if p.name == name)


class Gateway:
    """The gateway's other side: checks the signature, then asks the sandboxes."""

    def __init__(self) -> None:
        self.instead: list[Any] = []
        self.registers = SandboxRegisters(PEOPLE, now=lambda: AS_OF)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.instead:
            instead = self.instead.pop(0)
            if isinstance(instead, Exception):
                raise instead
            return instead
        h = request.headers
        lines = [
            request.method,
            request.url.path,
            h["x-app-id"],
            h["x-timestamp"],
            h["x-nonce"],
            hashlib.sha256(request.content).hexdigest(),
        ]
        right = hmac.new(SECRET.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        if h["x-signature"] != right or abs(time.time() - int(h["x-timestamp"])) > 300:
            return httpx.Response(401, json={"code": "401"})
        question = json.loads(request.content)
        if question["idNumber"] not in PEOPLE:
            return httpx.Response(200, json={"code": "404"})
        _, register, name = request.url.path.removeprefix("/api/").split("/")
        answer = await self.registers.ask(
            Question(
                name=name.replace("-", "_"),
                register=register.replace("-", "_"),
                id_no=question["idNumber"],
                on=date.fromisoformat(question["on"]),
                months=question.get("months"),
                within_months=question.get("withinMonths"),
                facts=question.get("facts", {}),
            )
        )
        as_of = answer.as_of.isoformat() if answer.as_of else None
        return httpx.Response(
            200, json={"code": "0", "data": {"result": answer.answer, "asOf": as_of}}
        )


@dataclass
class Kit:
    registers: Registers
    fail: Callable[[], None]


def over_http(gateway: Gateway, secret: str = SECRET) -> Kit:
    registers = HttpRegisters(
        base_url="https://share.example.gov.cn/api",
        app_id="shiwan",
        secret=secret,
        client=httpx.AsyncClient(transport=httpx.MockTransport(gateway)),
    )
    return Kit(registers, lambda: gateway.instead.append(httpx.ConnectTimeout("down")))


@pytest.fixture(params=["sandbox", "http"])
def kit(request: pytest.FixtureRequest) -> Kit:
    if request.param == "http":
        return over_http(Gateway())
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


@pytest.mark.parametrize(
    "instead",
    [
        httpx.Response(500),
        httpx.Response(429),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"code": "0", "data": {"result": "perhaps"}}),
        httpx.Response(200, json={"code": "0", "data": {"result": "yes"}}),
        httpx.Response(200, json={"code": "0", "data": {"result": "yes", "asOf": "2026-11-22"}}),
        httpx.Response(200, json={"code": "5001"}),
        httpx.ReadTimeout("late"),
    ],
)
async def test_no_sensible_answer_is_never_taken_for_yes_or_no(instead: Any) -> None:
    gateway = Gateway()
    gateway.instead.append(instead)
    with pytest.raises(Unavailable) as caught:
        await over_http(gateway).registers.ask(registered(number("测试员")))
    assert number("测试员") not in repr(caught.value)


@pytest.mark.parametrize(
    "instead", [httpx.Response(403), httpx.Response(200, json={"code": "4031"})]
)
async def test_a_refusal_is_final(instead: httpx.Response) -> None:
    gateway = Gateway()
    gateway.instead.append(instead)
    with pytest.raises(Rejected):
        await over_http(gateway).registers.ask(insured(number("测试员")))


async def test_a_wrong_secret_is_refused_by_the_other_side() -> None:
    with pytest.raises(Rejected):
        await over_http(Gateway(), secret="wrong").registers.ask(registered(number("测试员")))


async def test_only_numbers_leave_the_house() -> None:
    with pytest.raises(Rejected):
        await over_http(Gateway()).registers.ask(registered("测试员"))


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
