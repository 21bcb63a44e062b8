"""The window in a real browser: from the call to the card, the draft and the form filled in."""

from playwright.async_api import Browser, expect

from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.e2e.staff.test_queue import _log_in, _page, _shot
from tests.staff.conftest import NOW

ID_NO = "11010519491231002X"


async def test_a_clerk_sees_the_card_and_fills_in_an_item(
    office: Office, staff: dict[str, StaffUser], address: str, chromium: Browser
) -> None:
    faults: list[str] = []
    async with office.sessions.begin() as session:
        await take_ticket(session, office.queue, Wish("civil", "counter"), Holder(), now=NOW)
    clerk = await _page(chromium, faults, viewport={"width": 1440, "height": 900})
    await _log_in(clerk, address, "chen")
    await clerk.select_option("#queue-window", "2")
    await clerk.click("text=坐下")
    await expect(clerk.locator(".queue-window")).to_have_text("2 号窗口")
    await clerk.locator("h1").click()
    await clerk.keyboard.press("n")
    await expect(clerk.locator(".queue-number")).to_have_text("C001")
    await clerk.keyboard.press("s")
    await clerk.click("text=看身份证，打开他的草稿和办件")
    await _shot(clerk, "window-card")
    await clerk.fill("#id_no", ID_NO)
    await clerk.check("input[name=seen]")
    await clerk.click("text=打开这个人的办件")
    await expect(clerk.locator("main")).to_contain_text("没有这个身份证号的草稿和办件")
    await clerk.select_option("#topic", "护照和港澳台证件")
    await clerk.click("button:has-text('记下来')")
    await expect(clerk.locator("main")).to_contain_text("出入境管理部门")
    await _shot(clerk, "window")
    await clerk.select_option("#item", "elder_card")
    await clerk.click("button:has-text('开始填')")
    await clerk.select_option("#f-filed_by", "self")
    await clerk.click("text=存一下")
    await expect(clerk.locator(".notice.good")).to_be_visible()
    await clerk.fill("#f-name", "梁金妹")
    await clerk.fill("#f-id_no", "123")
    await clerk.click("text=填好了，去核对材料")
    await expect(clerk.locator(".field.wrong")).to_contain_text("身份证号是18位")
    await expect(clerk.locator("#f-name")).to_have_value("梁金妹")
    await _shot(clerk, "window-form")
    await clerk.click("text=柜台取号")
    await expect(clerk.locator(".queue-number")).to_have_text("C001")
    # The answer to a form that is refused is no fault of the page.
    assert [one for one in faults if "400" not in one] == []
