"""A calibrated linear classifier over the sentence features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import FeatureUnion

from bot_server.nlu.features import sentence_features

FOLDS = 3
SEED = 20181214


@dataclass
class LinearModel:
    """Logistic regression whose scores are sharpened to honest probabilities.

    temperature: divides the scores; found on held-out folds so that the confidence of an answer
        is about the share of such answers that are right.
    """

    features: FeatureUnion
    weights: LogisticRegression
    temperature: float

    @property
    def labels(self) -> np.ndarray:
        """The labels in the order of the probabilities' columns."""
        return self.weights.classes_

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str]) -> "LinearModel":
        """Train on all sentences; the temperature comes from cross-validation."""
        features = sentence_features()
        x = features.fit_transform(texts)
        y = np.asarray(labels)
        scores, truth = _held_out_scores(x, y)
        weights = _regression().fit(x, y)
        return cls(features, weights, _temperature(scores, truth))

    def probabilities(self, texts: List[str]) -> np.ndarray:
        """One row per text, one column per label."""
        x = self.features.transform(texts)
        return _softmax(_scores(self.weights, x) / self.temperature)


def _regression() -> LogisticRegression:
    # liblinear (one against the rest) is the fastest here and as good as the multinomial
    return LogisticRegression(
        C=20.0, solver="liblinear", class_weight="balanced", random_state=SEED
    )


def _scores(weights: LogisticRegression, x) -> np.ndarray:
    scores = weights.decision_function(x)
    return np.column_stack([-scores, scores]) / 2 if scores.ndim == 1 else scores


def _held_out_scores(x, y):
    """Scores of sentences by models that have not seen them, with the true columns."""
    classes = np.unique(y)
    scores = np.full((len(y), len(classes)), -10.0)
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(x, y):
        weights = _regression().fit(x[train], y[train])
        columns = np.searchsorted(classes, weights.classes_)
        scores[np.ix_(test, columns)] = _scores(weights, x[test])
    return scores, np.searchsorted(classes, y)


def _temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    def loss(temperature: float) -> float:
        p = _softmax(scores / temperature)
        return -np.log(np.maximum(p[np.arange(len(truth)), truth], 1e-9)).mean()

    return float(minimize_scalar(loss, bounds=(0.1, 5.0), method="bounded").x)


def _softmax(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
