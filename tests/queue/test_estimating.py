"""The estimate by itself: what must hold of it whatever the numbers."""

import numpy as np
import pytest

from backoffice.queue.estimating import (
    Case,
    Estimate,
    InLine,
    Place,
    Times,
    count_before,
    estimate_for,
)

TYPICAL = {"a": 600.0, "b": 600.0}
BOTH = frozenset({"a", "b"})


def _places(count: int, takes: frozenset[str] = BOTH, **busy: object) -> list[Place]:
    return [Place(n, f"clerk{n}", takes, **busy) for n in range(1, count + 1)]  # type: ignore[arg-type]


def _known(seconds: float, count: int = 400) -> Times:
    """Everybody took exactly so long, so often that nothing else counts much."""
    return Times(TYPICAL, [Case(b, "somebody", seconds) for b in "ab" for _ in range(count)])


def test_free_window_and_nobody_before_is_no_wait() -> None:
    found = estimate_for(InLine("a"), [], _places(1), Times(TYPICAL, []), 20)
    assert found is not None and found.seconds == 0


def test_no_open_window_that_may_call_is_no_estimate() -> None:
    for places in ([], _places(2, frozenset({"b"}))):
        assert estimate_for(InLine("a"), [], places, Times(TYPICAL, []), 20) is None


@pytest.mark.parametrize(("windows", "before", "rounds"), [(1, 4, 4), (2, 4, 2), (5, 12, 2)])
def test_known_times_give_the_waits_by_counting(windows: int, before: int, rounds: int) -> None:
    found = estimate_for(InLine("a"), [InLine("b")] * before, _places(windows), _known(300), 0)
    assert found is not None
    assert found.seconds == pytest.approx(300 * rounds, rel=0.1)
    assert found.low <= found.seconds <= found.high


def test_who_has_been_served_for_long_is_expected_to_go_soon() -> None:
    def wait(passed: float) -> float:
        places = _places(1, serving="a", passed_s=passed)
        found = estimate_for(InLine("a"), [], places, _known(600), 0)
        assert found is not None
        return found.seconds

    assert wait(0) == pytest.approx(600, rel=0.05)
    assert wait(500) == pytest.approx(100, rel=0.05)


def test_windows_that_take_only_others_do_not_shorten_the_wait() -> None:
    only_b = [Place(9, "x", frozenset({"b"}))]
    line = [InLine("a")] * 3
    alone = estimate_for(InLine("a"), line, _places(1, frozenset({"a"})), _known(300), 0)
    beside = estimate_for(InLine("a"), line, _places(1, frozenset({"a"})) + only_b, _known(300), 0)
    assert alone is not None and beside is not None
    assert beside.seconds == pytest.approx(alone.seconds, rel=0.1)
    sent_there = estimate_for(InLine("a", only_window=9), line, only_b, _known(300), 0)
    assert sent_there is not None and sent_there.seconds == 0


def test_slow_clerk_lengthens_the_wait() -> None:
    cases = [Case("a", "quick", 300.0), Case("a", "slow", 900.0)] * 200
    times = Times(TYPICAL, cases)
    assert times.pace("slow") > 1.4 and times.pace("quick") < 0.6
    assert times.pace("new") == 1

    def wait(who: str) -> float:
        found = estimate_for(InLine("a"), [InLine("a")] * 3, [Place(1, who, BOTH)], times, 0)
        assert found is not None
        return found.seconds

    assert wait("slow") > 1.5 * wait("quick")


def test_the_same_hall_gives_the_same_answer_and_later_places_wait_longer() -> None:
    line = [InLine("a"), InLine("b")] * 10
    times = Times(TYPICAL, [])
    places = _places(3, serving="b", passed_s=60.0)

    def told() -> list[Estimate | None]:
        return [estimate_for(one, line[:n], places, times, 20) for n, one in enumerate(line)]

    first = told()
    assert first == told()
    waits = [one.seconds for one in first if one is not None]
    assert len(waits) == len(line) and (np.diff(waits) > -30).all() and waits[-1] > waits[0]


def test_before_counts_whom_my_windows_may_call() -> None:
    before = [InLine("a"), InLine("b"), InLine("b"), InLine("a", only_window=7)]
    a_only = _places(1, frozenset({"a"}))
    assert count_before(InLine("a"), before, a_only) == 1
    assert count_before(InLine("a"), before, _places(1)) == 3
    assert count_before(InLine("a"), before, []) == 2, "no window open: those of the business"
