"""A head who lets the robot decide an item, and what the robot then did with the case."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backoffice.clock import china_date
from backoffice.delegation.models import RobotDecision
from backoffice.delegation.services import Rulebook, grant, sign
from backoffice.staff.models import Role
from backoffice.staff.services import create_user
from tests.conversations.stage import Stage


async def delegate(stage: Stage, item_code: str) -> None:
    """Grant and sign, day and night, with papers that are there as pictures only."""
    office = stage.office
    now = office.clock.now()
    rulebook = Rulebook(office.catalogue, office.knowledge.policy)
    terms: dict[str, Any] = {
        "per_day": 20, "per_person": 1, "photographed_papers": True,
        "until": (china_date(now) + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    async with office.sessions.begin() as session:
        head = await create_user(
            session, username=f"head{now:%H%M%S%f}", display_name="黄主任",
            password="eight tall horses", role=Role.HEAD, departments=["*"], now=now,
        )  # fmt: skip
        row = await grant(
            session, item_code=item_code, given=terms, staff=head, rulebook=rulebook, now=now
        )
        shown = str(rulebook.hash(item_code))
        await sign(session, row.id, shown_hash=shown, staff=head, rulebook=rulebook, now=now)


async def outcome_of(stage: Stage, application_id: str) -> str | None:
    """`approved` or `handed`; None while the robot has not looked at the case."""
    async with stage.office.sessions.read() as session:
        found = await session.scalar(
            select(RobotDecision.outcome).where(RobotDecision.application_id == application_id)
        )
    return None if found is None else str(found)
