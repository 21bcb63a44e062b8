"""Fits the alarm's weights: `python -m bot_server.alarm IN.jsonl OUT.npz HELD_OUT.jsonl`, inside bot/.

Reads lines `{features: {kind: [feature]}, label, group, counts, heard: [{kind: [feature]}]}`.
label: a kind of emergency or `none`; counts: for how many lines this one stands; heard: what of the
line is heard, which need not be what is learnt.
Writes the weights as `backoffice.understanding.cries` reads them, and for every line how a model
that had not seen it or anything of its group scores each that is heard: `[[score per column]]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Dict, List, Sequence, Set, Tuple

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

NONE = "none"
#: A feature that fewer lines have teaches nothing; one that no cry has must be in more of them.
RAREST, RAREST_ELSEWHERE = 2, 8
#: Softness of the machine.
C = 12.0
FOLDS = 4
SEED = 20181214


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bot_server.alarm", description=__doc__)
    for name in ("source", "weights", "held_out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--kinds", required=True, help="the order of the columns")
    parser.add_argument("--lengths", required=True, help="JSON: how much each kind of feature counts")
    options = parser.parse_args()
    lines = [json.loads(line) for line in options.source.read_text("utf-8").splitlines()]
    kinds, lengths = options.kinds.split(","), json.loads(options.lengths)
    counted = {k: [one["features"][k] for one in lines] for k in lengths}
    labels = np.array([one["label"] for one in lines])
    groups = np.array([one["group"] for one in lines])
    counts = np.array([float(one["counts"]) for one in lines])
    _write(options.weights, *_fit(counted, lengths, labels, counts, kinds))
    with options.held_out.open("w", encoding="utf-8") as out:
        for scores in _held_out(
            counted, lengths, labels, counts, groups, kinds, [one["heard"] for one in lines]
        ):
            out.write(json.dumps([[round(float(s), 4) for s in row] for row in scores]) + "\n")
    return 0


class _Rows:
    """tf-idf of each kind of feature, side by side, each kind's part as long as it counts."""

    def __init__(self, lengths: Dict[str, float]) -> None:
        self._lengths = lengths
        self._made: Dict[str, TfidfVectorizer] = {}

    def fit(self, counted: Dict[str, List[List[str]]], cries: np.ndarray) -> csr_matrix:
        for kind in self._lengths:
            self._made[kind] = TfidfVectorizer(
                analyzer=_as_it_is,
                sublinear_tf=True,
                vocabulary=_worth_knowing(counted[kind], cries),
                dtype=np.float32,
            ).fit(counted[kind])
        return self.of(counted)

    def of(self, counted: Dict[str, List[List[str]]]) -> csr_matrix:
        parts = [self._made[k].transform(counted[k]) * n for k, n in self._lengths.items()]
        return hstack(parts).tocsr()

    def names_and_idf(self) -> Tuple[List[str], np.ndarray]:
        names, idf = [], []
        for kind, made in self._made.items():
            names += [f"{kind} {one}" for one in made.get_feature_names_out()]
            idf.append(made.idf_)
        return names, np.concatenate(idf)


def _worth_knowing(counted: List[List[str]], cries: np.ndarray) -> List[str]:
    lines: Counter = Counter()
    of_cries: Set[str] = set()
    for found, is_cry in zip(counted, cries, strict=True):
        own = set(found)
        lines.update(own)
        of_cries |= own if is_cry else set()
    return sorted(
        one for one, n in lines.items() if n >= (RAREST if one in of_cries else RAREST_ELSEWHERE)
    )


def _as_it_is(features: List[str]) -> List[str]:
    return features


def _machines(
    x: csr_matrix, labels: np.ndarray, counts: np.ndarray, kinds: Sequence[str]
) -> Tuple[np.ndarray, ...]:
    """Weights and biases: the first column is "any cry", learnt on all; then each kind, on cries."""
    cries = labels != NONE
    targets = [(x, cries, None, counts)]
    targets += [(x[cries], labels[cries] == kind, "balanced", None) for kind in kinds]
    columns, biases = [], []
    for rows, truth, weight, often in targets:
        machine = LogisticRegression(
            C=C, class_weight=weight, solver="liblinear", tol=1e-3, max_iter=300, random_state=SEED
        ).fit(rows, truth, sample_weight=often)
        columns.append(machine.coef_[0])
        biases.append(machine.intercept_[0])
    return np.stack(columns, axis=1), np.array(biases)


def _fit(
    counted: Dict[str, List[List[str]]],
    lengths: Dict[str, float],
    labels: np.ndarray,
    counts: np.ndarray,
    kinds: Sequence[str],
) -> Tuple[List[str], np.ndarray, np.ndarray, np.ndarray]:
    rows = _Rows(lengths)
    table, bias = _machines(rows.fit(counted, labels != NONE), labels, counts, kinds)
    names, idf = rows.names_and_idf()
    return names, idf, table, bias


def _held_out(
    counted: Dict[str, List[List[str]]],
    lengths: Dict[str, float],
    labels: np.ndarray,
    counts: np.ndarray,
    groups: np.ndarray,
    kinds: Sequence[str],
    heard: Sequence[List[Dict[str, List[str]]]],
) -> List[np.ndarray]:
    scores: List[np.ndarray] = [np.empty((0, 1 + len(kinds)))] * len(labels)
    for train, test in GroupKFold(FOLDS).split(labels, labels, groups):
        rows = _Rows(lengths)
        seen = {k: [found[i] for i in train] for k, found in counted.items()}
        x = rows.fit(seen, labels[train] != NONE)
        table, bias = _machines(x, labels[train], counts[train], kinds)
        given = [one for i in test for one in heard[i]]
        x = rows.of({k: [one[k] for one in given] for k in lengths})
        ends = np.cumsum([len(heard[i]) for i in test])[:-1]
        for i, own in zip(test, np.split(x @ table + bias, ends), strict=True):
            scores[i] = own
    return scores


def _write(
    path: Path, names: List[str], idf: np.ndarray, table: np.ndarray, bias: np.ndarray
) -> None:
    """Each column in steps of a 127th of its greatest weight."""
    scale = np.abs(table).max(axis=0) / 127
    steps = np.round(table / scale).astype(np.int8)
    np.savez_compressed(
        path,
        names=np.frombuffer("\n".join(names).encode("utf-8"), dtype=np.uint8),
        idf=idf.astype(np.float16),
        table=steps,
        scale=scale.astype(np.float32),
        bias=bias.astype(np.float64),
    )


if __name__ == "__main__":
    sys.exit(main())
