"""A challenge opens once, for its own widget and visit, in time, and not again and again."""

from datetime import UTC, datetime, timedelta

import pytest

from backoffice.conversations.models import Conversation, Widget
from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.identity.liveness import (
    FAILURES_ALLOWED,
    STARTS_ALLOWED,
    ChallengeGone,
    TooManyChallenges,
    claim_challenge,
    keep_outcome,
    start_challenge,
)
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
