"""A clerk at the staff pages."""

import os
from pathlib import Path

from playwright.sync_api import Page, expect


class Clerk:
    """One clerk and one browser window."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def log_in(self, password: str) -> None:
        """Through the log-in page, as everybody."""
        self.page.goto(f"{self.url}/staff")
        self.picture("20-login")
        self.page.fill("#username", "clerk")
        self.page.fill("#password", password)
        self.page.get_by_role("button", name="登录").last.click()
        expect(self.page.locator("h1")).to_have_text("办件")

    def open_case(self, number: str) -> None:
        """From the work list."""
        self.page.goto(f"{self.url}/staff")
        self.picture("21-work-list")
        self.page.get_by_role("link", name=number).click()
        expect(self.page.locator("h1")).to_contain_text(number)

    def picture(self, name: str) -> None:
        """The whole page, when `XZ_SCREENSHOTS` names a folder."""
        if folder := os.environ.get("XZ_SCREENSHOTS"):
            self.page.wait_for_load_state("networkidle")
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    def ask_for_correction(self, wanted: dict[str, str]) -> None:
        """Tick the fields or papers and give each its reason."""
        for value, reason in wanted.items():
            self.page.locator(f"input[type=checkbox][value={value}]").check()
            self.page.keyboard.type(reason)
        expect(self.page.locator("#ticked li")).to_have_count(len(wanted))
        self.picture("23-ticked")
        self.page.get_by_role("button", name="发出补正通知").click()
        expect(self.page.get_by_role("status")).to_contain_text("补正通知已发给申请人")

    def approve(self) -> None:
        """Having checked everything."""
        self.page.locator(".check input").check()
        self.page.get_by_role("button", name="受理并准予").click()
        expect(self.page.get_by_role("status")).to_contain_text("已准予")
