"""Challenges: synthetic landmarks for the rules, a warped portrait for the real models."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from integrations.ports import LiveAction as A
from integrations.ports import LiveFrame
from integrations.vision import looking
from integrations.vision.geometry import shape_of
from integrations.vision.liveness import LiveRule, Seen, Verdict, judge
from tests.integrations import moving_face as mf
from tests.uploads import pictures as p

NOISE = 0.004  # of the eyes' distance; what the landmark model trembles


def head() -> np.ndarray:
    """68 points in three dimensions, roughly a face: x right, y down, z to the camera; eyes 1."""
    points = np.zeros((68, 3))
    for i, angle in enumerate(np.linspace(np.pi, 0, 17)):
        points[i] = (0.85 * np.cos(angle), 0.1 + 1.15 * np.sin(angle), -0.55)
    points[17:27] = [(x, -0.25, 0) for x in np.linspace(-0.6, 0.6, 10)]
    points[27:31] = [(0, y, z) for y, z in ((0, 0.1), (0.13, 0.18), (0.27, 0.27), (0.4, 0.35))]
    points[31:36] = [(x, 0.5, 0.18) for x in np.linspace(-0.16, 0.16, 5)]
    for start, middle in ((36, -0.33), (42, 0.33)):
        ring = ((-0.17, 0), (-0.07, -0.05), (0.07, -0.05), (0.17, 0), (0.07, 0.05), (-0.07, 0.05))
        points[start : start + 6] = [(middle + x, y, -0.05) for x, y in ring]
    for i, angle in enumerate(np.linspace(np.pi, 3 * np.pi, 13)[:12]):
        points[48 + i] = (0.28 * np.cos(angle), 0.8 + 0.1 * np.sin(angle), 0.1)
    for i, angle in enumerate(np.linspace(np.pi, 3 * np.pi, 9)[:8]):
        points[60 + i] = (0.2 * np.cos(angle), 0.8 + 0.01 * np.sin(angle), 0.1)
    return points


def points_of(turn: float = 0, mouth: float = 0, lids: float = 0) -> np.ndarray:
    """The head's landmarks in pixels. `turn`: degrees to the person's own left."""
    solid = head()
    solid[[65, 66, 67], 1] += 0.3 * mouth
    solid[5:12, 1] += 0.2 * mouth
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        solid[upper, 1] += lids * (solid[lower, 1] - solid[upper, 1])
    angle = np.radians(turn)
    x = solid[:, 0] * np.cos(angle) + solid[:, 2] * np.sin(angle)
    return np.stack([x, solid[:, 1]], axis=1) * 100 + 300


def frames_of(poses: Sequence[dict[str, float]], every_ms: int = 150) -> list[Seen]:
    random = np.random.default_rng(3)
    me = np.zeros(128, np.float32)
    me[0] = 1
    return [
        Seen(
            at_ms=i * every_ms,
            faces=1,
            points=points_of(**pose) + random.normal(0, NOISE * 100, (68, 2)),
            vector=me,
            small=random.normal(128, 5, (8, 8)).astype(np.float32),
            sharpness=1.0 + i / 100,
        )
        for i, pose in enumerate(poses)
    ]


STRAIGHT: list[dict[str, float]] = [{}] * 4
TURNED = {
    A.TURN_LEFT: [{"turn": t} for t in (10, 20, 28, 20, 10)],
    A.TURN_RIGHT: [{"turn": -t} for t in (10, 20, 28, 20, 10)],
    A.OPEN_MOUTH: [{"mouth": m} for m in (0.4, 1.0, 1.0, 0.4)],
    A.BLINK: [{"lids": e} for e in (0.9, 0.9)],
    A.LOOK_STRAIGHT: [],
}


def film(*actions: A) -> list[Seen]:
    poses = list(STRAIGHT)
    for action in actions:
        poses += TURNED[action] + STRAIGHT
    return frames_of(poses)


@pytest.mark.parametrize(
    "actions",
    [
        (A.TURN_LEFT, A.OPEN_MOUTH),
        (A.TURN_RIGHT, A.BLINK, A.TURN_LEFT),
        (A.LOOK_STRAIGHT, A.OPEN_MOUTH, A.BLINK),
        (A.BLINK, A.LOOK_STRAIGHT),
    ],
)
def test_who_does_what_is_asked_passes_and_gives_a_straight_picture(actions: tuple[A, ...]) -> None:
    seen = film(*actions)
    verdict = judge(seen, actions)
    assert verdict.passed and verdict.fault is None, verdict
    assert all(one.done for one in verdict.actions)
    assert verdict.best_frame is not None
    best = seen[verdict.best_frame].points
    assert best is not None and abs(shape_of(best).asymmetry) < 0.05


@pytest.mark.parametrize(
    ("done", "asked", "fault"),
    [
        ((A.OPEN_MOUTH, A.TURN_LEFT), (A.TURN_LEFT, A.OPEN_MOUTH), "wrong_order"),
        ((A.TURN_LEFT,), (A.TURN_RIGHT,), "action_missing"),
        ((A.TURN_LEFT,), (A.TURN_LEFT, A.BLINK), "action_missing"),
        # somebody doing everything, as a film might
        ((A.TURN_LEFT, A.TURN_RIGHT, A.OPEN_MOUTH, A.TURN_LEFT), (A.TURN_LEFT,), "wrong_order"),
        ((A.TURN_LEFT,), (), "action_missing"),
    ],
)
def test_other_actions_do_not_pass(done: tuple[A, ...], asked: tuple[A, ...], fault: str) -> None:
    verdict = judge(film(*done), asked)
    assert not verdict.passed and verdict.fault == fault


def test_eyes_that_stay_closed_are_no_blink() -> None:
    poses = [*STRAIGHT, *TURNED[A.TURN_LEFT], *STRAIGHT, *[{"lids": 0.9}] * 6]
    verdict = judge(frames_of(poses), [A.TURN_LEFT, A.BLINK])
    assert verdict.fault == "action_missing"
    assert [one.done for one in verdict.actions] == [True, False]


def changed(seen: list[Seen], at: int, **how: object) -> list[Seen]:
    return [*seen[:at], replace(seen[at], **how), *seen[at + 1 :]]  # type: ignore[arg-type]


def test_frames_that_are_no_film_are_refused() -> None:
    good, asked = film(A.TURN_LEFT), [A.TURN_LEFT]
    other = np.zeros(128, np.float32)
    other[1] = 1
    faults = {
        "too_few_frames": good[:6],
        "timing": changed(good, 3, at_ms=good[2].at_ms),
        "several_faces": changed(good, 5, faces=2),
        "no_face": [replace(f, points=None, faces=0) if i % 2 else f for i, f in enumerate(good)],
        "other_person": changed(good, 8, vector=other),
        "still": [replace(frame, small=good[0].small) for frame in good],
    }
    assert judge(good, asked).passed
    for fault, seen in faults.items():
        assert judge(seen, asked).fault == fault
    late = [
        replace(frame, at_ms=frame.at_ms + (9000 if i > 5 else 0)) for i, frame in enumerate(good)
    ]
    assert judge(late, asked).fault == "timing"
    short = [replace(frame, at_ms=i * 20) for i, frame in enumerate(good)]
    assert judge(short, asked).fault == "timing"


@pytest.mark.parametrize("action", list(A))
def test_a_flat_face_passes_nothing_however_it_is_moved_and_slanted(action: A) -> None:
    random = np.random.default_rng(9)
    seen = []
    for frame in frames_of([{}] * 24):
        slant = np.eye(2) + random.uniform(-0.35, 0.35, (2, 2))
        assert frame.points is not None
        seen.append(replace(frame, points=frame.points @ slant.T + random.normal(0, 20, 2)))
    assert judge(seen, [action]).fault == "still"


# —— the real models ——


def look(frames: Sequence[LiveFrame]) -> list[Seen]:
    return [looking._seen(frame) for frame in frames]


@pytest.fixture(scope="module")
def moving() -> mf.MovingFace:
    return mf.MovingFace(p.sample("person_b_1.jpg"))


@pytest.fixture(scope="module")
def filmed(moving: mf.MovingFace) -> list[Seen]:
    calm = mf.STRAIGHT[:2]
    return look(moving.film(calm + mf.LEFT + calm + mf.MOUTH + calm + mf.BLINK + calm))


def test_a_portrait_that_is_made_to_move_is_seen_to_move(filmed: list[Seen]) -> None:
    verdict = judge(filmed, [A.TURN_LEFT, A.OPEN_MOUTH, A.BLINK])
    assert verdict.passed, verdict
    frames = [one.frame for one in verdict.actions]
    assert frames == sorted(f for f in frames if f is not None)
    assert judge(filmed, [A.TURN_RIGHT, A.OPEN_MOUTH]).fault == "action_missing"
    assert judge(filmed, [A.OPEN_MOUTH, A.TURN_LEFT]).fault == "wrong_order"


def every_challenge(seen: list[Seen]) -> list[Verdict]:
    asked = [[one] for one in A] + [[A.TURN_LEFT, A.OPEN_MOUTH], [A.LOOK_STRAIGHT, A.BLINK]]
    return [judge(seen, actions) for actions in asked]


def test_a_still_picture_sent_again_and_again_fails_every_challenge() -> None:
    picture = p.sample("person_b_1.jpg")
    seen = look([LiveFrame(picture, 150 * i) for i in range(10)])
    assert {verdict.fault for verdict in every_challenge(seen)} == {"still"}


def test_a_still_picture_moved_turned_slanted_and_relit_fails_every_challenge(
    moving: mf.MovingFace,
) -> None:
    random = np.random.default_rng(5)
    pixels, frames = moving._pixels, []
    tall, wide = pixels.shape[:2]
    corners = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    for i in range(14):
        shown = mf.shaken(pixels, random)
        turn = cv2.getRotationMatrix2D(
            (wide / 2, tall / 2), random.normal(0, 8), random.uniform(0.8, 1.2)
        )
        shown = cv2.warpAffine(shown, turn, (wide, tall), borderMode=cv2.BORDER_REPLICATE)
        if i % 2:
            moved = corners + random.uniform(-0.07, 0.07, (4, 2)).astype(np.float32) * wide
            slant = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
            shown = cv2.warpPerspective(shown, slant, (wide, tall), borderMode=cv2.BORDER_REPLICATE)
        lit = shown.astype(np.float32) * random.uniform(0.6, 1.3)
        frames.append(LiveFrame(mf.encoded(np.clip(lit, 0, 255), random), 150 * i))
    assert not any(verdict.passed for verdict in every_challenge(look(frames)))


def test_the_rules_limits_leave_room_between_a_flat_picture_and_a_face() -> None:
    rule = LiveRule()
    assert rule.turn > 4 * 0.03 and rule.mouth > 2 * 0.045 and rule.blink < 0.86 - 0.15
