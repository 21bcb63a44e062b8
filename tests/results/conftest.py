"""A hall with one approved application (a person who does not exist)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.states import State
from backoffice.db import Sessions
from backoffice.results.credential import Issuer
from backoffice.results.signing import SigningKeys
from catalogue.loader import load_catalogue
from catalogue.schema import ServiceItem

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
NAME = "李梅"
ID_NO = "11010519491231002X"  # the specimen number of GB 11643
ITEMS = Path(__file__).resolve().parents[2] / "data" / "items"


@pytest.fixture(scope="session")
def item() -> ServiceItem:
    return load_catalogue(ITEMS).items["residence_permit_apply"]


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    keys = SigningKeys.generate(test=True, now=NOW)
    return Issuer("https://xz.example.gov.cn", "石湾镇街道便民服务中心", keys)


async def approve(sessions: Sessions, *, name: str = NAME, citizen_id: str = "citizen-1") -> str:
    """An approved application with the answers that a result needs; returns its id."""
    async with sessions.begin() as session:
        application = Application(
            item_code="residence_permit_apply",
            item_version="1",
            citizen_id=citizen_id,
            channel="phone",
            state=State.APPROVED,
            progress={},
            created_at=NOW,
            updated_at=NOW,
            decided_at=NOW,
        )
        session.add(application)
        await session.flush()
        application.number = "SW" + application.id[:10]
        for field, value in (("name", name), ("id_no", ID_NO), ("pickup", "station")):
            session.add(
                AnswerRow(
                    application_id=application.id, field=field, value=value, source="typed", at=NOW
                )
            )
        return application.id
