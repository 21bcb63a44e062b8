"""The public server on a free port, in a thread of this process, with an engine that says "好的"."""

import asyncio
import io
import logging
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pydantic import SecretStr
from sanic import Sanic

from backoffice.conversations.models import Conversation
from backoffice.conversations.services import issue_widget
from backoffice.crypto import KeyRing
from backoffice.db import Base
from backoffice.identity.accounts import citizen_with_phone
from backoffice.identity.models import Consent
from backoffice.logs import configure_logging
from backoffice.staff.models import Role
from backoffice.staff.services import create_user
from bootstrap.container import Office, build
from bootstrap.settings import Settings
from gateway import http as gateway_http
from gateway.app import create_app
from gateway.engine import Engine
from integrations.vision.sandbox import SandboxVision
from tests import postgres

CANARY = "CANARYq7w5"
CANARY_ZH = "金丝雀王小明"
CANARY_NUMBER = "13977778888"
CANARIES = (CANARY, CANARY_ZH, CANARY_NUMBER)
"""What bad input carries. It must be found in no log line and in no answer."""

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
STAFF_PASSWORD = "eight tall horses"
T = TypeVar("T")
Answer = Callable[[httpx.Request], httpx.Response]


def kind_answer(request: httpx.Request) -> httpx.Response:
    """What an engine in good order says."""
    return httpx.Response(
        200,
        json={"act": "thank", "items": [], "confidence": 1.0, "messages": [{"text": "好的"}]},
    )


@dataclass
class Visit:
    """One visit over HTTP."""

    hall: "Hall"
    id: str
    token: str
    citizen_id: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def path(self) -> str:
        return f"/api/v1/conversations/{self.id}"

    def say(self, **body: Any) -> httpx.Response:
        return self.hall.client.post(f"{self.path}/messages", json=body, headers=self.headers)

    def upload(self, widget: str, content: bytes, name: str = "a.jpg") -> httpx.Response:
        return self.hall.client.post(
            f"{self.path}/uploads",
            params={"widget": widget},
            files={"file": (name, content, "image/jpeg")},
            headers=self.headers,
        )

    def widget(self, kind: str, target: str | None = None) -> str:
        """Let the dialogue show a widget; returns its id."""

        async def show() -> str:
            async with self.hall.office.sessions.begin() as session:
                conversation = await session.get_one(Conversation, self.id)
                shown = await issue_widget(
                    session, conversation, kind=kind, target=target, now=self.hall.now()
                )
                return shown["id"]

        return self.hall.run(show())

    def agree_to_face(self) -> None:
        async def agree() -> None:
            async with self.hall.office.sessions.begin() as session:
                session.add(
                    Consent(
                        kind="face",
                        granted=True,
                        conversation_id=self.id,
                        at=self.hall.now(),
                        text_version="test",
                    )  # fmt: skip
                )

        self.hall.run(agree())

    def sign_in(self, phone: str) -> "Visit":
        async def bind() -> str:
            async with self.hall.office.sessions.begin() as session:
                citizen = await citizen_with_phone(session, phone, now=self.hall.now())
                await session.flush()
                conversation = await session.get_one(Conversation, self.id)
                conversation.citizen_id = citizen.id
                return citizen.id

        self.citizen_id = self.hall.run(bind())
        return self


@dataclass
class Hall:
    """One installation's public server."""

    office: Office
    vision: SandboxVision
    log: io.StringIO
    port: int = 0
    answer: Answer = kind_answer
    client: httpx.Client = field(init=False)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    app: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> datetime:
        return self.office.clock.now()

    def run(self, work: Awaitable[T]) -> T:
        """Do something in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)  # type: ignore[arg-type]

    def visit(self, channel: str = "phone") -> Visit:
        answer = self.client.post("/api/v1/conversations/", json={"channel": channel})
        assert answer.status_code == 201, answer.text
        return Visit(self, **answer.json())

    def staff_token(self, username: str = "chen") -> str:
        answer = self.client.post(
            "/api/v1/staff/session", json={"username": username, "password": STAFF_PASSWORD}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])


def assert_refused(answer: httpx.Response, *statuses: int, code: str | None = None) -> None:
    """A clear refusal in the interfaces' form, in Chinese, that repeats nothing of what was sent."""
    assert answer.status_code in (statuses or range(400, 500)), (answer.status_code, answer.text)
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert any("\u4e00" <= sign <= "\u9fff" for sign in error["message"])
    assert code is None or error["code"] == code
    for canary in CANARIES:
        assert canary not in answer.text
    assert_hardened(answer)


def assert_hardened(answer: httpx.Response) -> None:
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers.get(name) == value, (name, answer.headers.get(name))
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    if answer.request.url.path.startswith("/api/"):
        assert "no-store" in answer.headers.get("cache-control", "")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def hall(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hall]:
    """The server, once for each database, with its log captured."""
    folder = tmp_path_factory.mktemp("hall")
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{folder / 'test.db'}"
    else:
        url = postgres.postgres_url()
    root = logging.getLogger()
    before, stdout, sys.stdout = list(root.handlers), sys.stdout, io.StringIO()
    log = sys.stdout
    root.handlers.clear()  # pytest's own come back; `force` would close them
    configure_logging("gateway", "DEBUG")
    sys.stdout = stdout
    made = _build(folder, url, log)
    thread = threading.Thread(target=made.loop.run_forever, daemon=True)
    thread.start()
    made.run(_serve(made))
    with httpx.Client(base_url=made.url, timeout=60, trust_env=False) as made.client:
        yield made
    made.run(made.office.engine.dispose())
    made.loop.call_soon_threadsafe(made.loop.stop)
    thread.join(10)
    Sanic._app_registry.clear()
    root.handlers[:] = before
    if request.param != "sqlite":
        postgres.server().drop_database(url)


def _build(folder: Path, url: str, log: io.StringIO) -> Hall:
    keys = folder / "keys.json"
    KeyRing.generate().save(keys)
    settings = Settings(
        mode="demo",
        var_dir=folder,
        database_url=url,
        keys_file=keys,
        metrics_port=0,
        bot_secret=SecretStr("b" * 32),
        actions_secret=SecretStr("a" * 32),
    )
    vision = SandboxVision()
    return Hall(replace(build(settings), vision=vision), vision, log)


async def _serve(made: Hall) -> None:
    async with made.office.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with made.office.sessions.begin() as session:
        for name, role in (("chen", Role.CLERK), ("huang", Role.HEAD), ("admin", Role.ADMIN)):
            await create_user(
                session,
                username=name,
                display_name=name,
                password=STAFF_PASSWORD,
                role=role,
                departments=["*"],
                now=datetime.now(UTC) - timedelta(days=1),
            )
    Sanic.test_mode = True
    Sanic._app_registry.clear()
    transport = httpx.MockTransport(lambda request: made.answer(request))
    app = create_app(made.office, Engine(made.office.settings, transport))
    app.config.MOTD = False
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made.port = probe.getsockname()[1]
    server = await app.create_server(host="127.0.0.1", port=made.port, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.start_serving()
    made.app = app


@pytest.fixture(autouse=True)
def _quiet_log(hall: Hall) -> Iterator[None]:
    """After every test: nothing of what was sent is in the log, and limits begin anew."""
    gateway_http._limiter.storage.reset()
    hall.answer = kind_answer
    begin = len(hall.log.getvalue())
    yield
    said = hall.log.getvalue()[begin:]
    for canary in CANARIES:
        assert canary not in said, said
    assert "Traceback" not in said, said
    assert "request.failed" not in said, said


@pytest.fixture
def visit(hall: Hall) -> Visit:
    """A fresh visit."""
    return hall.visit()
