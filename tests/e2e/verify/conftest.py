"""The public verification page in a real server and a real browser, with one hall behind it."""

import asyncio
import os
import shutil
import socket
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.async_api import Page, async_playwright
from sanic import Request, Sanic, json
from sanic.response import JSONResponse

from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Base, Sessions, make_engine, make_sessions
from backoffice.errors import CitizenError
from backoffice.results.credential import Issuer
from backoffice.results.models import Result
from backoffice.results.services import issue
from backoffice.results.signing import SigningKeys
from bootstrap.settings import ROOT
from catalogue.loader import load_catalogue
from catalogue.parameters import load_hall
from gateway import verification
from tests.results.conftest import ITEMS, NOW, approve

CHROMIUM = (
    os.environ.get("XZ_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
)
PHONE = {"width": 390, "height": 844}


@dataclass
class Hall:
    """A running hall: its address, its clock, and a way to issue results."""

    url: str
    sessions: Sessions
    issuer: Issuer
    office: SimpleNamespace
    now: datetime = NOW

    async def issue(self) -> Result:
        application_id = await approve(self.sessions)
        item = self.office.catalogue.items["residence_permit_apply"]
        async with self.sessions.begin() as session:
            return await issue(
                session, application_id=application_id, item=item, issuer=self.issuer, now=NOW
            )


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    use_keys(KeyRing.generate())
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    office = SimpleNamespace(
        sessions=make_sessions(engine),
        issuer=Issuer(url, "石湾镇街道便民服务中心", SigningKeys.generate(test=True, now=NOW)),
        catalogue=load_catalogue(ITEMS),
        settings=SimpleNamespace(demo=True),
        knowledge=SimpleNamespace(hall=load_hall(ROOT / "data/parameters/hall.yml")),
    )
    running = Hall(url, office.sessions, office.issuer, office)
    office.clock = SimpleNamespace(now=lambda: running.now)
    app = _app(office)
    server = await app.create_server(
        "127.0.0.1", port, return_asyncio_server=True, access_log=False
    )
    assert server is not None
    await server.startup()
    serving = asyncio.create_task(server.serve_forever())
    yield running
    serving.cancel()
    server.close()
    await server.wait_closed()
    await engine.dispose()


@pytest.fixture
async def phone() -> AsyncIterator[Page]:
    """A phone's browser window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it (Debian: apt-get install chromium) or set XZ_CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(viewport=PHONE, device_scale_factor=1)
        yield page
        await browser.close()


def _app(office: SimpleNamespace) -> Sanic:
    app = Sanic(f"verify-{uuid.uuid4().hex[:8]}", configure_logging=False)
    # several servers in one process: no extensions found by name, no rewriting of Sanic itself
    app.config.AUTO_EXTEND = app.config.TOUCHUP = False
    app.ctx.office = office
    app.blueprint(verification.bp)

    @app.exception(CitizenError)
    async def explain(_request: Request, exc: CitizenError) -> JSONResponse:
        return json({"error": {"code": exc.code, "message": ""}}, exc.status)

    return app


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
