"""Whether a photographed card can be read, and what to do better. Pure: pixels and lines in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from integrations.vision.card_text import Line

Grey = NDArray[np.float32]

# Height of a line's box in the picture as sent (a card 300 pixels wide: 15.5, 170 wide: 13); below
# it strokes run together.
_SMALL_TEXT = 14.5
_BLURRED = 0.012
_DARK = 55.0
_GLARE_SHARE = 0.015
_EDGE = 0.006


def card_faults(
    grey: Grey, lines: Sequence[Line], *, scale: float, complete: bool
) -> tuple[str, ...]:
    """Advice codes, what matters most first.

    Args:
        grey: the picture as it was read, 0 to 255.
        lines: what was read on it, in its pixels.
        scale: pixels of the picture as sent for each of `grey`.
        complete: everything was read: then only light and size are worth a word, and nothing
            is said of edges.
    """
    found = []
    heights = [_height(line) for line in lines if len(line.text.strip()) > 1]
    if heights and float(np.median(heights)) * scale < _SMALL_TEXT:
        found.append("too_small")
    area = _area(grey, lines)
    if not complete and _at_edge(grey, lines):
        found.append("cropped")
    if _sharpness(grey, lines) < _BLURRED:
        found.append("blurred")
    if area.size and not complete and _glare(area) > _GLARE_SHARE:
        found.append("glare")
    if area.size and float(area.mean()) < _DARK:
        found.append("dark")
    return tuple(found)


def _height(line: Line) -> float:
    (x0, y0), _, _, (x3, y3) = line.box[0], line.box[1], line.box[2], line.box[3]
    return float(np.hypot(x3 - x0, y3 - y0))


def _area(grey: Grey, lines: Sequence[Line]) -> Grey:
    """What the lines cover, and a margin; everything when nothing was read."""
    if not lines:
        return grey
    xs = [x for line in lines for x, _ in line.box]
    ys = [y for line in lines for _, y in line.box]
    margin = 0.06 * (max(xs) - min(xs))
    top, bottom = max(0, int(min(ys) - margin)), int(max(ys) + margin)
    left, right = max(0, int(min(xs) - margin)), int(max(xs) + margin)
    return grey[top:bottom, left:right]


def _at_edge(grey: Grey, lines: Sequence[Line]) -> bool:
    """Text that touches the picture's edge goes on beyond it."""
    tall, wide = grey.shape
    reach = _EDGE * max(tall, wide)
    return any(
        x < reach or y < reach or x > wide - reach or y > tall - reach
        for line in lines
        for x, y in line.box
    )


def _sharpness(grey: Grey, lines: Sequence[Line]) -> float:
    """Median over the printed lines: variance of the Laplacian over that of grey.

    Only where there is print: a card on a plain table is no blurred card.
    """
    values = []
    for line in lines:
        xs, ys = [int(x) for x, _ in line.box], [int(y) for _, y in line.box]
        one = grey[max(0, min(ys)) : max(ys), max(0, min(xs)) : max(xs)]
        if min(one.shape) < 8:
            continue
        centre = one[1:-1, 1:-1]
        around = one[:-2, 1:-1] + one[2:, 1:-1] + one[1:-1, :-2] + one[1:-1, 2:]
        values.append(float((around - 4 * centre).var() / max(25.0, float(one.var()))))
    return float(np.median(values)) if values else 0.0


def _glare(area: Grey) -> float:
    """Share of pure white that lies together: a reflection, not paper (a card is pale blue)."""
    white = (area > 250).astype(np.float32)
    if white.shape[0] < 16 or white.shape[1] < 16:
        return 0.0
    tall, wide = white.shape[0] // 8 * 8, white.shape[1] // 8 * 8
    tiles = white[:tall, :wide].reshape(tall // 8, 8, wide // 8, 8).mean(axis=(1, 3))
    return float((tiles > 0.95).mean())
