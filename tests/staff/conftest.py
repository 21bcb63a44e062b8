"""An office with staff and one submitted case, and the gateway served on a free port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr
from sanic import Sanic

from backoffice.applications.clocks import set_clocks
from backoffice.applications.decisions import Bench, Decision, Wanted, case_of, decide
from backoffice.applications.models import AnswerRow, Application, CheckRow, MaterialRow
from backoffice.applications.states import State, Step
from backoffice.clock import CHINA
from backoffice.crypto import KeyRing
from backoffice.db import Base, new_id
from backoffice.identity.models import Consent, Proof, ProofKind
from backoffice.staff.models import Role, StaffUser
from backoffice.staff.services import create_user
from backoffice.uploads import store
from backoffice.uploads.models import Upload
from bootstrap.container import Office, build
from bootstrap.settings import Settings
from gateway.app import create_app

PASSWORD = "eight tall horses"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=CHINA)
NAME, ID_NO, PHONE = "李梅", "110105199003070021", "13800138000"
ADDRESS = "石湾镇街道澜石二路8号3座502房"
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


async def decide_as(
    office: Office,
    user: StaffUser,
    id: str,
    decision: Decision,
    *,
    reason: str = "",
    wanted: Sequence[Wanted] = (),
    late_reason: str = "",
    version: int | None = None,
    now: datetime = NOW,
) -> Application:
    """Decide a case as the case page does, in a transaction of its own."""
    async with office.sessions.begin() as session:
        case = await case_of(session, id=id, staff=user, catalogue=office.catalogue)
        bench = Bench(session, office.catalogue, office.calendar, now)
        return await decide(
            bench, case, decision, staff=user, reason=reason, wanted=wanted,
            late_reason=late_reason, version=version,
        )  # fmt: skip


@dataclass
class FixedClock:
    """A clock that stands still until it is set."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
async def office(tmp_path: Path, database_url: str) -> AsyncIterator[Office]:
    """A demonstration office on an empty database, at `NOW`."""
    keys = tmp_path / "keys.json"
    KeyRing.generate().save(keys)
    settings = Settings(
        mode="demo",
        var_dir=tmp_path,
        database_url=database_url,
        keys_file=keys,
        metrics_port=0,
        bot_secret=SecretStr("b" * 32),
        actions_secret=SecretStr("a" * 32),
    )
    made = build(settings)
    object.__setattr__(made, "clock", FixedClock())
    async with made.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield made
    await made.engine.dispose()


@pytest.fixture
async def staff(office: Office) -> dict[str, StaffUser]:
    """One account for each role, a second clerk, and a clerk of another department."""
    wanted = [
        ("chen", Role.CLERK, ["*"]),
        ("wu", Role.CLERK, ["ga_ldrk"]),
        ("huang", Role.HEAD, ["*"]),
        ("admin", Role.ADMIN, ["*"]),
        ("auditor", Role.AUDITOR, ["*"]),
        ("elsewhere", Role.CLERK, ["another_department"]),
    ]
    async with office.sessions.begin() as session:
        return {
            name: await create_user(
                session,
                username=name,
                display_name=f"{name}同事",
                password=PASSWORD,
                role=role,
                departments=departments,
                now=NOW,
            )
            for name, role, departments in wanted
        }


MakeCase = Callable[..., Awaitable[str]]


@pytest.fixture
def make_case(office: Office) -> MakeCase:
    """Makes a submitted case; returns its id. Keyword `number`, `at`, `band` of the face, `item`."""
    return lambda **given: _make_case(office, **given)


async def _make_case(
    office: Office,
    *,
    number: str = "SW202611230001",
    at: datetime = NOW,
    band: str = "unsure",
    item: str = "residence_permit_apply",
) -> str:
    conversation = new_id()
    async with office.sessions.begin() as session:
        case = Application(
            number=number,
            item_code=item,
            item_version="1",
            citizen_id="citizen-1",
            conversation_id=conversation,
            channel="phone",
            state=State.DRAFT,
            progress={},
            created_at=at,
            updated_at=at,
            submitted_at=at,
        )
        session.add(case)
        await session.flush()
        step = case.take(Step.SUBMIT, actor="citizen:citizen-1", at=at)
        session.add(step)
        set_clocks(case, office.catalogue.items[case.item_code], office.calendar, [step])
        for field, value, source in _ANSWERS:
            session.add(
                AnswerRow(application_id=case.id, field=field, value=value, source=source, at=at)
            )
        session.add(
            CheckRow(
                application_id=case.id,
                name="residence_registered_half_year",
                answer="yes",
                source="sandbox",
                as_of=at,
                asked_at=at,
            )
        )
        uploads = {kind: _upload(office, case, kind, at) for kind in _PICTURES}
        session.add_all(uploads.values())
        session.add(
            MaterialRow(
                application_id=case.id,
                material="lease",
                state="given",
                upload_id=uploads["material"].id,
                at=at,
            )
        )
        session.add(
            Consent(
                kind="face",
                text_version="1",
                granted=True,
                conversation_id=conversation,
                citizen_id="citizen-1",
                at=at,
            )
        )
        session.add_all(_proofs(case, conversation, uploads, at, band))
        return case.id


_ANSWERS = [
    ("filed_by", "self", "button"),
    ("name", NAME, "id_card"),
    ("id_no", ID_NO, "id_card"),
    ("ethnicity", "汉", "id_card"),
    ("hukou_address", "湖南省衡阳市雁峰区白沙路1号", "id_card"),
    ("phone", PHONE, "login_account"),
    ("reason", "employment", "button"),
    ("waive_type", "none", "button"),
    ("current_region", "石湾镇街道澜石社区", "typed"),
    ("current_address", ADDRESS, "typed"),
    ("housing_type", "rented", "typed"),
    ("move_in_date", "2026-03-01", "typed"),
]
_PICTURES = {
    "id_card_front": (856, 540, (182, 205, 226)),
    "selfie": (480, 640, (226, 205, 182)),
    "material": (700, 1000, (240, 240, 236)),
}


def _upload(office: Office, case: Application, kind: str, at: datetime) -> Upload:
    id = new_id()
    width, height, colour = _PICTURES[kind]
    picture = office.settings.var_dir / f"{id}.jpg"
    Image.new("RGB", (width, height), colour).save(picture)
    store.write(office.settings.uploads_dir, id, picture.read_bytes())
    return Upload(
        id=id,
        conversation_id=str(case.conversation_id),
        application_id=case.id,
        widget_id=new_id(),
        citizen_id="citizen-1",
        kind=kind,
        mime="image/jpeg",
        size=1,
        digest="0",
        analysis={"card": {"name": "李海", "id_no": ID_NO}} if kind == "id_card_front" else {},
        created_at=at,
        expires_at=at.replace(year=at.year + 1),
    )


def _proofs(
    case: Application, conversation: str, uploads: dict[str, Upload], at: datetime, band: str
) -> list[Proof]:
    card, selfie = uploads["id_card_front"].id, uploads["selfie"].id
    scores = {"alike": 0.31, "unsure": 0.44, "different": 0.62}
    detail = {"distance": scores[band], "thresholds": [0.38, 0.5], "model": "test", "band": band}
    common = {"conversation_id": conversation, "application_id": case.id, "at": at}
    return [
        Proof(kind=ProofKind.SMS, upload_ids=[], result="confirmed", detail={}, **common),
        Proof(kind=ProofKind.ID_CARD, upload_ids=[card], result="read", detail={}, **common),
        Proof(kind=ProofKind.FACE, upload_ids=[card, selfie], result=band, detail=detail, **common),
    ]


@pytest.fixture
async def address(office: Office, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The gateway, really listening; its address."""
    # Spares sanic-ext's start banner, which wants to name a page of documentation that we do not serve.
    monkeypatch.setenv("SANIC_WORKER_IDENTIFIER", "tests")
    Sanic.test_mode = True
    app = create_app(office)
    app.config.MOTD = False
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = await app.create_server(host="127.0.0.1", port=port, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    await server.start_serving()
    yield f"http://127.0.0.1:{port}"
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0)
    Sanic._app_registry.clear()


@dataclass
class Browser:
    """Somebody at the pages: keeps the cookie and sends the CSRF token with every form."""

    client: httpx.AsyncClient
    csrf_token: str = ""

    async def log_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        form = {"username": username, "password": password}
        answer = await self.client.post("/staff/login", data=form)
        if answer.status_code == 303:
            page = await self.client.get(answer.headers["location"])
            self.csrf_token = page.text.split('"X-CSRF-Token": "')[1].split('"')[0]
        return answer

    async def post(self, path: str, **form: object) -> httpx.Response:
        return await self.client.post(path, data={"csrf_token": self.csrf_token, **form})


@pytest.fixture
async def browser(address: str) -> AsyncIterator[Callable[[], Browser]]:
    """Makes browsers without a log-in."""
    opened: list[httpx.AsyncClient] = []

    def make() -> Browser:
        client = httpx.AsyncClient(base_url=address, trust_env=False, timeout=30)
        opened.append(client)
        return Browser(client)

    yield make
    for client in opened:
        await client.aclose()
