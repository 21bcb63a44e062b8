"""A calibrated linear classifier over the sentence features."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from bot_server.nlu.features import Analysed, FeatureSpace, analyse
from bot_server.nlu.shapes import WordShapes

FOLDS = 3
SEED = 20181214


@dataclass
class LinearModel:
    """A linear machine, one label against the rest, whose scores become honest probabilities.

    labels: in the order of the probabilities' columns.
    weights: one row per feature, one column per label, so that a sentence touches few rows.
    temperature: divides the scores; found on held-out folds so that the confidence of an answer
        is about the share of such answers that are right.
    """

    features: FeatureSpace
    labels: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    temperature: float

    @classmethod
    def fit(
        cls,
        sentences: Sequence[Analysed],
        labels: Sequence[str],
        shaped_by: Sequence[str] = (),
    ) -> "LinearModel":
        """Train on all sentences; the temperature comes from cross-validation.

        shaped_by: the sentences' acts, when the features shall tell the hall's business apart.
        """
        features = FeatureSpace(WordShapes(sentences, shaped_by) if shaped_by else None)
        x = features.fit_transform(sentences)
        y = np.asarray(labels)
        groups = np.asarray([s.group for s in sentences])
        machine = _machine(y).fit(x, y)
        weights, bias = machine.coef_, machine.intercept_
        if len(weights) == 1:  # of two labels there is one score
            weights, bias = np.vstack([-weights, weights]) / 2, np.append(-bias, bias) / 2
        temperature = _temperature(*_held_out_scores(x, y, groups))
        weights = np.ascontiguousarray(weights.T, dtype=np.float32)
        return cls(features, machine.classes_, weights, bias, temperature)

    def probabilities(
        self, texts: List[str], more: Optional[Dict[str, float]] = None
    ) -> np.ndarray:
        """One row per text, one column per label.

        more: how much likelier than in the training sentences a label is here (natural logarithm).
        """
        rows = [self.features.row(analyse(text)) for text in texts]
        scores = np.array([values @ self.weights[columns] + self.bias for columns, values in rows])
        scores /= self.temperature
        more = more or {}
        return _softmax(scores + np.array([more.get(label, 0.0) for label in self.labels]))


def _machine(y: np.ndarray) -> LinearSVC:
    # As good as logistic regression here and five times as fast. Weights by the square root of
    # rarity: full balance makes the broad class out_of_scope lose against every narrow one.
    counts = Counter(y)
    mean = len(y) / len(counts)
    balance = {label: (mean / count) ** 0.5 for label, count in counts.items()}
    return LinearSVC(C=1.0, class_weight=balance, random_state=SEED)


def _scores(weights: LinearSVC, x) -> np.ndarray:
    scores = weights.decision_function(x)
    return np.column_stack([-scores, scores]) / 2 if scores.ndim == 1 else scores


def _held_out_scores(x, y: np.ndarray, groups: np.ndarray):
    """Scores of sentences by a model that has not seen them or their variants, and the truth."""
    classes = np.unique(y)
    train, test = next(iter(GroupKFold(FOLDS).split(x, y, groups)))
    weights = _machine(y[train]).fit(x[train], y[train])
    scores = np.full((len(test), len(classes)), -3.0)
    scores[:, np.searchsorted(classes, weights.classes_)] = _scores(weights, x[test])
    return scores, np.searchsorted(classes, y[test])


def _temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    def loss(temperature: float) -> float:
        p = _softmax(scores / temperature)
        return -np.log(np.maximum(p[np.arange(len(truth)), truth], 1e-9)).mean()

    return float(minimize_scalar(loss, bounds=(0.05, 5.0), method="bounded").x)


def _softmax(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
