"""The queue in real browsers: the counter gives a number, a clerk calls with the keyboard, the
hall's screen shows and says it, and the citizen is told in the chat."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from backoffice.conversations.models import Message
from backoffice.conversations.services import messages_after, open_conversation
from backoffice.queue.calling import act, call_next, sit_down
from backoffice.queue.states import TicketStep
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.staff.conftest import NOW, PASSWORD
from worker.jobs import Jobs

TV = {"width": 1920, "height": 1080}
# Stands in for the browser's voices, which a machine for tests has none of.
RECORDER = """
window.said = [];
class Said { constructor(text) { this.text = text; } }
window.SpeechSynthesisUtterance = Said;
const voices = [{lang: "zh-CN"}, {lang: "zh-HK"}];
Object.defineProperty(window, "speechSynthesis", {value: {
  getVoices: () => voices,
  speak: (one) => { if (one.text) window.said.push(`${one.lang} ${one.text}`); one.onend?.(); },
}});
"""
SHOTS = os.environ.get("XZ_SCREENSHOTS")


async def _shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def _page(chromium: Browser, faults: list[str], **options: object) -> Page:
    page = await (await chromium.new_context(**options)).new_page()  # type: ignore[arg-type]
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    return page


async def _log_in(page: Page, address: str, username: str) -> None:
    await page.goto(f"{address}/staff/login")
    await page.fill("#username", username)
    await page.fill("#password", PASSWORD)
    await page.click("text=登录 >> nth=-1")
    await expect(page.locator("h1")).to_have_text("办件")


async def _citizen_takes(office: Office) -> str:
    """A number taken in the chat; the visit's id."""
    async with office.sessions.begin() as session:
        visit, _ = await open_conversation(session, channel="phone", now=NOW)
        holder = Holder(conversation_id=visit.id)
        wish = Wish(business="residence", channel="phone")
        await take_ticket(session, office.queue, wish, holder, now=NOW)
    return str(visit.id)


async def _told(office: Office, visit: str) -> list[str]:
    from backoffice.conversations.models import Conversation

    await Jobs(office).deliver()
    async with office.sessions.read() as session:
        conversation = await session.get_one(Conversation, visit)
        rows: list[tuple[Message, str | None]] = await messages_after(
            session, conversation, after=0
        )
    return [row.body["text"] for row, _ in rows]


@pytest.mark.usefixtures("staff")
async def test_clerk_calls_screen_shows_and_says_citizen_is_told(
    office: Office, staff: dict[str, StaffUser], address: str, chromium: Browser
) -> None:
    faults: list[str] = []
    visit = await _citizen_takes(office)
    screen = await _page(chromium, faults, viewport=TV)
    await screen.add_init_script(RECORDER)
    await screen.goto(f"{address}/screen")
    await expect(screen.locator("#quiet")).to_be_visible()
    await screen.click("#sound")
    display = await _page(chromium, faults, viewport={"width": 1280, "height": 720})
    await display.goto(f"{address}/screen/window/3")
    clerk = await _page(chromium, faults, viewport={"width": 1440, "height": 900})
    await _log_in(clerk, address, "chen")

    await clerk.click("text=柜台取号")
    await clerk.check("input[name=priority][value=elderly]")
    await clerk.keyboard.press("6")
    slip = clerk.locator(".slip-number")
    await expect(slip).to_have_text("YF001")
    await _shot(clerk, "counter")
    await clerk.select_option("#queue-window", "3")
    await clerk.click("text=坐下")
    await expect(clerk.locator(".queue-window")).to_have_text("3 号窗口")
    await expect(clerk.locator("#queue")).to_contain_text("下一个 YF001")

    await clerk.locator("h1").click()
    await clerk.keyboard.press("n")
    await expect(clerk.locator(".queue-number")).to_have_text("YF001")
    await _shot(clerk, "bar")
    await expect(screen.locator("#calls li:first-child")).to_contain_text("YF001")
    await screen.wait_for_function("window.said.length === 2")
    said = await screen.evaluate("window.said")
    assert "零零一号" in said[0] and "3号窗口" in said[0] and said[1].startswith("zh-HK")
    await expect(display.locator("#number")).to_have_text("YF001")
    await expect(display.locator("body")).to_have_class("window called")

    await clerk.keyboard.press("x")
    await expect(clerk.locator(".queue-problem")).to_contain_text("至少叫 2 次")
    await clerk.keyboard.press("s")
    await expect(clerk.locator(".queue-number")).to_have_class("queue-number serving")
    assert not any("请到 3 号窗口" in one for one in await _told(office, visit))
    await clerk.keyboard.press("n")
    await expect(clerk.locator(".queue-number")).to_have_text("A001")
    assert (await _told(office, visit))[-1] == "叫到您了：A001，请到 3 号窗口。"
    await expect(screen.locator("#calls li:first-child")).to_contain_text("A001")
    await _shot(screen, "screen")
    assert faults == []


async def test_manager_sees_the_hall_now(
    office: Office, staff: dict[str, StaffUser], address: str, chromium: Browser
) -> None:
    faults: list[str] = []
    await _citizen_takes(office)
    head = await _page(chromium, faults, viewport={"width": 1440, "height": 900})
    await _log_in(head, address, "huang")
    await head.click("text=大厅现况")
    await expect(head.locator(".tile").first).to_contain_text("1人在等")
    await _citizen_takes(office)
    await expect(head.locator(".tile").first).to_contain_text("2人在等", timeout=8000)
    await _shot(head, "hall")
    assert faults == []


async def test_a_full_screen_is_read_from_eight_metres(
    office: Office, staff: dict[str, StaffUser], address: str, chromium: Browser
) -> None:
    """Capitals of a two-hundredth of the distance: 40 mm, 64 px on a TV of 55 inches."""
    faults: list[str] = []
    businesses = list(office.queue.businesses)
    async with office.sessions.begin() as session:
        for place in range(40):
            priority = "elderly" if place % 4 == 0 else None
            wish = Wish(businesses[place % len(businesses)], "kiosk", priority=priority)
            await take_ticket(session, office.queue, wish, Holder(), now=NOW)
        people = [staff[one] for one in ("chen", "huang")]
        for window in range(1, 8):
            person = StaffUser(
                username=f"w{window}",
                display_name=f"{window}号",
                password_hash="x",
                role=people[0].role,
                departments=["*"],
                created_at=NOW,
            )
            session.add(person)
            await session.flush()
            await sit_down(session, office.queue, window=window, staff=person, now=NOW)
            called = await call_next(session, office.queue, staff=person, now=NOW)
            assert called is not None
            steps = [TicketStep.START] if window < 5 else []
            steps = [TicketStep.RECALL, TicketStep.NO_SHOW] if window == 7 else steps
            for what in steps:
                await act(session, office.queue, called.id, what, staff=person, now=NOW)
    screen = await _page(chromium, faults, viewport=TV)
    await screen.goto(f"{address}/screen?sound=on")
    await expect(screen.locator("#calls li")).to_have_count(5)
    await expect(screen.locator("#lines li")).to_have_count(len(businesses))
    await screen.wait_for_timeout(6000)
    await _shot(screen, "screen_full")
    measured = await screen.evaluate("""() => {
      const size = (one) => parseFloat(getComputedStyle(one).fontSize);
      const inside = (one) => { const box = one.getBoundingClientRect();
        return box.right <= innerWidth && box.bottom <= innerHeight
          && one.scrollWidth <= one.clientWidth + 1; };
      const all = (what) => [...document.querySelectorAll(what)];
      return { numbers: all("#calls span").map(size), lines: all("#lines span").map(size),
        cut: all("#calls li, #lines span, #lines, #missed, header, footer, aside")
          .filter((one) => !inside(one)).map((one) => one.id || one.tagName + one.textContent),
        hidden: document.getElementById("lines").scrollHeight
          > document.getElementById("lines").clientHeight };
    }""")
    assert min(measured["numbers"]) >= 64 / 0.73, "capitals are 0.73 of the font's size"
    assert min(measured["lines"]) >= 40
    assert measured["cut"] == [] and not measured["hidden"]
    assert faults == []
