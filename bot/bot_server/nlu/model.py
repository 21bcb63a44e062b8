"""A calibrated linear classifier over the sentence features."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from bot_server.nlu.features import SAID, Analysed, Counted, FeatureSpace, analyse
from bot_server.nlu.weights import Weights

FOLDS = 3
SEED = 20181214
#: Softness, and when to stop: on held-out sentences the same share is right as with 0.0001.
C, TOLERANCE = 0.3, 0.03
#: Of the sentences that are not among the nearest, one in so many is learnt against all the same.
ONE_IN = 20


@dataclass
class LinearModel:
    """A linear machine, one label against the rest, whose scores become honest probabilities.

    labels: in the order of the probabilities' columns.
    temperature: divides the scores; found on held-out folds so that the confidence of an answer
        is about the share of such answers that are right.
    """

    features: FeatureSpace
    labels: np.ndarray
    weights: Weights
    temperature: float

    @classmethod
    def fit(
        cls,
        sentences: Sequence[Analysed],
        labels: Sequence[str],
        kinds: Sequence[Tuple[Counted, float]] = SAID,
        nearest: Optional[int] = None,
    ) -> "LinearModel":
        """Train on all sentences; what cannot be seen on them comes from cross-validation.

        kinds: of features, with their weights.
        nearest: how many sentences of other labels a label is learnt against; None: all.
        """
        features = FeatureSpace(kinds)
        x = features.fit_transform(sentences)
        classes, y = np.unique(labels, return_inverse=True)
        groups = np.asarray([s.group for s in sentences])
        told = np.asarray([-1 if s.told is None else s.told for s in sentences])
        weights = _machine(x, y, len(classes), nearest)
        temperature = _temperature(*_held_out_scores(x, y, groups, told, nearest))
        return cls(features, classes, weights, temperature)

    def probabilities(
        self, texts: List[str], more: Optional[Dict[str, float]] = None
    ) -> np.ndarray:
        """One row per text, one column per label.

        more: how much likelier than in the training sentences a label is here (natural logarithm).
        """
        rows = [self.features.row(analyse(text)) for text in texts]
        scores = np.array([self.weights.of(columns, values) for columns, values in rows])
        scores /= self.temperature
        more = more or {}
        return _softmax(scores + np.array([more.get(label, 0.0) for label in self.labels]))


def _machine(x: csr_matrix, y: np.ndarray, labels: int, nearest: Optional[int]) -> Weights:
    """One linear machine per label; y: the label's number for each row.

    As good as logistic regression here and five times as fast. In processes, not threads: the
    machine's random order is of the process, and training must be the same each time.
    """
    learnt = Parallel(n_jobs=os.cpu_count())(
        delayed(_one_against_rest)(x, y, label, labels, nearest) for label in range(labels)
    )
    return Weights(x.shape[1], learnt)


def _one_against_rest(
    x: csr_matrix, y: np.ndarray, label: int, labels: int, nearest: Optional[int]
) -> Tuple[np.ndarray, np.ndarray, float]:
    """The label's features, their weights, and its bias.

    A label counts by the square root of its rarity: full balance makes the broad out_of_scope
    lose against every narrow one.
    """
    own = np.flatnonzero(y == label)
    if not len(own):  # in a fold without it: as far away as a label can be
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32), -3.0
    weight = (len(y) / labels / len(own)) ** 0.5
    used = np.arange(x.shape[1], dtype=np.int32)
    if nearest is not None:
        rows = np.union1d(own, _nearest_others(x, own, max(nearest, 2 * len(own))))
        x, y = x[rows], y[rows]
        used, within = np.unique(x.indices, return_inverse=True)
        x = csr_matrix((x.data, within.astype(np.int32), x.indptr), (len(rows), len(used)))
    machine = LinearSVC(
        C=C, tol=TOLERANCE, class_weight={True: weight, False: 1.0}, random_state=SEED
    )
    machine.fit(x, y == label)
    return used, machine.coef_[0].astype(np.float32), float(machine.intercept_[0])


def _nearest_others(x: csr_matrix, own: np.ndarray, count: int) -> np.ndarray:
    """The rows most like the middle of `own` but not of it, and a few of all the rest."""
    likeness = x @ np.asarray(x[own].sum(axis=0)).ravel()
    likeness[own] = -np.inf
    order = np.argsort(-likeness, kind="stable")[: len(likeness) - len(own)]
    return np.concatenate([order[:count], order[count::ONE_IN]])


def _held_out_scores(
    x: csr_matrix, y: np.ndarray, groups: np.ndarray, told: np.ndarray, nearest: Optional[int]
) -> Tuple[np.ndarray, np.ndarray]:
    """Scores of written sentences by a model that has not seen them or their variants.

    told: the group of the sentence that is told before each; -1: none.
    """
    train, test = next(iter(GroupKFold(FOLDS).split(x, y, groups)))
    train = train[~np.isin(told[train], groups[test])]
    # a group begins with the sentence as it was written; its variants would count it many times
    first = {group: row for row, group in reversed(list(enumerate(groups)))}
    test = np.array([row for row in test if first[groups[row]] == row])
    scores = _machine(x[train], y[train], y.max() + 1, nearest).of_all(x[test])
    return scores, y[test]


def _temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    def loss(temperature: float) -> float:
        p = _softmax(scores / temperature)
        return -np.log(np.maximum(p[np.arange(len(truth)), truth], 1e-9)).mean()

    return float(minimize_scalar(loss, bounds=(0.05, 5.0), method="bounded").x)


def _softmax(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
