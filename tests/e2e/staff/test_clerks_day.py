"""A clerk's work in a real browser: log in, ask for a correction, approve; a second clerk is late."""

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from backoffice.applications.models import Application, SupplementRow
from backoffice.applications.states import State
from backoffice.outbox.models import OutboxEntry
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.staff.conftest import NOW, PASSWORD, MakeCase


async def _logged_in(chromium: Browser, address: str, username: str) -> tuple[Page, list[str]]:
    page = await (await chromium.new_context()).new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    await page.goto(f"{address}/staff")
    await expect(page).to_have_url(f"{address}/staff/login")
    await page.fill("#username", username)
    await page.fill("#password", PASSWORD)
    await page.click("text=登录 >> nth=-1")
    await expect(page.locator("h1")).to_have_text("办件")
    return page, faults


async def test_clerk_asks_for_everything_at_once(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
) -> None:
    id = await make_case()
    page, faults = await _logged_in(chromium, address, "chen")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("SW202611230001")
    await expect(page.locator(".human")).to_have_text("仅供参考，由您判断。")
    send = page.get_by_role("button", name="发出补正通知")
    await expect(send).to_be_disabled()
    await page.check("input[name=field][value=current_address]")
    await page.keyboard.type("请写到门牌号和房号")
    await page.check("input[name=material][value=lease]")
    await page.keyboard.type("缺页，请把每一页都拍上")
    await expect(page.locator("#ticked li")).to_have_count(2)
    await send.click()
    await expect(page.get_by_role("status")).to_contain_text("补正通知已发给申请人")
    async with office.sessions.begin() as session:
        row = (await session.scalars(select(SupplementRow))).one()
        assert [(one.get("field"), one.get("material")) for one in row.wanted] == [
            ("current_address", None),
            (None, "lease"),
        ]
        assert (await session.get_one(Application, id)).state == State.SUPPLEMENT_DUE
    assert faults == []


async def test_pictures_open_in_the_viewer_and_close_with_escape(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
) -> None:
    id = await make_case()
    page, faults = await _logged_in(chromium, address, "chen")
    await page.goto(f"{address}/staff/cases/{id}")
    await page.locator("[data-viewer]").first.click()
    shown = page.locator("#viewer-image")
    await expect(shown).to_be_visible()
    await page.wait_for_function("document.getElementById('viewer-image').naturalWidth === 856")
    await page.keyboard.press("Escape")
    await expect(shown).to_be_hidden()
    assert faults == []


@pytest.mark.parametrize("late", ["approve", "refuse"])
async def test_the_second_of_two_clerks_is_told_kindly(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
    late: str,
) -> None:
    id = await make_case()
    first, _ = await _logged_in(chromium, address, "chen")
    second, _ = await _logged_in(chromium, address, "wu")
    for page in (first, second):
        await page.goto(f"{address}/staff/cases/{id}")
    await first.check(".check input")
    await first.get_by_role("button", name="受理并准予").click()
    await expect(first.get_by_role("status")).to_contain_text("已准予")
    await expect(first.locator(".history")).to_contain_text("chen同事受理了申请")
    if late == "approve":
        await second.check(".check input")
        await second.get_by_role("button", name="受理并准予").click()
    else:
        await second.get_by_text("不予许可", exact=True).click()
        await second.fill("#reason-refuse", "住址不在本市")
        await second.get_by_role("button", name="确定不予许可").click()
    await expect(second.get_by_role("alert")).to_contain_text("您刚才的操作没有执行")
    await expect(second.locator(".history")).to_contain_text("chen同事准予了申请")
    async with office.sessions.begin() as session:
        kinds = [row.kind for row in await session.scalars(select(OutboxEntry))]
        assert kinds.count("result.issue") == 1
        case = await session.get_one(Application, id)
        assert (case.state, case.decided_at) == (State.APPROVED, NOW)


async def test_pages_work_on_a_phone_without_sideways_scrolling(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: MakeCase,
    chromium: Browser,
) -> None:
    id = await make_case()
    page, _ = await _logged_in(chromium, address, "chen")
    await page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/staff", f"/staff/cases/{id}", "/staff/tasks"):
        await page.goto(address + path)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, path
