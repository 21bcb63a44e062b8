"""A head in a real browser: enrols a second factor, grants, signs, looks at a decision, revokes."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from backoffice.delegation.models import RobotDecision
from backoffice.staff.factors import code_at
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.delegation.conftest import ENDORSE, HandIn, hand_in  # noqa: F401 - fixture
from tests.staff.conftest import PASSWORD
from worker.jobs import Jobs


class _Wall:
    moment = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


async def _shot(page: Page, folder: Path, name: str) -> None:
    await page.screenshot(path=folder / f"{name}.png", full_page=True)


async def _enrol(page: Page, address: str, wall: _Wall, folder: Path) -> bytes:
    """Enrol an authenticator; its secret, read off the page like by somebody typing it."""
    await page.goto(f"{address}/staff/factor")
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="开始登记").click()
    await expect(page.locator("svg.qr")).to_be_visible()
    typed = (await page.locator("code").first.inner_text()).replace(" ", "")
    secret = base64.b32decode(typed)
    await _shot(page, folder, "factor")
    await page.fill("#code", code_at(secret, wall.moment))
    await page.get_by_role("button", name="确认").click()
    await expect(page.locator(".codes li")).to_have_count(10)
    return secret


async def test_a_head_grants_the_robot_an_item_and_takes_it_back(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    hand_in: HandIn,  # noqa: F811
    chromium: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wall = _Wall()
    for module in ("delegation", "factor"):
        monkeypatch.setattr(f"gateway.staff.{module}.WALL", wall)
    page = await (await chromium.new_context(viewport={"width": 1280, "height": 800})).new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    await page.goto(f"{address}/staff/login")
    await page.fill("#username", "huang")
    await page.fill("#password", PASSWORD)
    await page.click("text=登录 >> nth=-1")
    await expect(page.locator("h1")).to_have_text("办件")
    secret = await _enrol(page, address, wall, tmp_path)

    await page.get_by_role("link", name="授权机器人").first.click()
    await page.locator(f"a[href$='item={ENDORSE}']").click()
    await page.fill("#until", "2027-06-30")
    await page.fill("#recheck_percent", "100")
    await page.check("input[name=photographed_papers]")
    await _shot(page, tmp_path, "grant")
    await page.get_by_role("button", name="写好，去看规则和签名").click()
    await expect(page.get_by_text("租房的，租约没有过期")).to_be_visible()
    await page.fill("#password", PASSWORD)
    wall.moment += timedelta(seconds=30)
    await page.fill("#code", code_at(secret, wall.moment))
    await page.get_by_label("我看过规则和限额").check()
    await _shot(page, tmp_path, "sign")
    await page.get_by_role("button", name="签名").click()
    await expect(page.get_by_role("status")).to_contain_text("机器人从现在起按这份授权当场办")

    case = await hand_in()
    await Jobs(office).deliver()
    signed_page = page.url
    await page.reload()
    await page.get_by_role("link", name="为什么这样办").click()
    await expect(page.locator(".state")).to_have_text("机器人当场批准")
    await expect(page.locator(".checks tbody tr")).to_have_count(4)
    await _shot(page, tmp_path, "why")
    async with office.sessions.read() as session:
        row = (await session.scalars(select(RobotDecision))).one()
    assert (row.application_id, row.outcome) == (case, "approved")

    await page.goto(signed_page)
    await page.get_by_text("收回这份授权").click()
    await page.get_by_label("收回以后不能恢复").check()
    await page.get_by_role("button", name="马上收回").click()
    await expect(page.get_by_role("status")).to_contain_text("一件也不会再批")
    await _shot(page, tmp_path, "revoked")
    await hand_in(answers={"id_no": "11010519491231002X"})
    await Jobs(office).deliver()
    async with office.sessions.read() as session:
        outcomes = [one.reason for one in await session.scalars(select(RobotDecision))]
    assert sorted(outcomes, key=str) == [None, "no_delegation"]
    assert faults == []
