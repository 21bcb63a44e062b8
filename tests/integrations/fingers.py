"""Prints to test with: drawn ones, since nobody's real finger belongs into a repository."""

import io
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from integrations.fingerprint.draw_print import Press, draw_finger, press, sensor_picture

PRINTS = Path(__file__).resolve().parents[2] / "data" / "demo" / "prints"


def png(picture: Image.Image, kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    picture.save(made, kind)
    return made.getvalue()


def demo_print(person: str, number: int = 1) -> Image.Image:
    return Image.open(PRINTS / person / f"{number}.png").convert("L")


@cache
def _finger(seed: int) -> np.ndarray:
    return draw_finger(seed)


def drawn(seed: int, how: Press, presses: int = 0) -> bytes:
    """One impression of a finger that is not among the demo's."""
    return png(sensor_picture(press(_finger(1000 + seed), how, seed=presses)))
