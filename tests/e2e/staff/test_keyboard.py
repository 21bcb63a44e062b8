"""From the work list to the decisions without a mouse, in a real browser."""

import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from backoffice.applications.models import Application, SupplementRow
from backoffice.applications.states import State
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.e2e.staff.test_clerks_day import _logged_in
from tests.staff.conftest import NAME, NOW, PASSWORD, MakeCase
from worker.jobs import Jobs

SHOTS = os.environ.get("XZ_SCREENSHOTS")


async def _shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


def _pressing(page: Page) -> Callable[[str], Awaitable[None]]:
    """Presses a key once the page's scripts listen: no person is faster than they load."""

    async def press(key: str) -> None:
        await page.wait_for_load_state()
        await page.keyboard.press(key)

    return press


async def test_a_clerk_works_with_the_keyboard_alone(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
) -> None:
    first = await make_case(number="SW202611230001", at=NOW - timedelta(minutes=3))
    second = await make_case(number="SW202611230002", at=NOW - timedelta(minutes=2))
    third = await make_case(number="SW202611230003", at=NOW - timedelta(minutes=1))
    page, faults = await _logged_in(chromium, address, "chen")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await _shot(page, "list")
    press = _pressing(page)
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
    await _shot(page, "two-people")
    press = _pressing(page)
    for key in "12345":
        await press(key)
        await press("Escape")
    async with office.sessions.read() as session:
        assert (await session.get_one(Application, id)).state == State.SUBMITTED
    assert faults == []


async def test_a_case_is_copied_field_by_field_without_typing(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
) -> None:
    id = await make_case()
    page, faults = await _logged_in(chromium, address, "chen")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.goto(f"{address}/staff/cases/{id}")
    await page.get_by_role("link", name="逐项抄到部门系统").click()
    await expect(page.locator("[data-copy]").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("tr.copied")).to_have_count(1)
    assert await page.evaluate("navigator.clipboard.readText()") == "SW202611230001"
    for copied in (2, 3):
        await page.keyboard.press("Enter")
        await expect(page.locator("tr.copied")).to_have_count(copied)
    third = await page.locator(".copy-list .value").nth(2).inner_text()
    assert await page.evaluate("navigator.clipboard.readText()") == third
    await page.locator(f"[data-copy='{NAME}']").press("Enter")
    await expect(page.locator("tr.copied")).to_have_count(4)
    assert await page.evaluate("navigator.clipboard.readText()") == NAME
    await _shot(page, "copy")
    assert faults == []


async def test_the_second_person_the_head_and_the_auditor_see_their_pages(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
) -> None:
    id = await make_case(item="temp_relief", at=NOW - timedelta(days=20))
    clerk, faults = await _logged_in(chromium, address, "chen")
    await Jobs(office).clock_steps()
    await clerk.goto(f"{address}/staff/cases/{id}")
    press = _pressing(clerk)
    await press("2")
    await press("Space")
    await clerk.get_by_role("button", name="写下意见：拟准予").click()
    await expect(clerk.get_by_role("status")).to_contain_text("等另一位看过才生效")
    await Jobs(office).clock_steps()
    head, more = await _logged_in(chromium, address, "huang")
    await head.set_viewport_size({"width": 1280, "height": 900})
    await _shot(head, "head-list")
    await head.get_by_role("link", name="要您督办").click()
    await expect(head.locator(".task")).to_have_count(2)  # nobody looked, and the promise is over
    await _shot(head, "head-tasks")
    await head.goto(f"{address}/staff/cases/{id}")
    await expect(head.locator(".opinion")).to_contain_text("chen同事的意见：拟准予")
    await _shot(head, "second")
    press = _pressing(head)
    await press("2")
    await press("Space")
    await head.get_by_role("button", name="准予", exact=True).click()
    await expect(head.get_by_role("status")).to_contain_text("已准予")
    auditor = await (await chromium.new_context()).new_page()
    await auditor.set_viewport_size({"width": 1280, "height": 900})
    await auditor.goto(f"{address}/staff/login")
    await auditor.fill("#username", "auditor")
    await auditor.fill("#password", PASSWORD)
    await auditor.click("text=登录 >> nth=-1")
    await auditor.get_by_role("link", name="从头核对一遍").click()
    await expect(auditor.get_by_role("status")).to_contain_text("没有发现改动")
    await expect(auditor.locator("tbody")).to_contain_text("case.opinion")
    await _shot(auditor, "audit")
    wide = await auditor.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1280 and faults == more == []
