"""Every staff route, with every role and with none."""

import re
from collections.abc import Callable

import httpx
import pytest
from sanic import Sanic

from backoffice.db import new_id
from backoffice.staff.models import Role, StaffUser
from bootstrap.container import Office
from gateway.app import create_app
from tests.staff.conftest import ID_NO, NAME, PASSWORD, PHONE, Browser, MakeCase

PUBLIC = {"/staff/login", "/api/v1/staff/session", "/staff/static"}


def _routes(office: Office) -> list[tuple[str, str, frozenset[Role] | None]]:
    Sanic.test_mode = True
    found = []
    app = create_app(office)
    for route in app.router.routes:
        path = "/" + route.path.strip("/")
        if not re.match(r"/(api/v1/)?staff(/|$)", path) or path.startswith("/staff/static"):
            continue
        for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
            found.append((method, path, getattr(route.handler, "staff_roles", "unmarked")))
    Sanic._app_registry.clear()
    return found


def _concrete(path: str) -> str:
    return re.sub(r"<[^>]+>", lambda m: "1" if ":int" in m.group() else "nobody", path)


async def test_every_staff_route_says_who_may_call_it(office: Office) -> None:
    routes = _routes(office)
    assert len(routes) > 15
    assert [route for route in routes if route[2] == "unmarked"] == []
    assert {path for _, path, roles in routes if roles is None} <= PUBLIC


async def test_without_log_in_no_staff_route_answers(office: Office, address: str) -> None:
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        for method, path, roles in _routes(office):
            if roles is None:
                continue
            answer = await client.request(method, _concrete(path))
            if path.startswith("/api/"):
                assert answer.status_code == 401, (method, path)
                assert answer.json()["error"]["code"] == "not_signed_in"
            else:
                assert answer.status_code == 303, (method, path)
                assert answer.headers["location"] == "/staff/login"


@pytest.mark.parametrize("username", ["chen", "huang", "admin", "auditor"])
async def test_each_role_reaches_its_own_routes_only(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    browser: Callable[[], Browser],
    username: str,
) -> None:
    role = staff[username].role
    for method, path, roles in _routes(office):
        if roles is None or "log_out" in path or path.endswith("/logout") or method == "DELETE":
            continue
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            if path.startswith("/api/"):
                headers = await _bearer(office, staff[username])
                answer = await client.request(method, _concrete(path), headers=headers)
            else:
                person = await _browser_of(office, staff[username], client)
                answer = await client.request(method, _concrete(path), headers=person)
        if role in roles:
            assert answer.status_code not in (303, 401, 403) or answer.has_redirect_location
            assert answer.headers.get("location") != "/staff/login", (method, path)
            assert answer.status_code < 500, (method, path)
        else:
            assert answer.status_code == 403, (method, path)


async def test_no_role_is_forgotten(staff: dict[str, StaffUser]) -> None:
    assert {staff[one].role for one in ("chen", "huang", "admin", "auditor")} == set(Role)


async def test_the_auditor_reads_and_checks_the_trail_and_changes_nothing(
    office: Office,
    staff: dict[str, StaffUser],
    browser: Callable[[], Browser],
    make_case: MakeCase,
) -> None:
    id, clerk, auditor = await make_case(), browser(), browser()
    await clerk.log_in("chen")
    await clerk.client.get(f"/staff/cases/{id}")
    await auditor.log_in("auditor")
    page = await auditor.client.get("/staff/audit?action=case.&verify=1")
    assert page.status_code == 200 and "case.viewed" in page.text and "chen同事" in page.text
    assert "没有发现改动" in page.text and "staff.created" not in page.text
    for secret in (NAME, ID_NO, PHONE):
        assert secret not in page.text
    about = await auditor.client.get(f"/staff/audit?subject=application:{id}")
    assert about.text.count("<tr>") == 2, "its head and the one look"
    writing = [
        (method, path)
        for method, path, roles in _routes(office)
        if roles is not None and Role.AUDITOR in roles and method != "GET"
    ]
    assert {path.rsplit("/", 1)[1] for _, path in writing} == {"logout", "session"}


async def _session(office: Office, user: StaffUser, kind: str) -> tuple[str, str]:
    from backoffice.staff.services import count_attempt, log_in
    from gateway.staff.guard import WALL

    async with office.sessions.begin() as session:
        now = WALL.now()
        attempt = await count_attempt(session, username=user.username, address=new_id(), now=now)
        made = await log_in(session, attempt, kind=kind, now=now)
    return made.token, made.csrf_token


async def _bearer(office: Office, user: StaffUser) -> dict[str, str]:
    token, _ = await _session(office, user, "api")
    return {"Authorization": f"Bearer {token}"}


async def _browser_of(office: Office, user: StaffUser, client: httpx.AsyncClient) -> dict[str, str]:
    token, csrf_token = await _session(office, user, "browser")
    client.cookies.set("xz_staff", token)
    return {"X-CSRF-Token": csrf_token}


async def test_wrong_password_and_unknown_user_look_the_same(
    staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    known = await browser().log_in("chen", "not the password")
    unknown = await browser().log_in("nobody", "not the password")
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("chen", "") == unknown.text.replace("nobody", "")


async def test_who_guesses_is_held_back_there_only(
    office: Office, staff: dict[str, StaffUser], address: str, browser: Callable[[], Browser]
) -> None:
    guesser = browser()
    for _ in range(5):
        assert (await guesser.log_in("chen", "not the password")).status_code == 401
    assert (await browser().log_in("chen")).status_code == 401
    next(iter(Sanic._app_registry.values())).config.PROXIES_COUNT = 1
    clerk = browser()
    clerk.client.headers["X-Forwarded-For"] = "10.0.0.7"
    assert (await clerk.log_in("chen")).status_code == 303


async def test_cookie_is_out_of_reach_of_scripts_and_other_sites(
    staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    cookie = (await browser().log_in("chen")).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie


async def test_form_without_the_sessions_csrf_token_changes_nothing(
    staff: dict[str, StaffUser], browser: Callable[[], Browser], make_case: MakeCase
) -> None:
    id, clerk, other = await make_case(), browser(), browser()
    await clerk.log_in("chen")
    await other.log_in("wu")
    form = {"decision": "approve", "version": "1"}
    path = f"/staff/cases/{id}/decision"
    for token in ("", "x" * 64, other.csrf_token, "码"):
        answer = await clerk.client.post(path, data={**form, "csrf_token": token})
        assert answer.status_code == 403, token
    assert "已收件，待受理" in (await clerk.client.get(f"/staff/cases/{id}")).text


async def test_log_in_form_of_another_site_is_refused(
    staff: dict[str, StaffUser], address: str
) -> None:
    form = {"username": "chen", "password": PASSWORD}
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            answer = await client.post("/staff/login", data=form, headers=headers)
            assert answer.status_code == 403 and "set-cookie" not in answer.headers


async def test_after_log_out_the_old_cookie_opens_nothing(
    staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    clerk = browser()
    await clerk.log_in("chen")
    kept = dict(clerk.client.cookies)
    await clerk.post("/staff/logout")
    clerk.client.cookies.update(kept)
    assert (await clerk.client.get("/staff")).status_code == 303


async def test_another_departments_case_does_not_exist(
    staff: dict[str, StaffUser], browser: Callable[[], Browser], make_case: MakeCase
) -> None:
    id, stranger = await make_case(), browser()
    await stranger.log_in("elsewhere")
    assert "SW202611230001" not in (await stranger.client.get("/staff")).text
    hidden = await stranger.client.get(f"/staff/cases/{id}")
    missing = await stranger.client.get("/staff/cases/there-is-none")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text == missing.text
