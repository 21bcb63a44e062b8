"""One contract for the departments' sandbox and the gateway, and what is special to each."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.departments.http import HttpDeptCases
from integrations.departments.sandbox import ACCEPTS_AFTER, APPROVES_AFTER, SandboxDeptCases
from integrations.ports import (
    DeptCase,
    DeptCases,
    DeptField,
    DeptPaper,
    DeptState,
    Rejected,
    Unavailable,
)
from tests.integrations.authority import AS_OF, REFUSALS, Authority, gateway

ADDRESS = "石湾镇街道澜石二路8号3座502房"
CASE = DeptCase("SW202611230001", "temp_relief", (DeptField("address", "住址", ADDRESS),))
PAGE = DeptPaper("page-1", "收入证明", "image/jpeg", b"\xff\xd8 a picture")


class Department(Authority):
    """The other side: checks signature and digest, then keeps what the sandbox would keep."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.now = AS_OF
        self.system = SandboxDeptCases(now=lambda: self.now)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        given = json.loads(request.content)
        name = request.headers["idempotency-key"]
        way = request.url.path.removeprefix("/api/departments/").split("/")
        if name not in self.asked or way[-1] == "status":
            self.asked[name] = httpx.Response(200, json=await self._said(way, given, name))
        return self.asked[name]

    async def _said(self, way: list[str], given: dict[str, Any], name: str) -> dict[str, Any]:
        if way[-1] == "cases":
            fields = tuple(DeptField(**one) for one in given["fields"])
            case = DeptCase(given["number"], given["item"], fields)
            return _data(reference=await self.system.submit(way[0], case, key=name))
        if way[-1] == "papers":
            content = base64.b64decode(given["content"], validate=True)
            assert hashlib.sha256(content).hexdigest() == given["sha256"]
            page = DeptPaper(given["id"], given["title"], given["mime"], content)
            try:
                await self.system.hand_paper(way[0], way[2], page, key=name)
            except Rejected:
                return {"code": "404"}
            return _data(received=True)
        said = await self.system.status(way[0], way[2])
        if said is None:
            return {"code": "404"}
        return _data(state=said.state, asOf=said.as_of.isoformat(), reason=said.reason)


def _data(**content: Any) -> dict[str, Any]:
    return {"code": "0", "data": {key: value for key, value in content.items() if value}}


@dataclass
class Kit:
    port: DeptCases
    kept: SandboxDeptCases
    fail: Callable[[], None]
    later: Callable[[timedelta], None]


@pytest.fixture(params=["sandbox", "http"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Kit:
    if request.param == "http":
        other = Department()
        fail = lambda: other.instead.extend([httpx.ConnectTimeout("down")] * 3)  # noqa: E731
        later = lambda by: setattr(other, "now", other.now + by)  # noqa: E731
        return Kit(HttpDeptCases(gateway(other)), other.system, fail, later)
    clock = [AS_OF]
    system = SandboxDeptCases(tmp_path / "departments.json", now=lambda: clock[0])
    later = lambda by: clock.__setitem__(0, clock[0] + by)  # noqa: E731
    return Kit(system, system, system.faults.fail_next, later)


async def test_a_case_goes_over_once_and_its_status_is_followed(kit: Kit) -> None:
    reference = await kit.port.submit("mzj", CASE, key="a")
    assert await kit.port.submit("mzj", CASE, key="a") == reference
    assert await kit.port.submit("mzj", CASE, key="b") == reference, "by its number"
    for key in ("p", "p", "q"):
        await kit.port.hand_paper("mzj", reference, PAGE, key=key)
    assert kit.kept.papers(reference) == ["page-1"]
    seen = []
    for by in (timedelta(), ACCEPTS_AFTER, APPROVES_AFTER):
        kit.later(by)
        said = await kit.port.status("mzj", reference)
        assert said is not None and said.as_of.tzinfo is not None
        seen.append(said.state)
    assert seen == [DeptState.RECEIVED, DeptState.ACCEPTED, DeptState.APPROVED]
    assert [state.over for state in seen] == [False, False, True]


async def test_of_what_they_do_not_have_nothing_is_said(kit: Kit) -> None:
    assert await kit.port.status("mzj", "no-such-case") is None
    with pytest.raises(Rejected):
        await kit.port.hand_paper("mzj", "no-such-case", PAGE, key="p")
    reference = await kit.port.submit("mzj", CASE, key="a")
    assert await kit.port.status("rsj", reference) is None, "another department's"


@pytest.mark.parametrize("reference", ["", "../x", "a/b", "编号", "x" * 65])
async def test_a_reference_that_is_none_is_not_asked_about(kit: Kit, reference: str) -> None:
    with pytest.raises(Rejected):
        await kit.port.status("mzj", reference)


async def test_an_outage_is_said_and_over_again(kit: Kit) -> None:
    for ask in (
        lambda: kit.port.submit("mzj", CASE, key="a"),
        lambda: kit.port.status("mzj", "demo-1"),
        lambda: kit.port.hand_paper("mzj", "demo-1", PAGE, key="p"),
    ):
        kit.fail()
        with pytest.raises(Unavailable) as fault:
            await ask()
        assert ADDRESS not in str(fault.value)
    assert await kit.port.submit("mzj", CASE, key="a")


async def test_the_sandbox_forgets_nothing_and_keeps_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "departments.json"
    reference = await SandboxDeptCases(file, now=lambda: AS_OF).submit("mzj", CASE, key="a")
    again = SandboxDeptCases(file, now=lambda: AS_OF)
    assert await again.status("mzj", reference) is not None
    assert ADDRESS not in file.read_text("utf-8") and CASE.number not in file.read_text("utf-8")


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_is_not_repeated(refusal: httpx.Response) -> None:
    other = Department(instead=[refusal])
    with pytest.raises(Rejected):
        await HttpDeptCases(gateway(other)).submit("mzj", CASE, key="a")
    assert len(other.requests) == 1


@pytest.mark.parametrize(
    "data",
    [
        {"state": "flying", "asOf": AS_OF.isoformat()},
        {"state": "accepted"},
        {"state": "accepted", "asOf": "2026-01-01T00:00:00"},
        {"state": "accepted", "asOf": AS_OF.isoformat(), "reason": 5},
    ],
)
async def test_a_status_that_makes_no_sense_is_no_status(data: dict[str, Any]) -> None:
    other = Department(instead=[httpx.Response(200, json={"code": "0", "data": data})] * 3)
    with pytest.raises(Unavailable):
        await HttpDeptCases(gateway(other)).status("mzj", "demo-1")


@pytest.mark.parametrize("reference", [None, 5, "../../x", ""])
async def test_a_strange_reference_is_not_taken(reference: Any) -> None:
    answer = httpx.Response(200, json={"code": "0", "data": {"reference": reference}})
    with pytest.raises(Unavailable):
        port = HttpDeptCases(gateway(Department(instead=[answer])))
        await port.submit("mzj", CASE, key="a")


async def test_without_the_right_secret_nothing_is_taken() -> None:
    port = HttpDeptCases(gateway(Department(), secret=b"another secret of thirty-two byte"))
    with pytest.raises(Rejected):
        await port.submit("mzj", CASE, key="a")
