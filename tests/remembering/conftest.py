"""People who asked to be remembered, with the sandbox's templates and keys of their own."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import backoffice.applications.models
import backoffice.audit.models
import backoffice.devices.models
import backoffice.erasures.models
import backoffice.outbox.models
import backoffice.results.models
import backoffice.staff.models
import backoffice.tasks.models
import backoffice.uploads.models  # noqa: F401
from backoffice.crypto import KeyRing, keys, use_keys
from backoffice.db import Sessions
from backoffice.identity.evidence import subject_hash
from backoffice.identity.models import Citizen
from backoffice.identity.proofs import record_consent
from backoffice.remembering.keeping import REMEMBER, enrol_face
from backoffice.remembering.models import Remembered
from backoffice.remembering.rules import FILE, Rules, load_rules
from integrations.vision.sandbox import template_of

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
RULES: Rules = load_rules(Path(__file__).resolve().parents[2] / "data" / FILE)
NUMBERS = {"李": "11010519491231002X", "王": "110101199003070337"}


@pytest.fixture
def hall(sessions: Sessions) -> Sessions:
    """A database, with both rings of keys."""
    use_keys(keys(), KeyRing.generate("b"))
    return sessions


Enrol = Callable[..., "object"]


async def citizen(session: AsyncSession, id: str) -> Citizen:
    person = await session.get(Citizen, id)
    if person is None:
        person = Citizen(id=id, created_at=NOW, last_seen_at=NOW)
        session.add(person)
        await session.flush()
    return person


async def enrol(
    session: AsyncSession, who: str, *, face: str | None = None, at: datetime = NOW
) -> Remembered:
    """Remember somebody by the sandbox's template of the word."""
    await citizen(session, who)
    consent = await record_consent(
        session,
        kind=REMEMBER,
        granted=True,
        conversation_id="visit",
        citizen_id=who,
        text_version=RULES.text_version,
        words="要让我记住您吗",
        channel="kiosk",
        now=at,
    )
    return await enrol_face(
        session,
        citizen_id=who,
        subject_hash=subject_hash(NUMBERS.get(who, NUMBERS["李"])),
        template=template_of(face or who),
        consent=consent,
        rules=RULES,
        now=at,
        device="kiosk",
    )
