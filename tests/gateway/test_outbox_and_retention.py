"""Effects and deletions that meet what is gone or broken."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text

from backoffice.applications.models import Application
from backoffice.conversations.models import Conversation
from backoffice.notices.services import notify
from backoffice.outbox.models import OutboxEntry
from backoffice.outbox.services import MAX_ATTEMPTS, deliver_due, put
from backoffice.retention import KEPT, forget_what_is_old
from tests.gateway.conftest import CANARY_NUMBER, Hall


def test_a_decision_reaches_the_citizen_whose_visit_is_deleted_already(hall: Hall) -> None:
    visit = hall.visit().sign_in("13800000021")
    now = hall.now()

    async def decide_late() -> list[str]:
        async with hall.office.sessions.begin() as session:
            case = Application(
                item_code="residence_permit_apply", item_version="1", channel="phone",
                citizen_id=visit.citizen_id, conversation_id=visit.id, number="SW1",
                state="accepted", progress={}, created_at=now, updated_at=now,
            )  # fmt: skip
            session.add(case)
            await session.flush()
            id = case.id
        later = now + KEPT["conversation"] + timedelta(days=1)
        async with hall.office.sessions.begin() as session:
            await forget_what_is_old(session, now=later)
            assert await session.get(Conversation, visit.id) is None
            assert await session.get(Application, id) is not None
        async with hall.office.sessions.begin() as session:
            await notify(
                session, {"application_id": id, "kind": "accepted"}, f"late:{id}",
                catalogue=hall.office.catalogue, public_url="https://hall.example", now=later,
            )  # fmt: skip
        async with hall.office.sessions.begin() as session:
            keys = select(OutboxEntry.key).where(OutboxEntry.key == f"sms:late:{id}")
            return list(await session.scalars(keys))

    assert len(hall.run(decide_late())) == 1


def test_one_broken_effect_does_not_hold_up_the_others(hall: Hall) -> None:
    delivered: list[str] = []
    kept = select(OutboxEntry.key).where(OutboxEntry.kind == "test")

    async def send(payload: Mapping[str, Any], key: str) -> None:
        delivered.append(key)

    async def deliver() -> list[str]:
        now = hall.now() - timedelta(days=400)  # before anything that other tests asked for
        async with hall.office.sessions.begin() as session:
            for key in ("broken", "whole"):
                await put(session, kind="test", key=key, payload={"phone": CANARY_NUMBER}, now=now)
        async with hall.office.engine.begin() as connection:  # as after a key was lost
            junk = {"junk": b"\x01\x02k1" + b"\x00" * 40}
            await connection.execute(
                text("update outbox set payload = :junk where key = 'broken'"), junk
            )
        for _ in range(MAX_ATTEMPTS + 1):
            await deliver_due(hall.office.sessions, {"test": send}, now=now, limit=10)
            now += timedelta(hours=1)
        async with hall.office.sessions.begin() as session:
            await forget_what_is_old(session, now=now)
            assert "broken" in set(await session.scalars(kept)), "staff must see it for a while"
        async with hall.office.sessions.begin() as session:
            await forget_what_is_old(session, now=now + KEPT["given_up_outbox"] * 2)
            return list(await session.scalars(kept))

    assert hall.run(deliver()) == []
    assert delivered == ["whole"]
