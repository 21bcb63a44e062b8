"""How long somebody will wait: the hall's next hours played through many times. Pure.

Each window works off the queue in order, taking whom it may; how long each person keeps a window is
drawn from what such people took lately, and for those at the windows now from what was left when as
much had passed. The middle of the outcomes is told, the outer ones are its error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_RUNS = 200
_PRIOR_WEIGHT = 8
"""How many real cases the typical time of `businesses.yml` counts for."""
_PACE_WEIGHT = 15
"""How many of a clerk's cases it takes until their own pace counts as much as everybody's."""
_SPREAD = 0.6
"""Standard deviation of the logarithm of a service time, for what is not known yet."""
_FEW = 3
_QUANTILES = np.array([-1.53, -0.89, -0.49, -0.16, 0.16, 0.49, 0.89, 1.53])
"""Eight equally likely points of a standard normal distribution."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One past stay at a window: whose, for what, how many seconds from the call to the end."""

    business: str
    staff_id: str
    seconds: float


class Times:
    """How long people keep a window, by business and clerk.

    Args:
        typical: seconds by business, for as long as little is known.
        cases: past stays, also of those who did not come when called.
    """

    def __init__(self, typical: Mapping[str, float], cases: Sequence[Case]) -> None:
        self._pools: dict[str, Array] = {}
        for business, seconds in typical.items():
            real = [one.seconds for one in cases if one.business == business]
            middle = seconds * np.exp(-(_SPREAD**2) / 2)
            prior = middle * np.exp(_SPREAD * _QUANTILES)
            self._pools[business] = np.concatenate([np.array(real), prior])
        self._paces = self._paces_of(cases)

    def _paces_of(self, cases: Sequence[Case]) -> dict[str, float]:
        sums: dict[str, tuple[float, int]] = {}
        for one in cases:
            ratio = one.seconds / float(self._pools[one.business].mean())
            total, count = sums.get(one.staff_id, (0.0, 0))
            sums[one.staff_id] = (total + ratio, count + 1)
        return {
            who: (total + _PACE_WEIGHT) / (count + _PACE_WEIGHT)
            for who, (total, count) in sums.items()
        }

    def pace(self, staff_id: str) -> float:
        """How much longer than others this clerk takes; 1 for one who is new."""
        return self._paces.get(staff_id, 1.0)

    def mean(self, business: str) -> float:
        """Seconds that such a case takes on average."""
        return float(self._pools[business].mean())

    def draw(self, business: str, count: int, random: np.random.Generator) -> Array:
        """`count` possible stays at a clerk of pace 1."""
        return random.choice(self._pools[business], count)

    def draw_left(
        self, business: str, passed: float, pace: float, count: int, random: np.random.Generator
    ) -> Array:
        """`count` possibilities of what is left of a stay of which `passed` seconds are over."""
        pool = self._pools[business] * pace
        left = pool[pool > passed] - passed
        if len(left) < _FEW:  # longer than nearly all: who has stayed so long stays on
            return random.exponential(self.mean(business) / 2, count)
        return random.choice(left, count)


@dataclass(frozen=True)
class Place:
    """An open window.

    Attributes:
        takes: codes of the businesses that may be called to it.
        serving: the business at it now, None when it is free.
        passed_s: for how long that has been going on.
    """

    number: int
    staff_id: str
    takes: frozenset[str]
    serving: str | None = None
    passed_s: float = 0.0


@dataclass(frozen=True)
class InLine:
    """Somebody who waits, or would."""

    business: str
    only_window: int | None = None

    def goes_to(self, place: Place) -> bool:
        """Whether this window may call them."""
        if self.only_window is not None:
            return self.only_window == place.number
        return self.business in place.takes


@dataclass(frozen=True)
class Estimate:
    """Seconds of waiting while the hall is open: the middle, and what nine of ten stay above/below."""

    seconds: float
    low: float
    high: float


@dataclass
class Outlook:
    """The open windows as they may become free.

    Attributes:
        free_at: seconds from now, one row for each run, one column for each window.
    """

    places: Sequence[Place]
    times: Times
    pause_s: float
    free_at: Array = field(init=False)
    _random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        # Always the same stream: the same hall gives the same answer.
        self._random = np.random.default_rng(20181214)
        columns = [
            self.times.draw_left(
                one.serving, one.passed_s, self.times.pace(one.staff_id), _RUNS, self._random
            )
            + self.pause_s
            if one.serving is not None
            else np.zeros(_RUNS)
            for one in self.places
        ]
        self.free_at = np.stack(columns, axis=1) if columns else np.zeros((_RUNS, 0))
        self._paces = np.array([self.times.pace(one.staff_id) for one in self.places])

    def wait_of(self, one: InLine) -> Array | None:
        """When this person would be called, in each run; None when no open window may."""
        fit = [column for column, place in enumerate(self.places) if one.goes_to(place)]
        if not fit:
            return None
        waits: Array = self.free_at[:, fit].min(axis=1)
        return waits

    def seat(self, one: InLine) -> Array | None:
        """Let the next person in line be called; returns when, in each run."""
        fit = np.array([c for c, place in enumerate(self.places) if one.goes_to(place)], dtype=int)
        if not len(fit):
            return None
        chosen = fit[self.free_at[:, fit].argmin(axis=1)]
        rows = np.arange(_RUNS)
        begins: Array = self.free_at[rows, chosen]
        stays = self.times.draw(one.business, _RUNS, self._random) * self._paces[chosen]
        self.free_at[rows, chosen] = begins + stays + self.pause_s
        return begins


def told(waits: Array | None) -> Estimate | None:
    """What is said about these possible waits."""
    if waits is None:
        return None
    low, middle, high = np.quantile(waits, [0.1, 0.5, 0.9])
    return Estimate(float(middle), float(low), float(high))


def estimates_behind(
    each: Sequence[InLine],
    before: Sequence[InLine],
    places: Sequence[Place],
    times: Times,
    pause_s: float,
) -> list[Estimate | None]:
    """The wait of each if it were the next behind `before`; None where no open window may call."""
    outlook = Outlook(places, times, pause_s)
    for earlier in before:
        outlook.seat(earlier)
    return [told(outlook.wait_of(one)) for one in each]


def estimate_for(
    one: InLine, before: Sequence[InLine], places: Sequence[Place], times: Times, pause_s: float
) -> Estimate | None:
    """The wait of one person behind these; None when no open window may call them."""
    return estimates_behind([one], before, places, times, pause_s)[0]


def count_before(one: InLine, before: Sequence[InLine], places: Sequence[Place]) -> int:
    """How many of those in front can be called where this person can; all, with no window open."""
    mine = [place for place in places if one.goes_to(place)]
    if not mine:
        return sum(earlier.business == one.business for earlier in before)
    return sum(any(earlier.goes_to(place) for place in mine) for earlier in before)
