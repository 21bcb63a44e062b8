"""Nobody is approved before somebody has seen who it is."""

from datetime import UTC, datetime

import pytest

from backoffice.applications.models import Application
from backoffice.applications.states import State
from backoffice.audit.services import verify
from backoffice.db import Sessions
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.proofs import keep_proof
from backoffice.identity.settling import (
    How,
    IdentityUnsettled,
    settle,
    settle_to_approve,
    unsettled,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def application(then: str | None) -> Application:
    return Application(
        item_code="residence_permit_apply",
        item_version="1",
        conversation_id="visit",
        channel="phone",
        state=State.SUBMITTED,
        identity_way="2026 some_way",
        identity_then=then,
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("then", "how", "passes"),
    [
        (None, None, True),
        ("clerk_look", None, True),
        ("clerk_look", How.WINDOW, True),
        ("window", None, False),
        ("window", How.PICTURES, False),
        ("window", How.WINDOW, True),
        ("window", How.VIDEO, True),
        ("appointment", How.VIDEO, False),
        ("appointment", How.WINDOW, True),
    ],
)
async def test_approving_needs_what_is_open(
    sessions: Sessions, then: str | None, how: How | None, passes: bool
) -> None:
    async with sessions.begin() as session:
        case = application(then)
        session.add(case)
        await session.flush()
        if not passes:
            with pytest.raises(IdentityUnsettled):
                await settle_to_approve(session, case, how, actor="staff:1", now=NOW)
            assert await unsettled(session, case) == then
            return
        await settle_to_approve(session, case, how, actor="staff:1", now=NOW)
        assert await unsettled(session, case) is None
        assert await verify(session) == []


async def test_what_was_seen_once_is_not_asked_for_again(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        case = application("window")
        session.add(case)
        await session.flush()
        await settle(session, case, How.WINDOW, actor="staff:1", now=NOW)
        await settle_to_approve(session, case, None, actor="staff:2", now=NOW)


async def test_another_case_being_seen_settles_nothing_here(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        one, other = application("window"), application("window")
        session.add_all([one, other])
        await session.flush()
        await settle(session, one, How.WINDOW, actor="staff:1", now=NOW)
        assert await unsettled(session, other) == "window"


async def test_a_clerk_who_did_not_recognise_the_person_settles_nothing(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        case = application("window")
        session.add(case)
        await session.flush()
        refused = Proof(
            kind=ProofKind.VIDEO, application_id=case.id, upload_ids=[], result="refused", detail={}
        )
        await keep_proof(session, refused, conversation_id="visit", now=NOW)
        assert await unsettled(session, case) == "window"
        with pytest.raises(IdentityUnsettled):
            await settle_to_approve(session, case, None, actor="staff:1", now=NOW)
