"""All real processes, started once for these tests, in a folder of their own."""

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import Application
from bootstrap.container import Office, build
from bootstrap.settings import Settings
from ops.env import ROOT, ensure_demo_env, process_environment, read_env_file
from ops.ports import free_ports
from ops.processes import addresses
from ops.stack import Stack, control
from ops.up import prepare
from tests.robustness.citizen import Citizen, Facts

T = TypeVar("T")
_START_S = 240
_seeds = itertools.count(1)


@dataclass
class House:
    """The running installation, and a look into its database."""

    stack: Stack

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def folder(self) -> Path:
        return self.stack.folder

    def secrets(self) -> dict[str, str]:
        return read_env_file(self.folder / "demo.env")

    def citizen(self, **given: Any) -> Citizen:
        """Somebody who was never here, with a visit begun."""
        facts = given.pop("facts", None) or Facts.invented(next(_seeds))
        return Citizen(self.url, facts, **given).begin()

    def stop(self, process: str) -> None:
        """Stop one process until `start`."""
        control(self.folder).stopProcess(process)

    def kill(self, process: str) -> None:
        """Kill a process as soon as it runs: a busy machine may still be starting it again."""
        deadline = time.monotonic() + _START_S
        while True:
            try:
                return self.stack.kill(process)
            except ProcessLookupError:
                assert time.monotonic() < deadline, f"{process} is not started again"
                time.sleep(0.05)

    def start(self, process: str) -> None:
        control(self.folder).startProcess(process, False)

    def port(self, setting: str) -> int:
        return next(a.port for a in addresses(self.stack.environment) if a.setting == setting)

    def look(self, work: Callable[[Office], Coroutine[Any, Any, T]]) -> T:
        """Do something with the back office's database."""

        async def run() -> T:
            names = Settings.model_fields
            given = {k[3:].lower(): v for k, v in self.stack.environment.items() if k[:3] == "XZ_"}
            office = build(Settings(**{k: v for k, v in given.items() if k in names}))  # type: ignore[arg-type]
            try:
                return await work(office)
            finally:
                await office.engine.dispose()

        return asyncio.run(run())

    def drafts_of(self, citizen: Citizen) -> list[Draft]:
        """Every application that this visit, or its citizen, ever had."""

        async def find(office: Office) -> list[Draft]:
            found = []
            async with office.sessions.begin() as session:
                rows = await session.scalars(
                    select(Application).where(Application.conversation_id == citizen.id)
                )
                for row in rows:
                    item = office.catalogue.items[row.item_code]
                    found.append(await load_draft(session, row, item))
            return found

        return self.look(find)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Every process, on free ports."""
    if not (ROOT / "bot" / ".venv" / "bin" / "python").exists():
        pytest.skip("bot/.venv is not set up: make setup")
    if not (ROOT / "models/candidate/xiaozheng.tar.gz").exists():
        pytest.skip("the bot is not trained: make train")
    folder = tmp_path_factory.mktemp("house")
    ensure_demo_env(folder)
    settings = {"XZ_VAR_DIR": str(folder), "XZ_MODE": "demo", "XZ_PUBLIC_URL": ""}
    settings["XZ_BOT_MODELS"] = str(ROOT / "models/candidate")
    environment = process_environment(settings | free_ports({}))
    prepare(environment)
    with Stack(environment) as stack:
        stack.wait_ready(_START_S)
        yield House(stack)


@pytest.fixture(autouse=True)
def _all_processes_run(house: House) -> Iterator[None]:
    """Whatever a test stopped or killed is back before the next one."""
    yield
    for name, state in house.stack.states().items():
        if state["statename"] in ("STOPPED", "EXITED", "FATAL"):
            house.start(name)
    house.stack.wait_ready(120)
