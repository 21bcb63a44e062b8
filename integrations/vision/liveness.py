"""Whether a row of frames shows one living person doing what was asked. Pure.

The measures are taken after each frame's face was laid onto the person's own straight, neutral
frame by the best affine map. Whatever a flat picture does when it is moved, turned, scaled or
slanted before the camera is such a map and so measures as nothing; the tip of a nose before a
turning head, a jaw that drops and lids that close are left over. What this does not stop is in
docs/identity-faces.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from integrations.ports import ActionResult, LiveAction
from integrations.vision.geometry import Points, residual

# What frames are laid onto each other by: the corners of the eyes and the sides of the jaw, which
# hardly move with expressions and lie far behind the tip of the nose.
_PLANE = (36, 39, 42, 45, 1, 2, 3, 13, 14, 15)
_TIP = 30
_UPPER_LIP, _LOWER_LIP = (61, 62, 63), (67, 66, 65)
_UPPER_LIDS, _LOWER_LIDS = (37, 38, 43, 44), (41, 40, 47, 46)
_COMPARED = 24
_DONE_BY_HEAD = (LiveAction.TURN_LEFT, LiveAction.TURN_RIGHT)


@dataclass(frozen=True)
class LiveRule:
    """Limits of a challenge. Lengths are in distances between the outer corners of the eyes.

    Measured on copies of portraits moved, turned, slanted and relit: nose up to 0.03, lips 0.045,
    lids down to 0.86; on warped portraits turned by 30 degrees 0.33 to 0.54, mouth 0.18 to 0.26,
    lids 0.50.

    Attributes:
        least_frames, most_frames: how many frames are looked at.
        least_ms, most_ms: from the first frame to the last.
        most_gap_ms: between two frames; a longer one may hide a change of person.
        faces_share: of the frames must show a face (a turned head may hide it for a moment).
        turn: how far the tip of the nose moves against the plane of the face.
        straight: up to which it counts as straight.
        mouth: how much farther apart the lips are than when neutral.
        blink: lids at most this share of neutral; open again from `awake` on.
        person: largest 1 - cosine (SFace) to the person's straight frames; `turned_person` for
            turned heads, which are less alike to themselves.
        still: RMS of what an affine map leaves of the most different frame; less is a flat
            picture (copies of a portrait, moved and slanted, leave up to 0.021).
        copies: largest share of frames that repeat the one before to the pixel.
    """

    least_frames: int = 8
    most_frames: int = 80
    least_ms: int = 1200
    most_ms: int = 45_000
    most_gap_ms: int = 1500
    faces_share: float = 0.75
    turn: float = 0.15
    straight: float = 0.08
    mouth: float = 0.10
    blink: float = 0.65
    awake: float = 0.82
    person: float = 0.60
    turned_person: float = 0.80
    still: float = 0.022
    copies: float = 0.34


@dataclass(frozen=True)
class Seen:
    """What was found on one frame.

    Attributes:
        at_ms: since the challenge began.
        faces: of a similar size.
        points: 68 landmarks of the largest, None without a face.
        vector: its SFace vector of length 1.
        small: the frame in a few grey pixels, to find repeated frames.
        sharpness: to choose the best frame.
    """

    at_ms: int
    faces: int
    points: Points | None
    vector: NDArray[np.float32] | None
    small: NDArray[np.float32]
    sharpness: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """As `LivenessReading`, before the template."""

    passed: bool
    actions: tuple[ActionResult, ...]
    fault: str | None
    best_frame: int | None


@dataclass(frozen=True)
class _Measures:
    """One frame laid onto the baseline: `nose` to the picture's right, `lips`, `lids`."""

    nose: float
    lips: float
    lids: float


def judge(
    frames: Sequence[Seen], actions: Sequence[LiveAction], rule: LiveRule | None = None
) -> Verdict:
    """Judge one challenge; the first fault found is named."""
    rule = rule or LiveRule()
    fault = _unfit(frames, rule)
    if fault or not actions:
        return _refused(actions, fault or "action_missing")
    shown = [i for i, frame in enumerate(frames) if frame.points is not None]
    reference = _usual(frames, shown)
    measured = {i: _measure(frames[i], frames[reference]) for i in shown}
    neutral = [i for i in shown if abs(measured[i].nose) <= rule.straight]
    if len(neutral) < 3:
        return _refused(actions, "no_baseline")
    lids = float(np.percentile([measured[i].lids for i in neutral], 70))
    lips = float(np.percentile([measured[i].lips for i in neutral], 30))
    if _strangers(frames, measured, neutral, rule):
        return _refused(actions, "other_person")
    done = {i: _doing(measured[i], lids, lips, rule) for i in shown}
    results, fault = _in_order(done, shown, actions, measured, lids, rule)
    blinked = any(one.done and one.action is LiveAction.BLINK for one in results)
    if not blinked and _flat(frames, shown, reference, rule):
        fault = "still"  # also when only looking straight was asked for
    calm = [i for i in neutral if done[i] == {LiveAction.LOOK_STRAIGHT}]
    best = max(calm, key=lambda i: frames[i].sharpness) if calm else None
    if fault is None and best is None:
        fault = "no_baseline"
    return Verdict(fault is None, results, fault, best)


def _unfit(frames: Sequence[Seen], rule: LiveRule) -> str | None:
    """What makes the frames useless before anything is measured."""
    if not rule.least_frames <= len(frames) <= rule.most_frames:
        return "too_few_frames"
    gaps = np.diff([frame.at_ms for frame in frames])
    lasted = frames[-1].at_ms - frames[0].at_ms
    if gaps.min() <= 0 or gaps.max() > rule.most_gap_ms:
        return "timing"
    if not rule.least_ms <= lasted <= rule.most_ms:
        return "timing"
    if any(frame.faces > 1 for frame in frames):
        return "several_faces"
    if sum(frame.points is not None for frame in frames) < rule.faces_share * len(frames):
        return "no_face"
    pairs = zip(frames, frames[1:], strict=False)
    copies = sum(float(np.abs(a.small - b.small).max()) < 0.5 for a, b in pairs)
    return "still" if copies > rule.copies * (len(frames) - 1) else None


def _usual(frames: Sequence[Seen], shown: Sequence[int]) -> int:
    """The frame most like all others: people look straight between the actions."""
    some = list(shown)[:: max(1, len(shown) // _COMPARED)]

    def unlike(i: int) -> float:
        base = frames[i].points
        assert base is not None
        rest = [residual(base, other) for j in some if (other := frames[j].points) is not None]
        return float(np.median(rest))

    return min(some, key=unlike)


def _flat(frames: Sequence[Seen], shown: Sequence[int], reference: int, rule: LiveRule) -> bool:
    """No frame differs from the baseline by more than a flat picture can."""
    base = frames[reference].points
    assert base is not None
    left = [residual(base, points) for i in shown if (points := frames[i].points) is not None]
    return sorted(left)[-2] < rule.still if len(left) > 1 else True


def _measure(frame: Seen, reference: Seen) -> _Measures:
    points, base = frame.points, reference.points
    assert points is not None and base is not None
    plane = list(_PLANE)
    source = np.hstack([points[plane], np.ones((len(plane), 1))])
    mapping, *_ = np.linalg.lstsq(source, base[plane], rcond=None)
    laid = np.hstack([points, np.ones((len(points), 1))]) @ mapping
    size = max(1e-6, float(np.linalg.norm(base[45] - base[36])))
    axis = (base[45] - base[36]) / size
    down = np.array([-axis[1], axis[0]])

    def apart(upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
        return float(((laid[list(lower)] - laid[list(upper)]) @ down).mean()) / size

    return _Measures(
        nose=float((laid[_TIP] - base[_TIP]) @ axis) / size,
        lips=apart(_UPPER_LIP, _LOWER_LIP),
        lids=apart(_UPPER_LIDS, _LOWER_LIDS),
    )


def _strangers(
    frames: Sequence[Seen], measured: dict[int, _Measures], neutral: Sequence[int], rule: LiveRule
) -> bool:
    """Whether any frame shows a face other than that of the straight frames."""
    straight = [v for i in neutral if (v := frames[i].vector) is not None]
    if not straight:
        return True
    centre = np.median(straight, axis=0)
    centre = centre / max(1e-6, float(np.linalg.norm(centre)))
    for i, measures in measured.items():
        vector = frames[i].vector
        limit = rule.person if abs(measures.nose) < rule.turn else rule.turned_person
        if vector is None or 1 - float(vector @ centre) > limit:
            return True
    return False


def _doing(measures: _Measures, lids: float, lips: float, rule: LiveRule) -> set[LiveAction]:
    """What the person does on one frame."""
    found = set()
    if measures.nose >= rule.turn:
        found.add(LiveAction.TURN_LEFT)
    if measures.nose <= -rule.turn:
        found.add(LiveAction.TURN_RIGHT)
    if measures.lips - lips >= rule.mouth:
        found.add(LiveAction.OPEN_MOUTH)
    # On a turned head the lids are foreshortened and tell nothing.
    if measures.lids <= rule.blink * lids and abs(measures.nose) <= rule.straight:
        found.add(LiveAction.BLINK)
    if not found and abs(measures.nose) <= rule.straight:
        found.add(LiveAction.LOOK_STRAIGHT)
    return found


def _in_order(
    done: dict[int, set[LiveAction]],
    shown: Sequence[int],
    actions: Sequence[LiveAction],
    measured: dict[int, _Measures],
    lids: float,
    rule: LiveRule,
) -> tuple[tuple[ActionResult, ...], str | None]:
    """Each action after the one before, and not much that was not asked for."""
    results, after, missing = [], -1, False
    for action in actions:
        found = next((i for i in shown if i > after and action in done[i]), None)
        if action is LiveAction.BLINK and found is not None:
            found = _blinked(done, shown, found, measured, lids, rule)
        results.append(ActionResult(action, found is not None, found))
        missing = missing or found is None
        after = after if found is None else found
    if missing:
        all_seen = all(
            _blinked(done, shown, shown[0], measured, lids, rule) is not None
            if action is LiveAction.BLINK
            else any(action in seen for seen in done.values())
            for action in actions
        )
        return tuple(results), "wrong_order" if all_seen else "action_missing"
    # A film of somebody doing everything must not fit every challenge: one slip is forgiven.
    asked = _changes([{a} for a in actions])
    return tuple(results), "wrong_order" if _changes(done.values()) > asked + 1 else None


def _blinked(
    done: dict[int, set[LiveAction]],
    shown: Sequence[int],
    closed: int,
    measured: dict[int, _Measures],
    lids: float,
    rule: LiveRule,
) -> int | None:
    """The frame of a blink: eyes that were open before and are open again after."""

    def awake(i: int) -> bool:
        return measured[i].lids >= rule.awake * lids

    for i in (i for i in shown if i >= closed and LiveAction.BLINK in done[i]):
        if any(awake(j) for j in shown if j < i) and any(awake(j) for j in shown if j > i):
            return i
    return None


def _changes(frames: Iterable[set[LiveAction]]) -> int:
    """How many turns and openings of the mouth there are, one after another."""
    count, before = 0, None
    for seen in frames:
        big = next((a for a in (*_DONE_BY_HEAD, LiveAction.OPEN_MOUTH) if a in seen), None)
        count += big is not None and big != before
        before = big
    return count


def _refused(actions: Sequence[LiveAction], fault: str) -> Verdict:
    return Verdict(False, tuple(ActionResult(a, False, None) for a in actions), fault, None)
