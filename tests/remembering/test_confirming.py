"""A second means confirms the face that it was given for, and no other."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.conversations.models import Conversation
from backoffice.db import Sessions
from backoffice.identity.alarms import AlarmKind, IdentityAlarm
from backoffice.identity.models import Proof, ProofKind
from backoffice.remembering.confirming import confirm
from backoffice.remembering.models import FaceLook, FingerPress
from tests.remembering.conftest import NOW, RULES, enrol


async def _visit(session: AsyncSession) -> Conversation:
    visit = Conversation(
        id="visit", channel="kiosk", token_hash="t", memory={}, device_id="kiosk",
        created_at=NOW, last_turn_at=NOW,
    )  # fmt: skip
    session.add(visit)
    await session.flush()
    return visit


async def _proposes(session: AsyncSession, who: str, minute: int, *, over: bool) -> FaceLook:
    at = NOW + timedelta(minutes=minute)
    look = FaceLook(
        conversation_id="visit", widget_id="w", purpose="recognise", citizen_id=who,
        outcome="found", detail={}, at=at, closed_at=at if over else None,
    )  # fmt: skip
    session.add(look)
    await session.flush()
    return look


@pytest.mark.parametrize("own", [True, False])
async def test_a_finger_confirms_only_the_face_it_was_compared_for(
    hall: Sessions, own: bool
) -> None:
    """Laid on for one's own face, kept back, and handed in after somebody else's was found."""
    async with hall.begin() as session:
        visit = await _visit(session)
        await enrol(session, "李")
        await enrol(session, "王")
        mine = await _proposes(session, "王", 0, over=True)
        hers = await _proposes(session, "李", 2, over=False)
        press = FingerPress(
            conversation_id="visit", widget_id="w", result="alike", detail={"score": 90},
            look_id=hers.id if own else mine.id, at=NOW,
        )  # fmt: skip
        session.add(press)
        now = NOW + timedelta(minutes=3)
        done = await confirm(session, visit, by=ProofKind.FINGER, rules=RULES, now=now, press=press)
        assert done is own
        assert visit.citizen_id == ("李" if own else None)
    async with hall.read() as session:
        kinds = set(await session.scalars(select(Proof.kind)))
        assert kinds == ({ProofKind.FINGER, ProofKind.REMEMBERED} if own else set())
        alarms = list(await session.scalars(select(IdentityAlarm.kind)))
        assert alarms == ([] if own else [AlarmKind.FOREIGN_FINGER])
