"""Whether a picture of a face is good enough, and what to do better. Pure: pixels and points in.

Every measure is made on the face alone and on a face of one size, so that a sharp background or a
big camera changes nothing. The limits and what they were set from: docs/identity-faces.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from integrations.ports import FacePurpose
from integrations.vision.geometry import FaceShape

_SIDE = 128  # pixels across the face when blur and light are measured
Grey = NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """What is asked of a picture; `None` asks nothing.

    Attributes:
        width: of the face in pixels, at least.
        sharpness: see `measure`, at least.
        dark, bright: mean grey of the face, at least and at most (0 to 255).
        contrast: between the 5th and 95th percentile of grey, at least.
        burnt: share of the face that is pure white, at most.
        uneven: difference of the halves' means over the whole mean, at most.
        yaw, pitch, roll: degrees either way, at most.
        eyes: openness, at least; low, because narrow eyes are not closed ones.
    """

    width: float
    sharpness: float
    dark: float = 50.0
    bright: float = 225.0
    contrast: float = 35.0
    burnt: float = 0.22
    uneven: float = 0.75
    yaw: float = 28.0
    pitch: float = 28.0
    roll: float = 25.0
    eyes: float | None = 0.11


LIMITS: Mapping[FacePurpose, Limits] = {
    FacePurpose.SELFIE: Limits(width=90, sharpness=0.020),
    # what others are compared with for years: stricter
    FacePurpose.REFERENCE: Limits(width=110, sharpness=0.030, yaw=22, pitch=24, roll=20),
    # printed small, behind lacquer, photographed at an angle
    FacePurpose.CARD: Limits(width=48, sharpness=0.006, contrast=25, uneven=0.9, eyes=None),
}


def measure(face: Grey, shape: FaceShape, width: float, outside: float) -> dict[str, float]:
    """The figures of one face.

    Args:
        face: the face cut out, grey, (128, 128).
        width: of the face in the picture as sent, pixels.
        outside: share of the landmarks beyond the picture's edge.
    """
    inner = face[16:-16, 16:-16]
    halves = inner[:, : inner.shape[1] // 2].mean(), inner[:, inner.shape[1] // 2 :].mean()
    low, high = np.percentile(inner, (5, 95))
    figures = {
        "width": width,
        "outside": outside,
        "sharpness": _sharpness(inner),
        "light": float(inner.mean()),
        "contrast": float(high - low),
        "burnt": float((inner > 250).mean()),
        "uneven": float(abs(halves[0] - halves[1]) / max(1.0, float(inner.mean()))),
        "yaw": shape.yaw,
        "pitch": shape.pitch,
        "roll": shape.roll,
        "eyes": shape.eyes,
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


def faults(figures: Mapping[str, float], limits: Limits) -> tuple[str, ...]:
    """What is wrong with a face, what matters most first."""
    eyes = limits.eyes
    checks = (
        ("too_small", figures["width"] < limits.width),
        ("cut_off", figures["outside"] > 0.06),
        ("dark", figures["light"] < limits.dark),
        ("bright", figures["light"] > limits.bright or figures["burnt"] > limits.burnt),
        ("uneven_light", figures["uneven"] > limits.uneven),
        ("blurred", figures["sharpness"] < limits.sharpness),
        ("turned", abs(figures["yaw"]) > limits.yaw),
        ("up_down", abs(figures["pitch"]) > limits.pitch),
        ("tilted", abs(figures["roll"]) > limits.roll),
        ("eyes_closed", eyes is not None and figures["eyes"] < eyes),
        ("bright", figures["contrast"] < limits.contrast and figures["light"] >= 128),
        ("dark", figures["contrast"] < limits.contrast and figures["light"] < 128),
    )
    return tuple(dict.fromkeys(name for name, wrong in checks if wrong))


def _sharpness(grey: Grey) -> float:
    """Variance of the Laplacian over the variance of grey: without the light's influence."""
    centre = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * centre).var() / max(25.0, float(grey.var())))
