"""A challenge in front of the camera: random actions, a nonce, a time limit, few attempts.

It shows that the picture was not prepared beforehand. What it does not stop is written in
`docs/identity.md`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.conversations.models import Conversation, Widget
from backoffice.errors import CitizenError, NotFound
from backoffice.identity.alarms import AlarmKind, sound
from backoffice.identity.evidence import claimed_by
from backoffice.identity.models import LiveFrame, LivenessChallenge
from integrations.ports import LiveAction

TIME_TO_BEGIN = timedelta(seconds=30)
TIME_TO_DO = timedelta(seconds=30)
FAILURES_ALLOWED = 2
"""After these a clerk looks instead."""
STARTS_ALLOWED = 8
"""Per visit; also those begun and not used, so that no convenient challenge can be waited for."""

COUNTED_FOR = timedelta(days=1)
PER_ACCOUNT, PER_PERSON, PER_ADDRESS = 4, 6, 40
"""Failures in a day, over all visits: of an account (so of a phone), as one person, from one address.
One address may be the hall's, or a whole mobile network's."""
BEGUN_AND_FAILED = 2
"""So many times as many may be begun in vain, given up ones included: who has one film of somebody
could begin until chance asks for just what that film shows."""
REPLAYED = "replayed"
FEWEST_REPEATED, REPEATED_PART = 4, 0.8
_IN_VAIN = func.coalesce(LivenessChallenge.outcome, "") != "passed"
_FAILED = and_(LivenessChallenge.outcome.is_not(None), LivenessChallenge.outcome != "passed")

_ACTIONS = (
    LiveAction.TURN_LEFT,
    LiveAction.TURN_RIGHT,
    LiveAction.OPEN_MOUTH,
    LiveAction.BLINK,
)
_ASKED = 2


class ChallengeGone(CitizenError):
    """The challenge was used, is too old, or is not this visit's."""

    code = "identity.challenge_gone"
    status = 409
    alarm = AlarmKind.OLD_NONCE


class TooManyChallenges(CitizenError):
    """No more attempts for now; a clerk compares the pictures."""

    code = "identity.too_many_challenges"
    status = 429
    alarm = AlarmKind.LIVE_EXHAUSTED


@dataclass(frozen=True)
class Challenge:
    """What is to be done, until when."""

    nonce: str
    actions: tuple[LiveAction, ...]
    expires_at: datetime


async def start_challenge(
    session: AsyncSession, *, conversation_id: str, widget_id: str, now: datetime
) -> Challenge:
    """Ask for two random actions after a straight look; older challenges of the widget end.

    Raises:
        NotFound: no open widget for a selfie in this visit.
        TooManyChallenges: failed or begun too often.
    """
    widget = await session.scalar(
        select(Widget).where(
            Widget.id == widget_id,
            Widget.conversation_id == conversation_id,
            Widget.kind == "selfie",
            Widget.state == "open",
        )
    )
    if widget is None:
        raise NotFound
    mine = LivenessChallenge.conversation_id == conversation_id
    alike = select(func.count()).select_from(LivenessChallenge).where(_for_the_same(widget))
    failed = await failures(session, widget)
    if (await session.scalar(alike) or 0) >= STARTS_ALLOWED or failed >= FAILURES_ALLOWED:
        raise TooManyChallenges
    subject = await claimed_by(session, widget.application_id)
    await _check_across_visits(session, conversation_id, subject, now)
    await session.execute(
        update(LivenessChallenge)
        .where(mine, LivenessChallenge.widget_id == widget_id, LivenessChallenge.used_at.is_(None))
        .values(used_at=now)
    )
    actions = [LiveAction.LOOK_STRAIGHT, *_random(_ASKED)]
    row = LivenessChallenge(
        conversation_id=conversation_id,
        application_id=widget.application_id,
        widget_id=widget_id,
        subject_hash=subject,
        actions=[str(one) for one in actions],
        issued_at=now,
        expires_at=now + TIME_TO_BEGIN + TIME_TO_DO,
    )
    session.add(row)
    await session.flush()
    return Challenge(row.id, tuple(actions), row.expires_at)


def _random(count: int) -> Sequence[LiveAction]:
    return secrets.SystemRandom().sample(_ACTIONS, count)


async def claim_challenge(
    session: AsyncSession, *, nonce: str, conversation_id: str, widget_id: str, now: datetime
) -> tuple[LiveAction, ...]:
    """Use the challenge up; the same frames sent twice, or by two at once, count once.

    Raises:
        ChallengeGone: it was used, is too old, or is another visit's or widget's.
    """
    claimed = await session.execute(
        update(LivenessChallenge)
        .where(
            LivenessChallenge.id == nonce,
            LivenessChallenge.conversation_id == conversation_id,
            LivenessChallenge.widget_id == widget_id,
            LivenessChallenge.used_at.is_(None),
            LivenessChallenge.expires_at > now,
        )
        .values(used_at=now)
        .returning(LivenessChallenge.actions)
    )
    actions = claimed.scalar_one_or_none()
    if actions is None:
        raise ChallengeGone
    return tuple(LiveAction(one) for one in actions)


async def _check_across_visits(
    session: AsyncSession, conversation_id: str, subject: str | None, now: datetime
) -> None:
    """Failing or giving up in one visit after another, from one account or address, or as one person.

    Raises:
        TooManyChallenges: until the oldest of them is a day old.
    """
    visit = await session.get_one(Conversation, conversation_id)
    whose: list[tuple[ColumnElement[bool] | None, int]] = [
        (Conversation.citizen_id == visit.citizen_id if visit.citizen_id else None, PER_ACCOUNT),
        (Conversation.origin == visit.origin if visit.origin else None, PER_ADDRESS),
        (LivenessChallenge.subject_hash == subject if subject else None, PER_PERSON),
    ]
    for mine, most in whose:
        if mine is None:
            continue
        row = await session.execute(
            select(func.count(), func.count().filter(_FAILED))
            .select_from(LivenessChallenge)
            .join(Conversation, Conversation.id == LivenessChallenge.conversation_id)
            .where(mine, _IN_VAIN, LivenessChallenge.issued_at > now - COUNTED_FOR)
        )
        in_vain, failed = row.one()
        if failed >= most or in_vain >= most * BEGUN_AND_FAILED:
            raise TooManyChallenges


async def sent_before(session: AsyncSession, *, nonce: str, digests: Sequence[str]) -> bool:
    """Keep the frames' digests; whether nearly all of them were sent for one earlier challenge.

    A camera never takes the same picture twice, to the bit. This finds a film that is sent again as
    it was; it does not find one that was encoded anew: that has to do what is asked by chance.
    """
    shown = sorted(set(digests))
    earlier = await session.scalars(
        select(func.count())
        .select_from(LiveFrame)
        .where(LiveFrame.digest.in_(shown), LiveFrame.challenge_id != nonce)
        .group_by(LiveFrame.challenge_id)
    )
    most = max(earlier, default=0)
    session.add_all(LiveFrame(challenge_id=nonce, digest=one) for one in shown)
    await session.flush()
    return most >= FEWEST_REPEATED and most >= REPEATED_PART * len(shown)


async def keep_outcome(
    session: AsyncSession, *, nonce: str, fault: str | None, now: datetime
) -> int:
    """Keep how it went; returns how many have failed in this visit by now."""
    row = await session.get_one(LivenessChallenge, nonce)
    row.outcome = fault or "passed"
    await session.flush()
    if fault is not None:
        kind = AlarmKind.REPLAYED_FRAMES if fault == REPLAYED else AlarmKind.LIVE_FAILED
        await sound(session, kind, now=now, conversation_id=row.conversation_id)
    return await failures(session, await session.get_one(Widget, row.widget_id))


def _for_the_same(widget: Widget) -> ColumnElement[bool]:
    """Challenges of this visit for what the widget is for.

    Who was not recognised by face must not find it harder afterwards to be compared with a card.
    """
    same = select(Widget.id).where(
        Widget.conversation_id == widget.conversation_id,
        Widget.kind == widget.kind,
        Widget.target.is_not_distinct_from(widget.target),
    )
    return LivenessChallenge.widget_id.in_(same)


async def failures(session: AsyncSession, widget: Widget) -> int:
    """How many challenges of this visit were failed, for what the widget is for."""
    counted = await session.scalar(
        select(func.count()).select_from(LivenessChallenge).where(_for_the_same(widget), _FAILED)
    )
    return counted or 0
