"""Measures of a face from its 68 landmarks (the iBUG scheme, as dlib finds them). Pure.

Points are (68, 2) in pixels, y downwards, of a picture that is not mirrored. Angles are in degrees,
rough (a mean head, no camera), and good for comparing frames of one person with each other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_LEFT_EYE, _RIGHT_EYE = slice(42, 48), slice(36, 42)  # the citizen's own left and right
_INNER_MOUTH = slice(60, 68)
# Points that expressions hardly move: bridge and base of the nose, corners of the eyes.
_RIGID = (27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)
# A mean head in units of the distance between the outer corners of the eyes (x to the picture's
# right, y downwards, z towards the camera), from anthropometric means; only ratios matter.
_HEAD = np.array(
    [
        [0.00, -0.02, 0.10],  # 27 root of the nose
        [0.00, 0.12, 0.17],
        [0.00, 0.26, 0.26],
        [0.00, 0.40, 0.34],  # 30 tip
        [-0.16, 0.50, 0.13],  # 31 side of the nostril
        [0.00, 0.54, 0.20],  # 33 base
        [0.16, 0.50, 0.13],  # 35
        [-0.50, 0.00, -0.14],  # 36 outer corner, the citizen's right eye
        [-0.17, 0.02, 0.00],  # 39
        [0.17, 0.02, 0.00],  # 42
        [0.50, 0.00, -0.14],  # 45
    ]
)


@dataclass(frozen=True)
class FaceShape:
    """One frame's measures.

    Attributes:
        yaw: turn of the head; positive to the citizen's own left (the picture's right).
        pitch: nod; positive upwards.
        roll: tilt; positive clockwise in the picture.
        left_eye, right_eye: height over width of the opening; lower is more closed.
        mouth: height over width of the inner lips; 0 is closed.
        asymmetry: (left - right) of the face's halves seen from the nose, -1 to 1; follows `yaw`
            but needs no model of a head.
        size: between the outer corners of the eyes, in pixels.
    """

    yaw: float
    pitch: float
    roll: float
    left_eye: float
    right_eye: float
    mouth: float
    asymmetry: float
    size: float

    @property
    def eyes(self) -> float:
        """Openness of both eyes together."""
        return (self.left_eye + self.right_eye) / 2


def shape_of(points: Points) -> FaceShape:
    """All measures of one face."""
    yaw, pitch, roll = _angles(points)
    jaw_right, jaw_left, nose = points[2], points[14], points[30]
    across = points[45] - points[36]
    axis = across / max(1e-6, float(np.linalg.norm(across)))
    left, right = float((jaw_left - nose) @ axis), float((nose - jaw_right) @ axis)
    return FaceShape(
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        left_eye=_opening(points[_LEFT_EYE]),
        right_eye=_opening(points[_RIGHT_EYE]),
        mouth=_lips(points[_INNER_MOUTH]),
        asymmetry=(right - left) / max(1e-6, abs(left) + abs(right)),
        size=float(np.linalg.norm(across)),
    )


def residual(first: Points, second: Points) -> float:
    """How much two faces differ beyond what moving, turning in the plane, scaling and slanting a
    flat picture can do: the RMS left after the best affine map, over the first's eye distance.

    A photograph held into the camera gives nearly 0 however it is moved; a head that turns or a
    mouth that opens does not.
    """
    source = np.hstack([second, np.ones((len(second), 1))])
    mapping, *_ = np.linalg.lstsq(source, first, rcond=None)
    rest = first - source @ mapping
    size = max(1e-6, float(np.linalg.norm(first[45] - first[36])))
    return float(np.sqrt((rest**2).sum(axis=1).mean())) / size


def _opening(eye: Points) -> float:
    """Eye aspect ratio (Soukupová and Čech, 2016)."""
    height = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
    return float(height / max(1e-6, 2 * float(np.linalg.norm(eye[0] - eye[3]))))


def _lips(mouth: Points) -> float:
    height = sum(float(np.linalg.norm(mouth[i] - mouth[8 - i])) for i in (1, 2, 3))
    return height / max(1e-6, 3 * float(np.linalg.norm(mouth[0] - mouth[4])))


def _angles(points: Points) -> tuple[float, float, float]:
    """Scaled orthography: the two rows of the rotation by least squares, then made orthogonal."""
    seen = points[list(_RIGID)]
    seen = seen - seen.mean(axis=0)
    head = _HEAD - _HEAD.mean(axis=0)
    rows, *_ = np.linalg.lstsq(head, seen, rcond=None)
    u, _, vt = np.linalg.svd(rows.T, full_matrices=False)
    first, second = u @ vt
    third = np.cross(first, second)
    # The direction of the nose is the third column: where the head's z axis points to.
    yaw = np.degrees(np.arctan2(first[2], third[2]))
    pitch = np.degrees(np.arctan2(-second[2], np.hypot(first[2], third[2])))
    # Of the line between the eyes: the fit above leaks the face's own asymmetry into the tilt.
    across = points[45] - points[36]
    roll = np.degrees(np.arctan2(across[1], across[0]))
    return float(yaw), float(pitch), float(roll)
