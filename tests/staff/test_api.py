"""The JSON interface as a program uses it."""

import httpx
import pytest
from sqlalchemy import select

from backoffice.audit import AuditEntry
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.staff.conftest import NAME, PASSWORD, MakeCase

CASE = "/api/v1/staff/cases/SW202611230001"


async def _client(address: str, username: str = "chen") -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=address, trust_env=False)
    given = {"username": username, "password": PASSWORD}
    answer = await client.post("/api/v1/staff/session", json=given)
    assert answer.status_code == 201 and set(answer.json()) == {"token", "csrf_token", "role"}
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


async def test_a_program_corrects_and_cannot_decide_on_an_outdated_view(
    office: Office, staff: dict[str, StaffUser], address: str, make_case: MakeCase
) -> None:
    id = await make_case()
    client = await _client(address)
    listed = (await client.get("/api/v1/staff/cases?state=submitted")).json()["cases"]
    assert [(one["id"], one["applicant"]) for one in listed] == [(id, "李*")]
    seen = (await client.get(CASE)).json()
    name = next(one for one in seen["answers"] if one["field"] == "name")
    assert (name["value"], name["source"]) == (NAME, "id_card")
    assert seen["face"]["band"] == "unsure" and seen["card_differs"] == ["name"]
    asked = {
        "decision": "request_supplement",
        "wanted": [{"field": "current_address", "reason": "写到房号"}],
        "version": seen["version"],
    }
    answer = await client.post(f"{CASE}/decision", json=asked)
    assert answer.json()["state"] == "supplement_due"
    late = await client.post(f"{CASE}/decision", json=asked)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "busy")
    async with office.sessions.begin() as session:
        actions = [one.action for one in await session.scalars(select(AuditEntry))]
    assert actions.count("case.viewed") == 1 and actions.count("case.supplement") == 1
    await client.aclose()


@pytest.mark.parametrize(
    "sent",
    [
        b"{",
        b"[]",
        b'"approve"',
        b'{"decision": "explode"}',
        b'{"decision": "approve", "version": "1"}',
        b'{"decision": "approve", "extra": 1}',
        b'{"decision": "refuse", "reason": 5}',
        b'{"decision": "request_supplement", "wanted": [{"reason": "x"}]}',
        b'{"decision": "request_supplement", "wanted": {"field": "name"}}',
        b"\xff\xfe",
    ],
)
async def test_bad_decisions_are_refused_and_change_nothing(
    staff: dict[str, StaffUser], address: str, make_case: MakeCase, sent: bytes
) -> None:
    await make_case()
    client = await _client(address)
    answer = await client.post(f"{CASE}/decision", content=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert (await client.get(CASE)).json()["state"] == "submitted"
    await client.aclose()


@pytest.mark.parametrize("query", ["state=flying", "page=-1", "page=x", "page=99999999999999"])
async def test_bad_queries_are_refused(
    staff: dict[str, StaffUser], address: str, query: str
) -> None:
    client = await _client(address)
    assert (await client.get(f"/api/v1/staff/cases?{query}")).status_code == 400
    await client.aclose()


async def test_pictures_open_only_with_their_own_case(
    office: Office, staff: dict[str, StaffUser], address: str, make_case: MakeCase
) -> None:
    first, second = await make_case(), await make_case(number="SW202611230002")
    client = await _client(address)
    card = (await client.get(CASE)).json()["card"]
    await client.aclose()
    async with httpx.AsyncClient(base_url=address, trust_env=False) as browser:
        await browser.post("/staff/login", data={"username": "chen", "password": PASSWORD})
        own = await browser.get(f"/staff/uploads/{card}?case={first}")
        assert own.status_code == 200 and own.headers["cache-control"] == "no-store"
        assert own.headers["content-type"] == "image/jpeg" and own.content[:2] == b"\xff\xd8"
        for query in (f"?case={second}", "", "?case=x"):
            assert (await browser.get(f"/staff/uploads/{card}{query}")).status_code == 404


async def test_a_browser_session_is_no_bearer_token_and_the_other_way_round(
    staff: dict[str, StaffUser], address: str
) -> None:
    client = await _client(address)
    token = client.headers["Authorization"].split()[1]
    await client.aclose()
    async with httpx.AsyncClient(base_url=address, trust_env=False) as browser:
        browser.cookies.set("xz_staff", token)
        assert (await browser.get("/api/v1/staff/cases")).status_code == 401
        browser.cookies.clear()
        await browser.post("/staff/login", data={"username": "chen", "password": PASSWORD})
        bearer = {"Authorization": f"Bearer {browser.cookies['xz_staff']}"}
        browser.cookies.clear()
        assert (await browser.get("/api/v1/staff/cases", headers=bearer)).status_code == 401
