"""One turn of a conversation: all of it is saved, or nothing.

Rasa's MessageProcessor logs an action's failure and goes on, so a turn whose action call failed
would be saved as done with its outcome lost. Here any failure raises TurnFailed before anything
is saved, and the same turn can be sent again.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple
from weakref import WeakValueDictionary

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import ActionExecutionRejected, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot_server.action_endpoint import check_results_quickly
from bot_server.acts import ANSWERS, OTHER_ITEM
from bot_server.also import SERVED, pieces_of, split, split_unjoined
from bot_server.tracker_store import EncryptedTrackerStore

logger = logging.getLogger(__name__)
CHANNEL = "gateway"
WARM_UP = "你好，我想问一下"


class TurnFailed(Exception):
    """A turn could not be finished; nothing of it was saved. `stage` says where, for the log."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage


class _Watched(Action):
    """An action that remembers its failure, since the processor swallows it."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self.failure: Optional[BaseException] = None

    def name(self) -> str:
        return self._action.name()

    async def run(self, *args: Any, **kwargs: Any) -> List[Any]:
        try:
            return await self._action.run(*args, **kwargs)
        except ActionExecutionRejection:
            raise
        except Exception as exc:
            self.failure = exc
            raise

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> Any:
        return self._action.event_for_successful_execution(prediction)


class Locks:
    """One lock for each conversation that speaks now.

    One process owns the tracker, so a lock of this process is enough; Rasa's own polls.
    """

    def __init__(self) -> None:
        self._locks: "WeakValueDictionary[str, asyncio.Lock]" = WeakValueDictionary()

    def of(self, sender: str) -> asyncio.Lock:
        """The conversation's lock, as long as anybody holds or awaits it."""
        lock = self._locks.get(sender)
        if lock is None:
            lock = self._locks[sender] = asyncio.Lock()
        return lock


class TurnProcessor(MessageProcessor):
    """Rasa's processor, turn by turn, failing loudly."""

    def __init__(
        self,
        model: Path,
        tracker_store: EncryptedTrackerStore,
        action_endpoint: Optional[EndpointConfig],
    ) -> None:
        """Load the model. Raises rasa.exceptions.ModelNotFound."""
        check_results_quickly()
        super().__init__(
            model_path=model,
            tracker_store=tracker_store,
            lock_store=InMemoryLockStore(),
            generator=TemplatedNaturalLanguageGenerator({}),
            action_endpoint=action_endpoint,
            on_circuit_break=_circuit_broken,
        )
        tracker_store.domain = self.domain

    async def turn(self, sender: str, text: str, metadata: Dict[str, Any]) -> Dict[str, Any]:
        """Run one turn, or answer it again when it is already done. Raises TurnFailed.

        The caller holds the conversation's lock (see LiveModel).
        """
        try:
            return await self._turn(sender, text, metadata)
        except TurnFailed:
            raise
        except Exception as exc:
            raise TurnFailed(type(exc).__name__) from exc

    async def _turn(self, sender: str, text: str, metadata: Dict[str, Any]) -> Dict[str, Any]:
        tracker = await self.get_tracker(sender)
        done = reply_of(tracker, metadata["turn_id"])
        if done is not None:
            return done
        output = CollectingOutputChannel()
        # a waiting form is context for understanding: bare words are then likely an answer
        metadata = {**metadata, "in_form": tracker.active_loop_name is not None}
        message = UserMessage(text, output, sender, input_channel=CHANNEL, metadata=metadata)
        await self._update_tracker_session(tracker, output)
        await self._handle_message_with_tracker(message, tracker)
        tracker = await self.run_action_extract_slots(output, tracker)
        self._step_out_of_form(tracker)
        await self._run_prediction_loop(output, tracker)
        await self.save_tracker(tracker)
        reply = reply_of(tracker, metadata["turn_id"])
        if reply is None:
            raise TurnFailed("no reply")
        return reply

    @staticmethod
    def _step_out_of_form(tracker: DialogueStateTracker) -> None:
        """An act that is no answer does not go to the form first.

        Rasa always tries the active form and applies the rules only after it refused; refusing
        in its place saves a call of the action server and keeps questions from being validated.
        """
        act = tracker.latest_message.intent.get("name")
        if tracker.active_loop_name and act not in ANSWERS:
            tracker.update(ActionExecutionRejected(tracker.active_loop_name))

    def predict_next_with_tracker_if_should(
        self, tracker: DialogueStateTracker
    ) -> Tuple[Action, PolicyPrediction]:
        """As Rasa's; a turn that no rule fits is a fault, not a silence. Raises TurnFailed."""
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        if prediction.max_confidence <= 0:
            raise TurnFailed(f"no rule for {tracker.latest_message.intent.get('name')}")
        return action, prediction

    async def _run_action(self, action: Action, *args: Any, **kwargs: Any) -> bool:
        watched = _Watched(action)
        bound = (watched, *args)
        if "action" in kwargs:
            raise TypeError("action is positional")
        go_on = await super()._run_action(*bound, **kwargs)
        if watched.failure is not None:
            raise TurnFailed(action.name()) from watched.failure
        return go_on

    async def parse_message(
        self,
        message: UserMessage,
        tracker: Optional[DialogueStateTracker] = None,
        only_output_properties: bool = True,
    ) -> Dict[str, Any]:
        """As Rasa's; the single requests in `metadata.clauses` are understood too (`also`).

        Without any, what stands between the text's pauses is tried.
        """
        parsed = await super().parse_message(message, tracker, only_output_properties)
        metadata = message.metadata or {}
        in_form = bool(metadata.get("in_form"))
        clauses = metadata.get("clauses") or []
        pieces = clauses or ([] if in_form else pieces_of(message.text or ""))
        hinted = (metadata.get("hint") or {}).get("act")
        if not pieces or hinted or parsed["intent"]["name"] not in SERVED:
            return parsed  # what cannot be served beside another need not be taken apart
        parts = []
        for piece in pieces:
            alone = UserMessage(piece, metadata={"in_form": in_form})
            parts.append(_part_of(await super().parse_message(alone, None, only_output_properties)))
        decide = split if clauses else split_unjoined
        own, parsed["also"] = decide(_understood_of(parsed), parts)
        if own is not None:
            act, item = own
            if act != parsed["intent"]["name"]:
                parsed["intent"] = {"name": act, "confidence": parts[0]["confidence"]}
            parsed["entities"] = [_named(item)] if item else []
        return parsed

    async def understand(
        self,
        text: str,
        hint: Optional[Dict[str, Any]] = None,
        in_form: bool = False,
        clauses: Optional[List[str]] = None,
    ) -> Dict[str, Any]:
        """Parse a safe text with no conversation: act, confidence, items, also, other, ranking."""
        metadata = {"hint": hint or {}, "in_form": in_form, "clauses": clauses or []}
        parsed = await self.parse_message(UserMessage(text, metadata=metadata))
        return {
            **_understood_of(parsed),
            "other": any(e.get("value") == OTHER_ITEM for e in parsed["entities"]),
            "ranking": parsed.get("intent_ranking", []),
        }

    async def warm_up(self) -> None:
        """Load what the first sentence would load (jieba's dictionary, pinyin, rules)."""
        await self.understand(WARM_UP)


def _circuit_broken(tracker: DialogueStateTracker, *_: Any) -> None:
    raise TurnFailed("too many actions in one turn")


def reply_of(tracker: DialogueStateTracker, turn_id: str) -> Optional[Dict[str, Any]]:
    """The channel's answer for a turn that the tracker holds; None when it does not."""
    user: Optional[UserUttered] = None
    messages: List[Dict[str, Any]] = []
    for event in tracker.events:
        if isinstance(event, UserUttered):
            if user is not None:
                break
            if (event.metadata or {}).get("turn_id") == turn_id:
                user = event
        elif user is not None and isinstance(event, BotUttered):
            messages.append(_message(event))
    if user is None:
        return None
    parsed = user.parse_data or {}
    understood = _understood(user.intent, user.entities, parsed.get("item_ranking"))
    return {**understood, "also": parsed.get("also", []), "messages": messages}


def _message(event: BotUttered) -> Dict[str, Any]:
    message: Dict[str, Any] = {}
    if event.text:
        message["text"] = event.text
    if (event.data or {}).get("custom"):
        message["custom"] = event.data["custom"]
    return message


def _named(item: str) -> Dict[str, Any]:
    return {"entity": "item", "value": item, "confidence": 1.0, "extractor": "also"}


def _understood_of(parsed: Dict[str, Any]) -> Dict[str, Any]:
    found = _understood(parsed["intent"], parsed["entities"], parsed.get("item_ranking"))
    return {**found, "also": parsed.get("also", [])}


def _part_of(parsed: Dict[str, Any]) -> Dict[str, Any]:
    """With how sure the item is (0 to 1)."""
    sure = max((e.get("confidence") or 0.0 for e in parsed["entities"]), default=0.0)
    return {**_understood_of(parsed), "item_confidence": sure}


def _understood(
    intent: Dict[str, Any],
    entities: List[Dict[str, Any]],
    ranking: Optional[List[Dict[str, Any]]],
) -> Dict[str, Any]:
    """`items` are catalogue codes, best first; empty when none or an unknown one is named."""
    best = [e["value"] for e in entities if e.get("entity") == "item"]
    others = [r["value"] for r in ranking or [] if best and OTHER_ITEM not in best]
    codes = [code for code in dict.fromkeys(best + others) if code != OTHER_ITEM]
    return {
        "act": intent.get("name"),
        "confidence": float(intent.get("confidence") or 0.0),
        "items": codes,
    }
