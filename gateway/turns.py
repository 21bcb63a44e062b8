"""One turn from the request to the reply: read, look up, let the engine decide, show.

A turn sent again is answered from what was stored, or goes on where it broke off; the remote calls
happen between transactions, never inside one.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.conversations.models import Conversation, Turn
from backoffice.conversations.services import (
    Bubble,
    begin_turn,
    conversation_of,
    end_conversation,
    finish_turn,
    visit_for_device,
)
from backoffice.dialogue.outside import answer_crisis, said_beside
from backoffice.dialogue.outward import ask_outward, keep_outward, outward_question
from backoffice.dialogue.prepare import prepare
from backoffice.dialogue.reveal import reveal
from backoffice.dialogue.small import silence
from backoffice.dialogue.state import state_of, worked_on
from backoffice.dialogue.talk import Talk
from bootstrap.container import Office
from gateway.engine import Engine, Understood

_EVENT = "[操作]"
"""What the engine reads for an event: it has no words, and its act is given as a hint."""

_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


async def run_turn(
    office: Office,
    engine: Engine,
    *,
    conversation_id: str,
    token: str | None,
    turn_id: str,
    request: Mapping[str, Any],
) -> dict[str, Any]:
    """Answer one turn.

    Args:
        token: the page's; None only for a device's reading, after the device was authenticated.

    Raises:
        CitizenError: somebody else's conversation, a broken event, or the engine is down; then the
            same turn may be sent again.
    """
    lock = _locks.setdefault(conversation_id, asyncio.Lock())
    async with lock:
        async with office.sessions.begin() as session:
            talk = await _talk(office, session, conversation_id, token, turn_id, request)
            if talk.turn.finished_at is not None:
                return dict(talk.turn.reply)
            if (done := await _without_engine(talk, request)) is not None:
                return done
            await prepare(talk)
            if answer_crisis(talk):
                return await _finish(talk, Understood("out_of_scope", [], talk.bubbles))
            prepared, outward = talk.prepared, outward_question(talk)
        while outward is not None:
            found = await ask_outward(outward, office)
            async with office.sessions.begin() as session:
                talk = await _talk(office, session, conversation_id, token, turn_id, request)
                await keep_outward(talk, outward, found)
                prepared, outward = talk.prepared, outward_question(talk, asked=outward)
        understood = await engine.turn(
            conversation_id=conversation_id,
            turn_id=turn_id,
            safe_text=prepared["safe"] or _EVENT,
            act=prepared["act"],
            item=prepared["item"],
            clauses=prepared.get("clauses", ()),
        )
        async with office.sessions.begin() as session:
            talk = await _talk(office, session, conversation_id, token, turn_id, request)
            return await _finish(talk, understood)


async def _talk(
    office: Office,
    session: AsyncSession,
    conversation_id: str,
    token: str | None,
    turn_id: str,
    request: Mapping[str, Any],
) -> Talk:
    now = office.clock.now()
    conversation: Conversation
    if token is None:
        conversation = await visit_for_device(session, id=conversation_id, now=now)
    else:
        conversation = await conversation_of(session, id=conversation_id, token=token, now=now)
    turn: Turn = await begin_turn(session, conversation, turn_id=turn_id, request=request, now=now)
    return await Talk(session, office.knowledge, conversation, turn, now).load()


async def _without_engine(talk: Talk, request: Mapping[str, Any]) -> dict[str, Any] | None:
    """Events that need no understanding: nobody answered, somebody left."""
    kind = request.get("event", {}).get("type")
    if kind not in ("silence", "leave"):
        return None
    if kind == "silence":
        await silence(talk)
    else:
        talk.say("small.goodbye_draft" if talk.draft and talk.signed_in else "small.goodbye")
    reply = await _finish(
        talk, Understood("goodbye" if kind == "leave" else "inform", [], talk.bubbles)
    )
    if kind == "leave":
        end_conversation(talk.conversation, now=talk.now)
    return reply


async def _finish(talk: Talk, understood: Understood) -> dict[str, Any]:
    draft = await worked_on(talk)
    bubbles: list[Bubble] = said_beside(talk) + reveal(understood.bubbles, draft)
    also = understood.also or talk.prepared.get("also", [])
    act = talk.prepared.get("heard_as", understood.act)
    state = state_of(talk, draft, act=act, items=understood.items, also=also)
    await finish_turn(talk.session, talk.turn, bubbles=bubbles, state=state, now=talk.now)
    assert talk.turn.reply is not None  # just stored
    return dict(talk.turn.reply)
