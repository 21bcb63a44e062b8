"""Visits, turns and what was said: the only way to a conversation is its token."""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.conversations.models import ActionOutcome, Conversation, Message, Turn, Widget
from backoffice.crypto import keyed_hash
from backoffice.errors import CitizenError, NotFound, NotYours
from backoffice.identity.alarms import AlarmKind

Bubble = dict[str, Any]
KIOSK_IDLE = timedelta(minutes=10)
"""A visit at the hall's machine that nobody goes on with for so long is over: the next person at
the screen is somebody else."""
_WIDGETS_WITH_UPLOAD = {
    "id_card_front": "image/*",
    "id_card_back": "image/*",
    "selfie": "image/*",
    "photo": "image/*",
    "document": "image/*,application/pdf",
    "signature": "image/png",
}


class ConversationEnded(CitizenError):
    """The visit is over and its data was wiped from the screen; a new one must be begun."""

    code = "conversation.ended"
    status = 410


class TurnReused(CitizenError):
    """The same `turn_id` came with another content."""

    code = "conversation.turn_reused"
    status = 409


async def open_conversation(
    session: AsyncSession,
    *,
    channel: str,
    now: datetime,
    address: str = "",
    device_id: str | None = None,
) -> tuple[Conversation, str]:
    """Begin a visit; returns it with the bearer token, which is stored as a keyed hash only.

    Args:
        address: the caller's network address, stored as a keyed hash only; empty when unknown.
        device_id: the device that the visit takes place at, proved by its pairing code.
    """
    token = secrets.token_urlsafe(32)
    conversation = Conversation(
        channel=channel,
        token_hash=keyed_hash("conversation token", token),
        memory={},
        origin=keyed_hash("conversation origin", address) if address else None,
        device_id=device_id,
        created_at=now,
        last_turn_at=now,
    )
    session.add(conversation)
    await session.flush()
    return conversation, token


async def conversation_of(
    session: AsyncSession, *, id: str, token: str, now: datetime
) -> Conversation:
    """The visit with this id, for the holder of its token.

    Raises:
        NotFound: no such visit, or another visit's token.
        ConversationEnded: it was ended, or left idle at a machine that others use.
    """
    found = await session.get(Conversation, id)
    given = keyed_hash("conversation token", token)
    if found is None:
        raise NotFound
    if not hmac.compare_digest(found.token_hash, given):
        raise NotYours(AlarmKind.FOREIGN_VISIT)
    return _open(found, now)


def _open(conversation: Conversation, now: datetime) -> Conversation:
    """The visit while it goes on; what was given in it stays in the account that it belongs to."""
    idle = conversation.channel == "kiosk" and now - conversation.last_turn_at > KIOSK_IDLE
    if conversation.ended_at is not None or idle:
        raise ConversationEnded
    return conversation


async def visit_for_device(session: AsyncSession, *, id: str, now: datetime) -> Conversation:
    """The visit that a device's reading belongs to: only for who has authenticated the device.

    Raises:
        NotFound: no such visit, or none at a device.
        ConversationEnded: it was ended.
    """
    found = await session.get(Conversation, id)
    if found is None or found.device_id is None:
        raise NotFound
    return _open(found, now)


async def by_token(session: AsyncSession, *, token: str, now: datetime) -> Conversation:
    """The visit that this token belongs to. Raises NotFound, ConversationEnded."""
    found = await session.scalar(
        select(Conversation).where(
            Conversation.token_hash == keyed_hash("conversation token", token)
        )
    )
    if found is None:
        raise NotFound
    return _open(found, now)


async def begin_turn(
    session: AsyncSession,
    conversation: Conversation,
    *,
    turn_id: str,
    request: Mapping[str, Any],
    now: datetime,
) -> Turn:
    """The turn of this id: a new one, or the one begun before with the same content.

    Raises:
        TurnReused: the id was used for another content.
    """
    known = await session.scalar(
        select(Turn).where(Turn.conversation_id == conversation.id, Turn.turn_id == turn_id)
    )
    if known is not None:
        if known.request != dict(request):
            raise TurnReused
        return known
    turn = Turn(
        conversation_id=conversation.id, turn_id=turn_id, request=dict(request), created_at=now
    )
    session.add(turn)
    await session.flush()
    if "text" in request:
        said = {"text": request["text"]}
        session.add(
            Message(
                conversation_id=conversation.id,
                turn_pk=turn.id,
                role="citizen",
                body=said,
                at=now,
            )
        )
    conversation.last_turn_at = now
    return turn


async def turn_of(session: AsyncSession, *, conversation_id: str, turn_id: str) -> Turn:
    """The turn that an action is called for. Raises NotFound."""
    found = await session.scalar(
        select(Turn).where(Turn.conversation_id == conversation_id, Turn.turn_id == turn_id)
    )
    if found is None:
        raise NotFound
    return found


async def finish_turn(
    session: AsyncSession,
    turn: Turn,
    *,
    bubbles: Sequence[Bubble],
    state: Mapping[str, Any],
    now: datetime,
) -> None:
    """Store the reply with the turn and show its bubbles in the conversation.

    Each bubble gets its `seq`, so that a page that also polls shows it once.
    """
    rows = [
        Message(
            conversation_id=turn.conversation_id, turn_pk=turn.id, role="bot", body=bubble, at=now
        )
        for bubble in bubbles
    ]
    session.add_all(rows)
    await session.flush()
    numbered = [{**bubble, "seq": row.id} for bubble, row in zip(bubbles, rows, strict=True)]
    turn.reply = {"messages": numbered, "state": dict(state)}
    turn.act = state.get("act")
    turn.finished_at = now


async def previous_bubbles(session: AsyncSession, turn: Turn) -> list[Bubble]:
    """What was answered in the turn before this one; empty at the beginning."""
    before = await session.scalar(
        select(Turn)
        .where(
            Turn.conversation_id == turn.conversation_id,
            Turn.id < turn.id,
            Turn.finished_at.is_not(None),
        )
        .order_by(Turn.id.desc())
        .limit(1)
    )
    return list(before.reply["messages"]) if before is not None and before.reply else []


async def messages_after(
    session: AsyncSession, conversation: Conversation, *, after: int, limit: int = 200
) -> list[tuple[Message, str | None]]:
    """The bubbles after the message `after` (0: from the beginning), each with its turn's id."""
    found = await session.execute(
        select(Message, Turn.turn_id)
        .outerjoin(Turn, Turn.id == Message.turn_pk)
        .where(Message.conversation_id == conversation.id, Message.id > after)
        .order_by(Message.id)
        .limit(limit)
    )
    return [(message, turn_id) for message, turn_id in found]


async def add_notice(
    session: AsyncSession, *, conversation_id: str, key: str, bubble: Bubble, now: datetime
) -> None:
    """Show something nobody asked for in this turn (a decision); the same key shows it once.

    A visit that was deleted meanwhile (an authority may take longer than visits are kept) shows
    nothing; whatever else tells the citizen must not fail for it.
    """
    if await session.scalar(select(Message.id).where(Message.key == key)) is not None:
        return
    if await session.get(Conversation, conversation_id) is None:
        return
    session.add(
        Message(conversation_id=conversation_id, role="notice", key=key, body=bubble, at=now)
    )


def end_conversation(conversation: Conversation, *, now: datetime) -> None:
    """End the visit: its token opens nothing any more."""
    conversation.ended_at = now
    conversation.focus = None
    conversation.memory = {}


async def issue_widget(
    session: AsyncSession,
    conversation: Conversation,
    *,
    kind: str,
    target: str | None,
    now: datetime,
) -> dict[str, str]:
    """The open widget of this kind and target (a new one unless shown already), for a bubble."""
    widget = await session.scalar(
        select(Widget).where(
            Widget.conversation_id == conversation.id,
            Widget.application_id == conversation.application_id,
            Widget.kind == kind,
            Widget.target == target,
            Widget.state == "open",
        )
    )
    if widget is None:
        widget = Widget(
            conversation_id=conversation.id,
            application_id=conversation.application_id,
            kind=kind,
            target=target,
            issued_at=now,
        )
        session.add(widget)
        await session.flush()
    shown = {"id": widget.id, "kind": kind}
    if kind in _WIDGETS_WITH_UPLOAD:
        shown["upload_url"] = f"/api/v1/conversations/{conversation.id}/uploads?widget={widget.id}"
        shown["accept"] = _WIDGETS_WITH_UPLOAD[kind]
    if kind == "selfie" and target is not None:
        shown["only"] = "live"  # a look that is gone at once: no picture for a clerk
    return shown


async def widget_of(session: AsyncSession, conversation: Conversation, *, id: str) -> Widget:
    """A widget shown in this visit. Raises NotFound."""
    found = await session.get(Widget, id)
    if found is None:
        raise NotFound
    if found.conversation_id != conversation.id:
        raise NotYours(AlarmKind.FOREIGN_WIDGET)
    return found


async def outcome_of(session: AsyncSession, turn: Turn, action: str) -> Any:
    """What this action answered in this turn before, or None."""
    found = await session.get(ActionOutcome, (turn.id, action))
    return found.outcome if found is not None else None


def keep_outcome(session: AsyncSession, turn: Turn, action: str, outcome: Any) -> None:
    """Remember what the action answered, in the transaction of its effects."""
    session.add(ActionOutcome(turn_pk=turn.id, action=action, outcome=outcome))
