"""Invented fingerprints for the demonstration and the tests; no person has them.

    python -m integrations.fingerprint.draw_print data/demo/people.yml data/demo/prints

A finger is an orientation field with a core and a delta or two (Sherlock and Monro, 1993), in which
ridges grow out of noise under Gabor filters of the local direction (as in SFinGe: Cappelli, Maio
and Maltoni, 2000); minutiae appear where the ridges meet. An impression is the finger pressed on
the sensor once: turned, moved, stretched by the skin, more or less dry, with the sensor's noise.

Drawn prints are cleaner than people's and all of one make: they show that the machinery works,
and measure nothing about how often it errs.
"""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from integrations.fingerprint.engine import DPI, quality
from integrations.registers.people import load_people

WIDTH, HEIGHT = 256, 288  # of an R30x sensor, 500 dpi
_MARGIN = 48
_DIRECTIONS = 24
_GROWTH = 12
_SEED = 20261123

Grey = NDArray[np.uint8]
_Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Press:
    """How a finger is pressed on the sensor.

    Attributes:
        turn: degrees.
        shift: to the right and down, in pixels.
        stretch: how far the skin is pulled, in pixels.
        dryness: 0 is even, beyond 0 the ridges break, below 0 they smear together.
        noise: the sensor's, in grey levels.
    """

    turn: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    stretch: float = 0.0
    dryness: float = 0.0
    noise: float = 8.0


WITH_TWO = ("测试员", "李小梅")
_SECOND = 500
_ATTEMPTS = 5
_PRESSES = (Press(), Press(turn=7, shift=(6, -8), stretch=2.5, dryness=0.1))


def draw_finger(seed: int) -> _Plane:
    """The ridges of one finger, from -1 (valley) to 1 (ridge), larger than the sensor."""
    random = np.random.default_rng((_SEED, seed))
    shape = (HEIGHT + 2 * _MARGIN, WIDTH + 2 * _MARGIN)
    directions = _directions(shape, random)
    period = random.uniform(7.6, 10.2)
    filters = [_gabor(np.pi * step / _DIRECTIONS, period) for step in range(_DIRECTIONS)]
    nearest = np.round(directions / np.pi * _DIRECTIONS).astype(int) % _DIRECTIONS
    ridges = _noise(random, shape)
    for _ in range(_GROWTH):
        grown = np.empty(shape, np.float32)
        for step, kernel in enumerate(filters):
            chosen = nearest == step
            if chosen.any():
                grown[chosen] = cv2.filter2D(ridges, -1, kernel)[chosen]
        ridges = np.tanh(2.5 * grown / (np.abs(grown).mean() + 1e-9))
    return ridges


def press(ridges: _Plane, how: Press, seed: int = 0) -> Grey:
    """One impression, `HEIGHT` by `WIDTH`: dark ridges on light ground."""
    random = np.random.default_rng((_SEED, seed))
    height, width = ridges.shape
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    pulls = [_smooth(_noise(random, (HEIGHT, WIDTH)), 45) for _ in range(2)]
    dx, dy = (how.stretch * pull / (np.abs(pull).max() + 1e-9) for pull in pulls)
    angle = np.deg2rad(how.turn)
    cx, cy = x - WIDTH / 2 - how.shift[0] + dx, y - HEIGHT / 2 - how.shift[1] + dy
    source_x = np.cos(angle) * cx + np.sin(angle) * cy + width / 2
    source_y = -np.sin(angle) * cx + np.cos(angle) * cy + height / 2
    seen = cv2.remap(
        ridges,
        source_x.astype(np.float32),
        source_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    blotches = _smooth(_noise(random, seen.shape), 6)
    wet = seen - how.dryness * (0.6 + blotches / (np.abs(blotches).max() + 1e-9))
    ink = 1 / (1 + np.exp(-3.0 * wet))
    wide, tall = random.uniform(0.40, 0.48), random.uniform(0.42, 0.50)
    rim = _smooth(_noise(random, seen.shape), 18)
    edge = (cx / (WIDTH * wide)) ** 2 + (cy / (HEIGHT * tall)) ** 2
    edge += 0.35 * rim / (np.abs(rim).max() + 1e-9)
    touched = 1 / (1 + np.exp(18 * (edge - 1)))
    grey = 235 - 190 * ink * touched
    grey = _smooth(grey, 0.7) + random.normal(0, how.noise, grey.shape)
    return np.asarray(np.clip(grey, 0, 255), np.uint8)


def sensor_picture(grey: Grey) -> Image.Image:
    """As an R30x sends it: 16 greys."""
    return Image.fromarray(((grey >> 4) * 17).astype(np.uint8), mode="L")


def _directions(shape: tuple[int, int], random: np.random.Generator) -> _Plane:
    """Ridge direction at each pixel, 0 to pi: a loop to either side, a whorl or an arch."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    middle_x, middle_y = width / 2, height / 2
    kind = random.choice(["loop", "whorl", "arch"], p=[0.6, 0.35, 0.05])
    wander = random.uniform(-38, 38, 6)
    waves = _smooth(_noise(random, shape), 32)
    waves *= 0.5 / (np.abs(waves).max() + 1e-9)
    if kind == "arch":
        bend = random.uniform(0.7, 1.1)
        rise = np.clip(1.5 * y / height, 0, 1) * bend
        slope = np.arctan(-rise * np.sin((x - middle_x - wander[0]) / width * 2 * np.pi))
        return _half_turn(slope + waves)
    top = (middle_x + wander[0], middle_y - 25 + wander[1])
    side = random.choice([-1, 1])
    if kind == "loop":
        cores = [top]
        deltas = [(middle_x + side * (95 + wander[2]), middle_y + 100 + wander[3])]
    else:
        cores = [top, (top[0] + wander[4] / 2, top[1] + random.uniform(24, 60))]
        deltas = [
            (middle_x - 105 + wander[2], middle_y + 110 + wander[3]),
            (middle_x + 105 + wander[4], middle_y + 110 + wander[5]),
        ]

    def turned(px: _Plane, py: _Plane) -> _Plane:
        found = np.zeros_like(px)
        for core_x, core_y in cores:
            found += np.arctan2(py - core_y, px - core_x) / 2
        for delta_x, delta_y in deltas:
            found -= np.arctan2(py - delta_y, px - delta_x) / 2
        return found

    # Above the core the ridges lie across the finger.
    spot = np.array([top[0], top[1] - 50], np.float32)
    above = turned(spot[:1], spot[1:])[0]
    return _half_turn(turned(x, y) - above + random.uniform(-0.35, 0.35) + waves)


def _half_turn(angles: _Plane) -> _Plane:
    return np.asarray(np.mod(angles, np.pi), np.float32)


def _noise(random: np.random.Generator, shape: tuple[int, ...]) -> _Plane:
    return random.standard_normal(shape, np.float32)


def _gabor(direction: float, period: float) -> _Plane:
    """Passes ridges of this direction and period, and no even grey."""
    reach = 12
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    across = -np.sin(direction) * x + np.cos(direction) * y
    envelope = np.exp(-(x**2 + y**2) / (2 * (0.42 * period) ** 2))
    kernel: _Plane = envelope * np.cos(2 * np.pi * across / period)
    return np.asarray(kernel - envelope * (kernel.sum() / envelope.sum()), np.float32)


def _smooth(plane: _Plane, sigma: float) -> _Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


def draw_person(index: int) -> list[Image.Image]:
    """Two impressions of one finger, another finger where one of them is too poor to be taken."""
    for attempt in range(_ATTEMPTS):
        ridges = draw_finger(index + 1000 * attempt)
        pictures = [
            sensor_picture(press(ridges, how, seed=100 * index + number))
            for number, how in enumerate(_PRESSES, 1)
        ]
        if all(quality(_png(picture), DPI).acceptable for picture in pictures):
            return pictures
    raise RuntimeError("no finger that would be taken")


def _png(picture: Image.Image) -> bytes:
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def main(people_file: str, folder: str) -> None:
    """Two impressions of one finger of each invented person, and of a second finger of some."""
    for index, person in enumerate(load_people(Path(people_file)).values()):
        _save(draw_person(index), Path(folder) / person.name)
        if person.name in WITH_TWO:
            _save(draw_person(index + _SECOND), Path(folder) / f"{person.name}（另一指）")


def _save(pictures: list[Image.Image], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures, 1):
        picture.quantize(16).save(target / f"{number}.png", optimize=True, dpi=(DPI, DPI))


if __name__ == "__main__":
    main(*sys.argv[1:])
