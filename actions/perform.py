"""What every action does: find its turn, call the back office once, hand on the bubbles."""

from collections.abc import Awaitable, Callable
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import select

from backoffice.conversations.models import Conversation
from backoffice.conversations.services import keep_outcome, outcome_of, turn_of
from backoffice.dialogue.talk import Talk
from backoffice.errors import NotFound
from bootstrap.container import office

Service = Callable[[Talk, str, str | None], Awaitable[None]]


async def perform(
    action: str, tracker: Tracker, dispatcher: CollectingDispatcher, service: Service
) -> list[EventType]:
    """Run `service(talk, act, item)` in one transaction, or repeat what it answered before."""
    metadata = _metadata(tracker)
    async with office().sessions.begin() as session:
        turn = await turn_of(
            session,
            conversation_id=str(metadata.get("conversation_id", "")),
            turn_id=str(metadata.get("turn_id", "")),
        )
        outcome = await outcome_of(session, turn, action)
        if outcome is None:
            conversation = await session.scalar(
                select(Conversation).where(Conversation.id == turn.conversation_id)
            )
            if conversation is None:
                raise NotFound()
            talk = Talk(session, office().knowledge, conversation, turn, office().clock.now())
            await talk.load()
            await service(talk, str(tracker.latest_message.get("intent", {}).get("name")), _item(tracker))
            outcome = {"bubbles": talk.bubbles, "slots": talk.slots}
            keep_outcome(session, turn, action, outcome)
    for bubble in outcome["bubbles"]:
        dispatcher.utter_message(json_message=bubble)
    return [SlotSet(name, value) for name, value in outcome["slots"].items()]


def _metadata(tracker: Tracker) -> dict[str, Any]:
    """The newest user message's metadata: which conversation and turn this is."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return dict(event.get("metadata") or {})
    return {}


def _item(tracker: Tracker) -> str | None:
    """The item named in this message."""
    named = tracker.get_latest_entity_values("item")
    return next(named, None)
