"""The weights of many labels: few features matter to any one of them."""

from __future__ import annotations

from typing import Sequence, Tuple

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

#: Smaller weights are not kept: features have values well below 1, scores lie around -1 and 1.
SMALLEST = 0.005


class Weights:
    """A sparse table, one row per feature, one column per label, and a bias per label.

    learnt: for each label its features, their weights, and its bias.
    """

    def __init__(self, features: int, learnt: Sequence[Tuple[np.ndarray, np.ndarray, float]]):
        kept = [np.abs(values) >= SMALLEST for _, values, _ in learnt]
        rows = np.concatenate([f[k] for (f, _, _), k in zip(learnt, kept, strict=True)])
        values = np.concatenate([v[k] for (_, v, _), k in zip(learnt, kept, strict=True)])
        columns = np.repeat(np.arange(len(learnt)), [k.sum() for k in kept])
        shape = (features, len(learnt))
        self.table: csr_matrix = coo_matrix((values, (rows, columns)), shape).tocsr()
        self.bias = np.array([bias for _, _, bias in learnt], dtype=np.float32)

    def of(self, columns: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Scores of one sentence, given its features and their values.

        The same as a product of sparse matrices, without the cost of making one.
        """
        begins = self.table.indptr[columns]
        lengths = self.table.indptr[columns + 1] - begins
        skipped = np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
        places = skipped + np.arange(len(skipped))
        weighted = self.table.data[places] * np.repeat(values, lengths)
        labels = self.table.indices[places]
        return np.bincount(labels, weighted, minlength=len(self.bias)) + self.bias

    def of_all(self, rows: csr_matrix) -> np.ndarray:
        """Scores of many sentences, a row each."""
        return (rows @ self.table).toarray() + self.bias
