"""Confidence intervals of rates, without a statistics library. Pure."""

from collections.abc import Callable
from math import lgamma, log, log1p
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

_LEVEL = 0.95
_RESAMPLES = 400


class Rate(TypedDict):
    """A rate with its 95 % Clopper–Pearson interval, as if trials were independent."""

    count: int
    of: int
    rate: float
    low: float
    high: float


def interval(count: int, of: int) -> Rate:
    """Clopper–Pearson: the rates under which `count` of `of` is not too unlikely (2.5 % a side)."""
    tail = (1 - _LEVEL) / 2
    low = 0.0 if count == 0 else _solve(lambda p: 1 - _at_most(count - 1, of, p), tail)
    high = 1.0 if count == of else _solve(lambda p: 1 - _at_most(count, of, p), 1 - tail)
    rate = count / of if of else 0.0
    return Rate(count=count, of=of, rate=round(rate, 5), low=round(low, 6), high=round(high, 6))


def people_interval(
    hits: NDArray[np.bool_], people: NDArray[np.int64], persons: int
) -> tuple[float, float]:
    """Bootstrap over persons, not pairs: one look-alike counts once however often photographed."""
    random = np.random.default_rng(20261123)
    drawn = []
    for _ in range(_RESAMPLES):
        weight = np.bincount(random.integers(0, persons, persons), minlength=persons)
        both = weight[people[:, 0]] * np.where(
            people[:, 0] == people[:, 1], 1, weight[people[:, 1]]
        )
        if both.sum():
            drawn.append(float((both * hits).sum() / both.sum()))
    low, high = np.percentile(drawn, (2.5, 97.5)) if drawn else (0.0, 1.0)
    return round(float(low), 5), round(float(high), 5)


def _at_most(count: int, of: int, rate: float) -> float:
    """Probability of at most `count` successes (binomial), summed in logarithms."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return 1.0 if count >= of else 0.0
    ks = np.arange(count + 1)
    choose = np.array([lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1) for k in ks])
    return float(min(1.0, np.exp(choose + ks * log(rate) + (of - ks) * log1p(-rate)).sum()))


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    """The rate at which a rising probability is `wanted`, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
