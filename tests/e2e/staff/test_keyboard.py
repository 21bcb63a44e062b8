"""From the work list to the decisions without a mouse, in a real browser."""

import os
from pathlib import Path

from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from backoffice.applications.models import Application, SupplementRow
from backoffice.applications.states import State
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.e2e.staff.test_clerks_day import _logged_in
from tests.staff.conftest import MakeCase

SHOTS = os.environ.get("XZ_SCREENSHOTS")


async def _shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def test_a_clerk_works_with_the_keyboard_alone(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
) -> None:
    first = await make_case(number="SW202611230001")
    second = await make_case(number="SW202611230002")
    third = await make_case(number="SW202611230003")
    page, faults = await _logged_in(chromium, address, "chen")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await _shot(page, "list")
    press = page.keyboard.press
    await press("j")
    await press("Enter")
    await expect(page.locator("h1")).to_contain_text("SW202611230001")
    await press("j")
    await expect(page.locator("h1")).to_contain_text("SW202611230002")
    await press("k")
    await expect(page.locator("h1")).to_contain_text("SW202611230001")
    await _shot(page, "case")

    await press("3")
    await press("Enter")
    await page.keyboard.type("请写清楚")
    await press("Enter")
    await press("ArrowDown")
    await press("Enter")
    await page.keyboard.type("和身份证上的不一致")
    await expect(page.locator("#ticked li")).to_have_count(2)
    await _shot(page, "correcting")
    await press("Control+Enter")
    await press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("补正通知已发给申请人")
    await _shot(page, "corrected")

    await press("Enter")  # the next case has the focus
    await expect(page.locator("h1")).to_contain_text("SW202611230002")
    await press("2")
    await press("Space")
    await press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("已准予")

    await press("Enter")
    await expect(page.locator("h1")).to_contain_text("SW202611230003")
    await press("5")
    await page.keyboard.type("1 住址不在本市")
    await press("Escape")
    await expect(page.locator("#reason-refuse")).to_have_value("1 住址不在本市")
    await press("4")
    await page.keyboard.type("不归这里办")
    await press("Tab")
    await press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("不予受理")
    async with office.sessions.read() as session:
        states = [(await session.get_one(Application, id)).state for id in (first, second, third)]
        row = (await session.scalars(select(SupplementRow))).one()
    assert states == [State.SUPPLEMENT_DUE, State.APPROVED, State.NOT_ACCEPTED]
    assert [one["reason"] for one in row.wanted] == ["请写清楚", "和身份证上的不一致"]
    assert faults == []


async def test_a_number_decides_nothing_by_itself(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
) -> None:
    id = await make_case(item="temp_relief")
    page, faults = await _logged_in(chromium, address, "chen")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.goto(f"{address}/staff/cases/{id}")
    for key in "12345":
        await page.keyboard.press(key)
        await page.keyboard.press("Escape")
    await _shot(page, "two-people")
    async with office.sessions.read() as session:
        assert (await session.get_one(Application, id)).state == State.SUBMITTED
    assert faults == []
