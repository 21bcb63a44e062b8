"""A migrated installation with two citizens, for what is done to a whole installation."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.applications.states import State
from backoffice.conversations.services import open_conversation
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions, new_id
from backoffice.identity.models import Citizen, Proof, ProofKind
from backoffice.identity.services import phone_index
from backoffice.remembering.models import Remembered, RememberedFinger
from backoffice.uploads import store
from backoffice.uploads.models import Upload
from bootstrap.settings import Settings, load_settings
from ops.env import ROOT, ensure_demo_env, process_environment

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LEAVES, STAYS = "13800138001", "13800138002"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A migrated installation in the environment, with two citizens."""
    folder = tmp_path / "var"
    monkeypatch.setenv("XZ_MODE", "demo")
    monkeypatch.setenv("XZ_VAR_DIR", str(folder))
    monkeypatch.setenv("XZ_DATABASE_URL", database_url)
    ensure_demo_env(folder)
    for name, value in process_environment().items():
        if name.startswith("XZ_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("XZ_TRACKER_URL", f"sqlite:///{folder / 'tracker.db'}")
    made = load_settings()
    assert made.keys_file is not None
    use_keys(*rings(made))
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = database_url
    command.upgrade(config, "head")
    for phone in (LEAVES, STAYS):
        run(made, lambda session, phone=phone: citizen(session, made, phone))
    return made


def rings(settings: Settings) -> tuple[KeyRing, KeyRing]:
    """The general ring and that of templates, as they are in their files."""
    assert settings.keys_file is not None and settings.biometric_keys_file is not None
    return KeyRing.load(settings.keys_file), KeyRing.load(settings.biometric_keys_file)


def run(settings: Settings, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def work_once() -> T:
        engine = make_engine(settings.database)
        try:
            async with make_sessions(engine).begin() as session:
                return await work(session)
        finally:
            await engine.dispose()

    return asyncio.run(work_once())


async def citizen(session: AsyncSession, settings: Settings, phone: str) -> None:
    """Somebody with a visit, a draft, a case at the authority, a selfie, who is remembered."""
    person = Citizen(phone=phone, phone_index=phone_index(phone), created_at=NOW, last_seen_at=NOW)
    session.add(person)
    await session.flush()
    remembered = Remembered(
        citizen_id=person.id, subject_hash="s", face=b"face", consent_id=1, enrolled_at=NOW,
        used_at=NOW, expires_at=NOW.replace(year=2030),
    )  # fmt: skip
    session.add(remembered)
    await session.flush()
    session.add(
        RememberedFinger(
            person_id=remembered.id, number=1, template=b"finger", sure=True, taken_at=NOW
        )
    )
    visit, _ = await open_conversation(session, channel="phone", now=NOW)
    visit.citizen_id = person.id
    for state in (State.DRAFT, State.SUBMITTED):
        case = Application(
            item_code="residence_permit_apply",
            item_version="1",
            citizen_id=person.id,
            conversation_id=visit.id,
            number=f"SW-{phone[-1]}" if state == State.SUBMITTED else None,
            channel="phone",
            state=state,
            progress={},
            created_at=NOW,
            updated_at=NOW,
        )
        session.add(case)
        await session.flush()
        for kind in ("selfie", "material"):
            session.add(await upload_of(settings, visit.id, case.id, person.id, kind))
        proof = {"conversation_id": visit.id, "application_id": case.id, "at": NOW}
        session.add(Proof(kind=ProofKind.FACE, upload_ids=[], result="alike", detail={}, **proof))


async def upload_of(settings: Settings, visit: str, case: str, citizen: str, kind: str) -> Upload:
    id = new_id()
    store.write(settings.uploads_dir, id, b"picture")
    return Upload(
        id=id,
        conversation_id=visit,
        application_id=case,
        widget_id=new_id(),
        citizen_id=citizen,
        kind=kind,
        mime="image/jpeg",
        size=7,
        digest="0",
        analysis={},
        created_at=NOW,
        expires_at=NOW.replace(year=2030),
    )
