"""A challenge opens once, for its own widget and visit, in time, and not again and again."""

from datetime import UTC, datetime, timedelta

import pytest

from backoffice.applications.models import AnswerRow, Application
from backoffice.conversations.models import Conversation, Widget
from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.identity.evidence import subject_hash
from backoffice.identity.liveness import (
    COUNTED_FOR,
    FAILURES_ALLOWED,
    PER_ADDRESS,
    PER_PERSON,
    STARTS_ALLOWED,
    ChallengeGone,
    TooManyChallenges,
    claim_challenge,
    keep_outcome,
    start_challenge,
)
from backoffice.identity.models import LivenessChallenge
from integrations.ports import LiveAction

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
async def widgets(sessions: Sessions, conversation_id: str) -> dict[str, dict[str, str]]:
    """Two selfie widgets of one visit, and one of another."""
    made = {}
    async with sessions.begin() as session:
        other = Conversation(
            channel="phone", token_hash="y", focus={}, memory={}, created_at=NOW, last_turn_at=NOW
        )
        session.add(other)
        await session.flush()
        for name, visit in (("mine", conversation_id), ("second", conversation_id),
                            ("strange", other.id)):  # fmt: skip
            widget = Widget(conversation_id=visit, kind="selfie", issued_at=NOW)
            session.add(widget)
            await session.flush()
            made[name] = {"conversation_id": visit, "widget_id": widget.id}
    return made


async def begin(sessions: Sessions, place: dict[str, str], now: datetime = NOW) -> str:
    async with sessions.begin() as session:
        return (await start_challenge(session, now=now, **place)).nonce


async def claim(
    sessions: Sessions, nonce: str, place: dict[str, str], now: datetime = NOW
) -> tuple[LiveAction, ...]:
    async with sessions.begin() as session:
        return await claim_challenge(session, nonce=nonce, now=now, **place)


async def test_a_nonce_opens_once(sessions: Sessions, widgets: dict[str, dict[str, str]]) -> None:
    nonce = await begin(sessions, widgets["mine"])
    actions = await claim(sessions, nonce, widgets["mine"])
    assert actions[0] == LiveAction.LOOK_STRAIGHT and len(set(actions)) == 3
    with pytest.raises(ChallengeGone):
        await claim(sessions, nonce, widgets["mine"])


@pytest.mark.parametrize("elsewhere", ["second", "strange"])
async def test_a_nonce_opens_nothing_elsewhere(
    sessions: Sessions, widgets: dict[str, dict[str, str]], elsewhere: str
) -> None:
    nonce = await begin(sessions, widgets["mine"])
    with pytest.raises(ChallengeGone):
        await claim(sessions, nonce, widgets[elsewhere])
    assert await claim(sessions, nonce, widgets["mine"])


async def test_a_nonce_opens_in_time_only(
    sessions: Sessions, widgets: dict[str, dict[str, str]]
) -> None:
    nonce = await begin(sessions, widgets["mine"])
    with pytest.raises(ChallengeGone):
        await claim(sessions, nonce, widgets["mine"], NOW + timedelta(minutes=2))


async def test_a_new_challenge_ends_the_one_before(
    sessions: Sessions, widgets: dict[str, dict[str, str]]
) -> None:
    first = await begin(sessions, widgets["mine"])
    second = await begin(sessions, widgets["mine"])
    with pytest.raises(ChallengeGone):
        await claim(sessions, first, widgets["mine"])
    assert await claim(sessions, second, widgets["mine"])


async def test_after_two_failures_a_clerk_looks_instead(
    sessions: Sessions, widgets: dict[str, dict[str, str]]
) -> None:
    for number in range(1, FAILURES_ALLOWED + 1):
        nonce = await begin(sessions, widgets["mine"])
        await claim(sessions, nonce, widgets["mine"])
        async with sessions.begin() as session:
            assert await keep_outcome(session, nonce=nonce, fault="still", now=NOW) == number
    with pytest.raises(TooManyChallenges):
        await begin(sessions, widgets["second"])
    assert await begin(sessions, widgets["strange"])


async def test_nobody_waits_for_a_convenient_challenge(
    sessions: Sessions, widgets: dict[str, dict[str, str]]
) -> None:
    for _ in range(STARTS_ALLOWED):
        await begin(sessions, widgets["mine"])
    with pytest.raises(TooManyChallenges):
        await begin(sessions, widgets["mine"])


@pytest.mark.parametrize("wrong", ["closed", "kind"])
async def test_only_an_open_widget_for_a_selfie_has_challenges(
    sessions: Sessions, widgets: dict[str, dict[str, str]], wrong: str
) -> None:
    async with sessions.begin() as session:
        widget = await session.get_one(Widget, widgets["mine"]["widget_id"])
        if wrong == "closed":
            widget.state = "done"
        else:
            widget.kind = "photo"
    with pytest.raises(NotFound):
        await begin(sessions, widgets["mine"])


async def failed_before(
    sessions: Sessions,
    times: int,
    at: datetime,
    *,
    origin: str | None = None,
    subject: str | None = None,
) -> None:
    """Challenges failed in as many other visits, from an address or as a person."""
    async with sessions.begin() as session:
        for number in range(times):
            visit = Conversation(
                channel="phone", token_hash=f"earlier {number}", focus={},
                memory={}, created_at=at, last_turn_at=at, origin=origin,
            )  # fmt: skip
            session.add(visit)
            await session.flush()
            session.add(
                LivenessChallenge(
                    conversation_id=visit.id, widget_id="gone", subject_hash=subject, actions=[],
                    issued_at=at, expires_at=at, used_at=at, outcome="still",
                )
            )  # fmt: skip


@pytest.mark.parametrize("fewer", [1, 0])
async def test_failures_from_one_address_are_counted_over_all_visits(
    sessions: Sessions, widgets: dict[str, dict[str, str]], fewer: int
) -> None:
    async with sessions.begin() as session:
        visit = await session.get_one(Conversation, widgets["mine"]["conversation_id"])
        visit.origin = "here"
    await failed_before(sessions, PER_ADDRESS - fewer, NOW - timedelta(hours=3), origin="here")
    await failed_before(sessions, 5, NOW - timedelta(hours=3), origin="elsewhere")
    if fewer:
        assert await begin(sessions, widgets["mine"])
        return
    with pytest.raises(TooManyChallenges):
        await begin(sessions, widgets["mine"])
    assert await begin(sessions, widgets["strange"]), "of another address"
    assert await begin(sessions, widgets["mine"], NOW + COUNTED_FOR)


@pytest.mark.parametrize("fewer", [1, 0])
async def test_failures_as_one_person_are_counted_over_all_visits(
    sessions: Sessions, conversation_id: str, widgets: dict[str, dict[str, str]], fewer: int
) -> None:
    id_no, other = "430121199207154022", "411422198803093612"
    async with sessions.begin() as session:
        application = Application(
            item_code="residence_permit_apply", item_version="1", channel="phone", progress={},
            conversation_id=conversation_id, created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(application)
        await session.flush()
        session.add(
            AnswerRow(
                application_id=application.id, field="id_no", value=id_no, source="typed",
                at=NOW,
            )
        )  # fmt: skip
        widget = await session.get_one(Widget, widgets["mine"]["widget_id"])
        widget.application_id = application.id
    mine, earlier = subject_hash(id_no), NOW - timedelta(hours=3)
    await failed_before(sessions, PER_PERSON - fewer, earlier, subject=mine)
    await failed_before(sessions, 5, earlier, subject=subject_hash(other))
    if fewer:
        assert await begin(sessions, widgets["mine"])
        return
    with pytest.raises(TooManyChallenges):
        await begin(sessions, widgets["mine"])
    assert await begin(sessions, widgets["second"]), "who says to be nobody yet"
    assert await begin(sessions, widgets["mine"], NOW + COUNTED_FOR)
