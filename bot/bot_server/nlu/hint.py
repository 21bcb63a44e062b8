"""What the gateway already knows about a turn overrides what the models guess."""

from __future__ import annotations

from typing import Any, Dict, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT
from rasa.shared.nlu.training_data.message import Message

from bot_server.acts import ACTS, ACTS_WITH_ITEM


class HintedIntent(GraphComponent):
    """Takes `metadata.hint.act` as the intent, confidence 1.0, and `hint.item` as the entity.

    Also drops the entity from acts that never name an item ("我叫…" while an item is mentioned).
    """

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "HintedIntent":
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Apply each message's hint in place."""
        for message in messages:
            metadata = message.get("metadata")
            hint = metadata.get("hint") if isinstance(metadata, dict) else None
            hint = hint if isinstance(hint, dict) else {}
            if hint.get("act") in ACTS:
                message.set(INTENT, {"name": hint["act"], "confidence": 1.0}, add_to_output=True)
            if hint.get("item"):
                entity = {
                    "entity": "item",
                    "value": hint["item"],
                    "confidence": 1.0,
                    "extractor": "HintedIntent",
                }
                message.set(ENTITIES, [entity], add_to_output=True)
            elif (message.get(INTENT) or {}).get("name") not in ACTS_WITH_ITEM:
                message.set(ENTITIES, [], add_to_output=True)
        return messages
