"""Drafts in memory: the item as published, an application that no database holds."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from backoffice.applications.draft import Draft
from backoffice.applications.models import Application
from backoffice.applications.services import start
from backoffice.applications.states import State
from backoffice.calendar import WorkCalendar
from backoffice.conversations.models import Conversation, Turn
from backoffice.conversations.services import begin_turn, open_conversation
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Base, Sessions, make_engine, make_sessions
from backoffice.dialogue.talk import Knowledge, Talk
from backoffice.identity.policy import FILE as POLICY_FILE
from backoffice.identity.policy import Evidence, Means, load_policy
from backoffice.queue.rules import FOLDER as QUEUE_FOLDER
from backoffice.queue.rules import load_queue
from backoffice.remembering.rules import FILE as RULES_FILE
from backoffice.remembering.rules import load_rules
from backoffice.representation.rules import FILE as ACTING_FILE
from backoffice.representation.rules import load_rules as load_acting_rules
from bootstrap.container import PARAMETERS
from bootstrap.settings import ROOT
from catalogue.loader import load_catalogue
from catalogue.parameters import load_hall, load_holidays
from catalogue.schema import ServiceItem

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

COMPLETE: dict[str, Any] = {
    "filed_by": "self",
    "waive_type": "none",
    "name": "李梅",
    "id_no": "11010519491231002X",
    "ethnicity": "汉",
    "hukou_address": "湖南省长沙县星沙街道样例路8号",
    "phone": "13800138000",
    "reason": "housing",
    "current_region": "佛山市禅城区石湾镇街道澜石社区",
    "current_address": "澜石二路8号3栋502房",
    "move_in_date": "2025-03-01",
    "housing_type": "own",
    "owner_relation": "self",
    "photo_mode": "receipt",
    "photo_receipt_no": "GD44060012345678",
    "pickup": "station",
}
"""Every field that applies to somebody who owns a flat; papers, proofs and signature are open."""

CHECKS = {
    "hukou_outside_foshan": "yes",
    "residence_registered_half_year": "yes",
    "social_insurance_half_year": "no",
    "housing_owned_half_year": "unknown",
    "studied_half_year": "unknown",
}

MakeDraft = Callable[..., Draft]


@pytest.fixture(scope="session")
def item() -> ServiceItem:
    return load_catalogue(ROOT / "data" / "items").items["residence_permit_apply"]


@pytest.fixture
def draft(item: ServiceItem) -> MakeDraft:
    """Makes a draft: `draft(answers, checks=…, materials=…, proved="sms face", **progress)`."""

    def make(
        answers: dict[str, Any] | None = None,
        *,
        checks: dict[str, str] | None = None,
        materials: dict[str, str] | None = None,
        state: State = State.DRAFT,
        wanted: list[dict[str, str]] | None = None,
        proved: str = "",
        police: str | None = None,
        **progress: Any,
    ) -> Draft:
        application = Application(
            item_code=item.code,
            item_version="1",
            channel="phone",
            state=state,
            progress=progress,
            created_at=NOW,
            updated_at=NOW,
        )
        return Draft(
            application,
            item,
            dict(answers or {}),
            {},
            dict(materials or {}),
            dict(checks or {}),
            list(wanted or []),
            evidence=[Evidence(Means(one), NOW) for one in proved.split()],
            police=police,
        )

    return make


KIOSK = "a kiosk"
"""The device that has the fingerprint sensor."""


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(
        load_catalogue(ROOT / "data" / "items"),
        load_hall(PARAMETERS / "hall.yml"),
        calendar := WorkCalendar(load_holidays(PARAMETERS / "holidays.yml")),
        load_policy(ROOT / "data" / POLICY_FILE),
        load_queue(ROOT / "data" / QUEUE_FOLDER, calendar),
        load_acting_rules(ROOT / "data" / ACTING_FILE),
        remembering=load_rules(ROOT / "data" / RULES_FILE),
        finger_device=KIOSK,
    )


@pytest.fixture
async def talk(database_url: str, knowledge: Knowledge) -> AsyncIterator[Talk]:
    """A turn of a visit that has begun an application, in an open transaction."""
    use_keys(KeyRing.generate())
    engine = make_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    sessions: Sessions = make_sessions(engine)
    async with sessions.begin() as session:
        conversation: Conversation
        conversation, _ = await open_conversation(session, channel="phone", now=NOW)
        turn: Turn = await begin_turn(
            session, conversation, turn_id="t1", request={"text": "x"}, now=NOW
        )
        item = knowledge.catalogue.items["residence_permit_apply"]
        await start(session, item=item, item_version="1", conversation=conversation, now=NOW)
        yield await Talk(session, knowledge, conversation, turn, NOW).load()
    await engine.dispose()
