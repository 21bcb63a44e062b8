"""The whole installation as `make up` starts it, and real browsers in front of it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ops.env import ROOT, ensure_demo_env, process_environment, read_env_file
from ops.ports import free_ports
from ops.stack import Stack
from ops.suites import CHROMIUM_ADVICE, find_chromium
from ops.up import prepare
from tests.e2e.whole_way.citizen import Citizen

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
# Nothing here measures speed: a busy machine may need long for a model or a picture.
PATIENCE_MS = 60_000
START_S = 400


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """All processes, on free ports, with a folder of their own that is thrown away."""
    if find_chromium() is None:
        pytest.skip(CHROMIUM_ADVICE)
    if not (ROOT / "web/citizen/dist/build/h5/index.html").exists():
        pytest.skip("the citizens' pages are not built: make ready")
    if not (ROOT / "models/candidate/xiaozheng.tar.gz").exists():
        pytest.skip("the bot is not trained: make ready")
    with tempfile.TemporaryDirectory(prefix="xz-e2e-") as name:
        folder = Path(name)
        ensure_demo_env(folder)
        settings = {"XZ_VAR_DIR": name, "XZ_MODE": "demo", "XZ_PUBLIC_URL": ""}
        settings["XZ_BOT_MODELS"] = str(ROOT / "models/candidate")
        environment = process_environment(settings | free_ports({}))
        prepare(environment)
        with Stack(environment) as running:
            running.wait_ready(START_S, progress=print)
            yield running


@pytest.fixture(scope="session")
def clerks_password(stack: Stack) -> str:
    """The password of the demo's clerk."""
    return read_env_file(stack.folder / "demo.env")["XZ_DEMO_CLERK_PASSWORD"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser per module: while it lives, no asynchronous test can run in this process."""
    executable = find_chromium()
    if executable is None:
        pytest.skip(CHROMIUM_ADVICE)
    expect.set_options(timeout=PATIENCE_MS)
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


def _context(chromium: Browser, **options: object) -> BrowserContext:
    context = chromium.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    """A phone that was never here before."""
    context = _context(
        chromium, viewport=PHONE, is_mobile=True, has_touch=True, permissions=["camera"]
    )
    yield context
    context.close()


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Page]:
    """A window at the clerk's desk."""
    context = _context(chromium, viewport=DESK)
    yield context.new_page()
    context.close()


@pytest.fixture
def stranger(chromium: Browser) -> Iterator[Page]:
    """A third person's phone."""
    context = _context(chromium, viewport=PHONE, is_mobile=True, has_touch=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def citizen(stack: Stack, phone: BrowserContext) -> Citizen:
    """A citizen with the chat open, greeted."""
    opened = Citizen(phone.new_page(), stack.url)
    opened.open()
    return opened


PICTURES = os.environ.get("XZ_SCREENSHOTS")
"""Folder for pictures of every screen that a test passes; none are taken when it is not set."""
