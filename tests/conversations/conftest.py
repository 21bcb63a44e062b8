"""Two stages: the quick one in this process, the full one of real processes with the trained bot."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from pydantic import SecretStr
from sanic import Sanic
from sqlalchemy import func, select

from backoffice.clock import DemoClock
from backoffice.crypto import KeyRing
from backoffice.db import Base
from backoffice.outbox.models import OutboxEntry
from backoffice.remembering.services import FaceDirectory
from bootstrap import container
from bootstrap.container import Office, build, use_office
from bootstrap.demo_kiosk import ensure_demo_kiosk, pairing
from bootstrap.settings import ROOT, Settings
from catalogue.loader import load_catalogue
from devices.keys import ensure_key
from gateway.app import create_app
from integrations.ports import CardBackReading, CardReading, LiveAction
from integrations.registers.people import DemoPerson, load_people
from integrations.registers.sandbox import SandboxRegisters
from integrations.video.sandbox import SandboxVideoDesk
from integrations.vision.sandbox import SandboxFaceIndex, SandboxVision
from ops.env import ensure_demo_env, process_environment
from ops.ports import free_ports
from ops.stack import Stack
from ops.up import prepare
from tests.conversations import pictures
from tests.conversations.rule_engine import RuleEngine
from tests.conversations.script import ABOUT_ITEMS, Person, load_persons
from tests.conversations.stage import Stage, until
from worker.jobs import Jobs

_KEPT_TABLES = frozenset({"audit_trail", "audit_head", "staff_users", "alembic_version"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What hangs on an item's data is played on one database, unless files are asked for."""
    if os.environ.get("XZ_CONVERSATIONS"):
        return
    twice = [one for one in items if _is_about_an_item(one) and "postgresql" in one.name]
    config.hook.pytest_deselected(items=twice)
    left_out = set(twice)
    items[:] = [one for one in items if one not in left_out]


def _is_about_an_item(test: pytest.Item) -> bool:
    path = getattr(test, "callspec", None) and test.callspec.params.get("path")  # type: ignore[attr-defined]
    return isinstance(path, Path) and path.parent.name == ABOUT_ITEMS


@pytest.fixture(scope="session")
def persons() -> dict[str, Person]:
    """Everybody of `_people.yml`."""
    return load_persons()


@pytest.fixture(scope="session")
def identities() -> dict[str, DemoPerson]:
    """The invented people of the demonstration, by name."""
    people = load_people(ROOT / "data" / "demo" / "people.yml")
    return {one.name: one for one in people.values()}


@dataclass
class SetClock:
    """A clock that runs from the moment it was set to. In steps: turns must not share a moment."""

    moment: datetime = datetime(2026, 11, 23, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def set(self, moment: datetime) -> None:
        self.moment = moment.astimezone(UTC)


@pytest.fixture(scope="session", autouse=True)
def _catalogue_is_read_once() -> Iterator[None]:
    """It is immutable, and reading it takes two seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(container, "load_catalogue", cache(load_catalogue))
        yield


@pytest.fixture
async def quick_stage(
    tmp_path: Path,
    database_url: str,
    persons: dict[str, Person],
    identities: dict[str, DemoPerson],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Stage]:
    """Gateway, actions' services, database and sandboxes in this process; no model."""
    office = _quick_office(tmp_path, database_url)
    clock = SetClock()
    office = replace(
        office,
        clock=clock,
        # the age of an answer counts: by the conversation's clock, not by the machine's
        registers=SandboxRegisters({one.id_no: one for one in identities.values()}, clock.now),
        vision=_vision(persons, identities),
        video=SandboxVideoDesk(clock.now),
        faces=FaceDirectory(SandboxFaceIndex()),
    )
    use_office(office)
    async with office.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with office.sessions.begin() as session:
        await ensure_demo_kiosk(session, office.settings)
    engine = RuleEngine()
    monkeypatch.setenv("SANIC_WORKER_IDENTIFIER", "tests")  # spares a banner
    Sanic.test_mode = True
    app = create_app(office, engine)  # type: ignore[arg-type]
    app.config.MOTD = False
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = await app.create_server(host="127.0.0.1", port=port, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    await server.start_serving()
    kiosk = pairing(office.settings)
    yield Stage(f"http://127.0.0.1:{port}", office, Jobs(office).deliver, clock.set, engine, kiosk)
    office.fingerprints.close()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0)
    Sanic._app_registry.clear()
    await office.engine.dispose()


def _quick_office(folder: Path, database_url: str) -> Office:
    keys = folder / "keys.json"
    KeyRing.generate().save(keys)
    KeyRing.generate("b").save(folder / "biometric.json")
    ensure_key(folder / "device.pem")
    return build(
        Settings(
            mode="demo",
            var_dir=folder,
            database_url=database_url,
            keys_file=keys,
            biometric_keys_file=folder / "biometric.json",
            demo_kiosk_secret=SecretStr("k" * 24),
            metrics_port=0,
            bot_secret=SecretStr("b" * 32),
            actions_secret=SecretStr("a" * 32),
        )
    )


def _vision(persons: dict[str, Person], identities: dict[str, DemoPerson]) -> SandboxVision:
    vision = SandboxVision()
    faces = {face for one in persons.values() for face in (one.face, one.selfie)}
    for face in faces | {"person_a_1"}:
        # person_b_1 and person_b_2 are two pictures of one person
        who = face.rsplit("_", 1)[0]
        for action in LiveAction:
            vision.knows(pictures.frame(face, action), faces=1, person=who, action=action)
    for face, others in ((pictures.LOOKALIKE, 0), (pictures.WITH_OTHERS, 1)):
        for action in LiveAction:
            frame = pictures.frame(face, action)
            vision.knows(frame, faces=1, bystanders=others, person="person_b", action=action)
    vision.knows(pictures.two_people(), faces=2)
    return vision


def show_card(vision: SandboxVision, person: Person, identity: DemoPerson) -> None:
    """Let the sandbox read this person's card."""
    reading = CardReading(
        name=identity.name,
        sex=identity.sex,
        ethnicity=identity.ethnicity,
        birth=None,
        address=identity.hukou_address,
        id_no=identity.id_no,
    )
    vision.knows(
        pictures.card(identity, person.face),
        card=reading,
        faces=1,
        person=person.face.rsplit("_", 1)[0],
    )
    nothing = CardReading(None, None, None, None, None, None, faults=("blurred",))
    vision.knows(pictures.blurred(identity, person.face), card=nothing)
    for expired in (False, True):
        issued, years = pictures.period(identity, expired=expired)
        until = None if years is None else issued.replace(year=issued.year + years)
        back = CardBackReading("佛山市公安局", issued, until, years is None)
        vision.knows(pictures.card_back(identity, expired=expired), back=back)


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Every real process, once for all conversations; yields their environment."""
    if not (ROOT / "bot" / ".venv" / "bin" / "python").exists():
        pytest.skip("bot/.venv is not set up: run `make setup`")
    folder = tmp_path_factory.mktemp("full")
    ensure_demo_env(folder)
    ports = free_ports(dict(os.environ))
    environment = process_environment({"XZ_VAR_DIR": str(folder), **ports})
    environment["XZ_BOT_MODELS"] = str(_trained(tmp_path_factory))
    prepare(environment)
    with Stack(environment) as stack:
        stack.wait_ready(300)
        yield environment


def _trained(factory: pytest.TempPathFactory) -> Path:
    """The folder with the model of the data as they are now; trains only when they changed."""
    python = ROOT / ".venv" / "bin" / "python"
    subprocess.run([python, "-m", "catalogue", "training"], cwd=ROOT, check=True)
    models = ROOT / "models" / "candidate"
    command = [".venv/bin/python", "-m", "bot_server.train", "--models", str(models)]
    subprocess.run(command, cwd=ROOT / "bot", check=True)
    return models


@pytest.fixture
async def full_stage(processes: dict[str, str]) -> AsyncIterator[Stage]:
    """The real processes on an empty database."""
    given = {k[3:].lower(): v for k, v in processes.items() if k.startswith("XZ_")}
    office = build(Settings(**{k: v for k, v in given.items() if k in Settings.model_fields}))  # type: ignore[arg-type]
    clock = office.clock
    assert isinstance(clock, DemoClock)
    await _empty(office)
    async with office.sessions.begin() as session:
        await ensure_demo_kiosk(session, office.settings)
    (office.settings.var_dir / "demo_inbox.db").unlink(missing_ok=True)

    async def delivered() -> bool:
        async with office.sessions.begin() as session:
            waiting = await session.scalar(
                select(func.count())
                .select_from(OutboxEntry)
                .where(OutboxEntry.delivered_at.is_(None), OutboxEntry.given_up_at.is_(None))
            )
        return not waiting

    def set_clock(moment: datetime) -> None:
        clock.move(moment - clock.now())

    port = processes["XZ_PORT"]
    kiosk = pairing(office.settings)
    url = f"http://127.0.0.1:{port}"
    yield Stage(url, office, lambda: until(delivered), set_clock, pairing=kiosk)
    await office.engine.dispose()


async def _empty(office: Office) -> None:
    """A conversation must not find what another one left; the audit trail refuses deletion."""
    async with office.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in _KEPT_TABLES:
                await connection.execute(table.delete())
