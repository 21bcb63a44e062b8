"""A real browser at the staff pages."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.staff.conftest import address, make_case, office, staff  # noqa: F401 - fixtures

CHROMIUM = (
    os.environ.get("XZ_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
)


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Chromium without a window; its tests are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here (apt-get install chromium)")
    expect.set_options(timeout=30_000)  # a busy machine is no fault of a page
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()
