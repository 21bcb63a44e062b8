"""What every action does: find its turn, call the back office once, hand on the bubbles."""

from abc import abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from backoffice.conversations.models import Conversation
from backoffice.conversations.services import keep_outcome, outcome_of, turn_of
from backoffice.dialogue.also import serve_also
from backoffice.dialogue.talk import Talk
from bootstrap.container import office


class Capability(Action):
    """One thing the conversation can do; subclasses say which back-office function serves it.

    Attributes:
        leads: whether this is the action of what was asked, so that a further request in the same
            sentence is served with it.
    """

    leads = False

    @abstractmethod
    def name(self) -> str:
        """The action's name in `domain.yml`."""

    @abstractmethod
    async def serve(self, talk: Talk, act: str, item: str | None) -> None:
        """Serve the turn: `act` is what was understood, `item` the item named in it."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Serve in one transaction, or repeat what was answered before in this turn."""
        metadata = _metadata(tracker)
        async with office().sessions.begin() as session:
            turn = await turn_of(
                session,
                conversation_id=str(metadata.get("conversation_id", "")),
                turn_id=str(metadata.get("turn_id", "")),
            )
            outcome = await outcome_of(session, turn, self.name())
            if outcome is None:
                conversation = await session.get_one(Conversation, turn.conversation_id)
                now = office().clock.now()
                talk = await Talk(session, office().knowledge, conversation, turn, now).load()
                talk.ranking = _ranking(tracker)
                await self.serve(talk, _act(tracker), _item(tracker))
                if self.leads:
                    await serve_also(talk, _act(tracker), _also(tracker, talk))
                outcome = {"bubbles": talk.bubbles, "slots": talk.slots}
                keep_outcome(session, turn, self.name(), outcome)
        for bubble in outcome["bubbles"]:
            dispatcher.utter_message(json_message=bubble)
        return [SlotSet(name, value) for name, value in outcome["slots"].items()]


def _metadata(tracker: Tracker) -> dict[str, Any]:
    """The newest user message's metadata: which conversation and turn this is."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return dict(event.get("metadata") or {})
    return {}


def _act(tracker: Tracker) -> str:
    """The act that was decided; the SDK's own reader would take the model's ranking over a hint."""
    return str((tracker.latest_message.get("intent") or {}).get("name"))


def _ranking(tracker: Tracker) -> list[tuple[str, float]]:
    """The items that the model thinks of, with its confidence."""
    ranked = tracker.latest_message.get("item_ranking") or []
    return [(str(one["value"]), float(one["confidence"])) for one in ranked]


def _also(tracker: Tracker, talk: Talk) -> list[dict[str, Any]]:
    """Further requests: of this sentence, or of the one whose item has just been settled."""
    return list(tracker.latest_message.get("also") or talk.prepared.get("also") or [])


def _item(tracker: Tracker) -> str | None:
    """The item named in this message."""
    named = tracker.get_latest_entity_values("item")
    return next(named, None)
