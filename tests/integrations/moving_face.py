"""Frames of a portrait that turns, opens its mouth and blinks, made by warping its landmarks.

What this proves: that the measures see the movements of a real face's pixels through the real
detector and landmark model. What it does not: how a camera, a phone's compression and a nervous
citizen look; and being made from one still picture, it is itself the kind of forgery (a puppet
made from a photograph) that a challenge alone cannot tell from a person.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from integrations.ports import LiveFrame
from integrations.vision import faces
from integrations.vision.geometry import Points

_EVERY_MS = 150
_SIDE = 480


@dataclass(frozen=True)
class Pose:
    """Turn in degrees to the person's own left, mouth and lids in shares: 0 as in the portrait."""

    turn: float = 0.0
    mouth: float = 0.0
    lids: float = 0.0


STRAIGHT = [Pose()] * 4
LEFT = [Pose(turn=t) for t in (8, 18, 28, 32, 28, 18, 8)]
RIGHT = [Pose(turn=-t) for t in (8, 18, 28, 32, 28, 18, 8)]
MOUTH = [Pose(mouth=m) for m in (0.3, 0.7, 1.0, 1.0, 0.6, 0.2)]
BLINK = [Pose(lids=e) for e in (0.5, 1.0, 1.0, 0.5)]


class MovingFace:
    """A portrait whose landmarks can be moved."""

    def __init__(self, portrait: bytes) -> None:
        self._pixels = faces.pixels_of(portrait, _SIDE)
        face = faces.locate(self._pixels)[0]
        self._points = faces.landmarks(self._pixels, face)
        self._noise = np.random.default_rng(1)

    def film(self, poses: Sequence[Pose]) -> list[LiveFrame]:
        """One frame each, with a trembling hand and a sensor's noise."""
        return [LiveFrame(self._frame(pose), i * _EVERY_MS) for i, pose in enumerate(poses)]

    def _frame(self, pose: Pose) -> bytes:
        moved = _posed(self._points, pose)
        pixels = _warp(self._pixels, self._points, moved)
        if pose.mouth > 0:
            _fill_mouth(pixels, moved[60:68])
        return encoded(shaken(pixels, self._noise), self._noise)


def shaken(pixels: np.ndarray, noise: np.random.Generator) -> np.ndarray:
    """Moved and turned by a little, as a hand does."""
    tall, wide = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, tall / 2), noise.normal(0, 1.0), 1.0)
    turn[:, 2] += noise.normal(0, 2.0, 2)
    return cv2.warpAffine(pixels, turn, (wide, tall), borderMode=cv2.BORDER_REPLICATE)


def encoded(pixels: np.ndarray, noise: np.random.Generator) -> bytes:
    """A JPEG with a sensor's noise."""
    grainy = np.clip(pixels + noise.normal(0, 2.0, pixels.shape), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(grainy).save(out, "JPEG", quality=88)
    return out.getvalue()


def _posed(points: Points, pose: Pose) -> Points:
    moved = points.copy()
    size = float(np.linalg.norm(points[45] - points[36]))
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        moved[upper] += pose.lids * 0.85 * (points[lower] - points[upper])
    drop = np.array([0.0, 0.30 * size * pose.mouth])
    moved[[65, 66, 67, 56, 57, 58]] += drop
    moved[[55, 59, 60, 64, 48, 54]] += 0.3 * drop
    moved[5:12] += 0.8 * drop
    moved[[3, 4, 12, 13]] += 0.3 * drop
    if pose.turn:
        moved = _turned(moved, points, size, np.radians(pose.turn))
    return moved


def _turned(moved: Points, points: Points, size: float, angle: float) -> Points:
    """Each landmark at a depth that a head has there, turned about the upright axis."""
    axis = (points[36:48].mean(axis=0) + points[8]) / 2
    half = float(points[14, 0] - points[2, 0]) / 2
    across = np.clip((points[:, 0] - axis[0]) / half, -1, 1)
    depth = 0.85 * size * np.sqrt(1 - 0.97 * across**2)
    for point, reach in ((30, 0.34), (29, 0.24), (28, 0.14), (33, 0.2), (32, 0.16), (34, 0.16)):
        depth[point] += reach * size
    turned = moved.copy()
    turned[:, 0] = axis[0] + (moved[:, 0] - axis[0]) * np.cos(angle) + depth * np.sin(angle)
    turned[:, 0] -= float((depth * np.sin(angle)).mean())
    return turned


def _fill_mouth(pixels: np.ndarray, inner: Points) -> None:
    cv2.fillPoly(pixels, [np.round(inner).astype(np.int32)], (45, 15, 18), cv2.LINE_AA)


def _warp(pixels: np.ndarray, source: Points, target: Points) -> np.ndarray:
    """Piecewise affine over a mesh of the landmarks and the picture's border."""
    tall, wide = pixels.shape[:2]
    centre = source.mean(axis=0)
    ring = centre + 1.55 * (source[:17] - centre)  # hair and neck stay where they are
    top = centre + np.array([[-1.0, -1.9], [0, -2.2], [1.0, -1.9]]) * np.ptp(source[:, 0]) / 2
    edge = [(x, y) for x in (0, wide / 2, wide - 1) for y in (0, tall / 2, tall - 1)]
    frame = [p for p in edge if p != (wide / 2, tall / 2)]
    fixed = np.clip(np.vstack([ring, top, frame]), 0, [wide - 1, tall - 1])
    before, after = np.vstack([source, fixed]), np.vstack([target, fixed])
    field = np.zeros((tall, wide, 2), np.float32)
    for corners in _triangles(after, wide, tall):
        mapping = cv2.getAffineTransform(
            after[corners].astype(np.float32), before[corners].astype(np.float32)
        )
        mask = np.zeros((tall, wide), np.uint8)
        cv2.fillConvexPoly(mask, np.round(after[corners]).astype(np.int32), 1)
        ys, xs = np.nonzero(mask)
        field[ys, xs] = np.stack([xs, ys, np.ones_like(xs)], axis=1) @ mapping.T
    return cv2.remap(pixels, field, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _triangles(points: np.ndarray, wide: int, tall: int) -> list[list[int]]:
    mesh = cv2.Subdiv2D((-1, -1, wide + 2, tall + 2))
    for x, y in points:
        mesh.insert((float(x), float(y)))
    found = []
    for triangle in mesh.getTriangleList():
        corners = []
        for x, y in triangle.reshape(3, 2):
            gap = np.abs(points - (x, y)).sum(axis=1)
            corners.append(int(gap.argmin()))
        if len(set(corners)) == 3:
            found.append(corners)
    return found
