"""The citizens' built pages in Chromium, against the mock server of `web/citizen/mock`."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[3]
CITIZEN = ROOT / "web" / "citizen"
PHONE = {"width": 390, "height": 844}
START_TIMEOUT_S = 10
# A busy machine may take seconds to draw; nothing here measures speed.
PAGE_TIMEOUT_MS = 20_000


def _node() -> str | None:
    own = ROOT / ".tools" / "node" / "node"
    return str(own) if own.exists() else shutil.which("node")


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def mock_url() -> Iterator[str]:
    """Address of a running mock server with the built pages."""
    node = _node()
    if node is None or not (CITIZEN / "dist/build/h5/index.html").exists():
        pytest.skip("the pages are not built: cd web/citizen && npm ci && npm run build:h5")
    port = _free_port()
    process = subprocess.Popen([node, "mock/server.mjs", str(port)], cwd=CITIZEN)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            assert process.poll() is None, "the mock server ended"
            assert time.monotonic() < deadline, "the mock server did not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium with a camera that shows a test picture.

    Closed after each module: while it lives, no asynchronous test can run in this process.
    """
    executable = _chromium()
    if executable is None:
        pytest.skip("no Chromium: apt-get install -y chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
            ],
        )
        yield started
        started.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone of 390 × 844 that was never here before."""
    context = browser.new_context(
        viewport=PHONE, is_mobile=True, has_touch=True, permissions=["camera"], locale="zh-CN"
    )
    context.set_default_timeout(PAGE_TIMEOUT_MS)
    expect.set_options(timeout=PAGE_TIMEOUT_MS)
    yield context
    context.close()


@pytest.fixture
def page(phone: BrowserContext, mock_url: str) -> Page:
    """The chat page after its greeting."""
    opened = phone.new_page()
    opened.goto(mock_url)
    opened.get_by_text("您好，我是小政").wait_for()
    return opened
