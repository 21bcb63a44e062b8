"""The two linear classifiers: which act a sentence does, which item it names."""

from __future__ import annotations

import logging
from typing import Any, Dict, List, Optional, Tuple

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot_server.acts import NO_ITEM, OTHER_ITEM
from bot_server.importer import GROUP, IS_NAME, ITEM_LABEL, TOLD
from bot_server.nlu.features import SAID, Analysed, analyse
from bot_server.nlu.model import LinearModel
from bot_server.nlu.naming import NamesMarked
from bot_server.nlu.shapes import WordShapes

logger = logging.getLogger(__name__)
MODEL_FILE = "model.joblib"
RANKED = 3
#: What a waiting form changes (natural logarithms): bare words are more likely an answer, and
#: less likely chat; a question or a wish still wins by far.
IN_FORM = {"inform": 2.0, "out_of_scope": -1.5}
#: Outside a form more is said that is not the hall's business than anybody can write down. On
#: 800 sentences never trained on 90 % of it is recognised so, and 1.6 % of what belongs here is lost.
OUTSIDE_FORM = {"out_of_scope": 1.3}
#: An item is learnt against this many sentences of others that are most like its own: as good as
#: against all, and the cost grows with the items, not with items times sentences. (Acts are told
#: apart by what is spread over all sentences; they lose a point and a half by it.)
NEAREST = 3000
#: Below this an item is not offered as an alternative.
ITEM_FLOOR = 0.05


#: The sentences analysed last: both classifiers of one training read the same.
_last: List[Tuple[TrainingData, List[Analysed]]] = []


def _analysed(training_data: TrainingData) -> List[Analysed]:
    if not _last or _last[0][0] is not training_data:
        # some ways to make training data do without the importer; then each is its own group
        examples = enumerate(training_data.training_examples)
        analysed = [analyse(m.get(TEXT), m.get(GROUP, n), m.get(TOLD)) for n, m in examples]
        _last[:] = [(training_data, analysed)]
    return _last[0][1]


class _Classifier(GraphComponent):
    """A LinearModel as a component of Rasa's graph."""

    def __init__(self, storage: ModelStorage, resource: Resource, model: Optional[LinearModel]):
        self._storage = storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "_Classifier":
        return cls(model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "_Classifier":
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, joblib.load(folder / MODEL_FILE))

    @staticmethod
    def fitted(sentences: List[Analysed], examples: List[Message]) -> LinearModel:
        """A model for what the class tells of a sentence."""
        raise NotImplementedError

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on all sentences and store the model."""
        examples = training_data.training_examples
        name = type(self).__name__
        logger.info("%s: %d sentences", name, len(examples))
        sentences = _analysed(training_data)
        self._model = self.fitted(sentences, examples)
        labels = len(self._model.labels)
        logger.info("%s: %d labels, temperature %.2f", name, labels, self._model.temperature)
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / MODEL_FILE, compress=3)
        return self._resource

    @staticmethod
    def context(message: Message) -> Dict[str, float]:
        """How much likelier some labels are where this message is said (natural logarithm)."""
        return {}

    def ranking(self, message: Message) -> List[Tuple[str, float]]:
        """Labels with probabilities, best first."""
        text = message.get(TEXT) or ""
        probabilities = self._model.probabilities([text], self.context(message))[0]
        order = np.argsort(probabilities)[::-1]
        return [(str(self._model.labels[i]), float(probabilities[i])) for i in order]


class ActClassifier(_Classifier):
    """Sets the intent and a short ranking."""

    @staticmethod
    def fitted(sentences: List[Analysed], examples: List[Message]) -> LinearModel:
        acts = [m.get(INTENT) for m in examples]
        names = [s.said for s, m in zip(sentences, examples, strict=True) if m.get(IS_NAME)]
        kinds = (*SAID, (WordShapes(sentences, acts), 1.0), (NamesMarked(names), 1.0))
        return LinearModel.fit(sentences, acts, kinds)

    @staticmethod
    def context(message: Message) -> Dict[str, float]:
        metadata = message.get("metadata")
        in_form = isinstance(metadata, dict) and metadata.get("in_form")
        return IN_FORM if in_form else OUTSIDE_FORM

    def process(self, messages: List[Message]) -> List[Message]:
        """Classify each message in place."""
        for message in messages:
            ranked = [
                {"name": act, "confidence": round(p, 4)}
                for act, p in self.ranking(message)[:RANKED]
            ]
            message.set(INTENT, ranked[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranked, add_to_output=True)
        return messages


class ItemClassifier(_Classifier):
    """Sets at most one entity `item`, and `item_ranking` with the alternatives.

    Only one entity: two values of one entity would become a list in the slot.
    """

    @staticmethod
    def fitted(sentences: List[Analysed], examples: List[Message]) -> LinearModel:
        # a story before a question of the same business says nothing new about the business
        own = [(s, m) for s, m in zip(sentences, examples, strict=True) if s.told is None]
        labels = [m.get(ITEM_LABEL, NO_ITEM) for _, m in own]
        return LinearModel.fit([s for s, _ in own], labels, nearest=NEAREST)

    def process(self, messages: List[Message]) -> List[Message]:
        """Classify each message in place."""
        for message in messages:
            ranked = self.ranking(message)
            best, confidence = ranked[0]
            entities = []
            if best != NO_ITEM:
                entities.append(
                    {
                        "entity": "item",
                        "value": best,
                        "confidence": round(confidence, 4),
                        "extractor": "ItemClassifier",
                    }
                )
            codes = [
                {"value": code, "confidence": round(p, 4)}
                for code, p in ranked
                if code not in (NO_ITEM, OTHER_ITEM) and p >= ITEM_FLOOR
            ][:RANKED]
            message.set(ENTITIES, entities, add_to_output=True)
            # kept also when no item is named: a life situation is answered from it
            message.set("item_ranking", codes, add_to_output=True)
        return messages
