"""When two faces are one person's: the joint rule over two models. Pure.

The measurements behind the figures are in docs/identity-faces.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from integrations.ports import Band, FaceComparison, FaceTemplate, ModelScore, Rejected

DLIB = "dlib_face_recognition_resnet_model_v1/1.3.0+flip"
SFACE = "face_recognition_sface_2021dec_int8bq+flip"
MODELS = (DLIB, SFACE)


@dataclass(frozen=True)
class FaceRule:
    """The thresholds in force; distances, smaller is more alike.

    Each model's distance is divided by its `scale` (where impostors begin to be common) and the two
    are added by `weight`. `alike` needs the joint distance and each model by itself; `different`
    needs both models to say so.

    Attributes:
        dlib: Euclidean distances up to which dlib alone does not object to `alike`, and up to
            which it does not say `different`.
        sface: the same for 1 - cosine of SFace.
        joint: joint distance up to which faces are `alike`.
        scale: of dlib and SFace.
        weight: of dlib; SFace, which tells East-Asian faces apart better, has the rest.
    """

    dlib: tuple[float, float] = (0.46, 0.68)
    sface: tuple[float, float] = (0.48, 0.80)
    joint: float = 0.69
    scale: tuple[float, float] = (0.60, 0.70)
    weight: float = 0.35

    def compare(self, first: FaceTemplate, second: FaceTemplate) -> FaceComparison:
        """Judge two templates. Raises Rejected when they are not of these models."""
        check_models(first)
        check_models(second)
        return self.judge(*distances(first.vectors, second.vectors[None])[:, 0])

    def judge(self, dlib: float, sface: float) -> FaceComparison:
        """What two distances mean together."""
        dlib, sface = float(dlib), float(sface)
        joint = self.joint_of(dlib, sface)
        return FaceComparison(
            distance=round(joint, 3),
            band=self.band(dlib, sface),
            model=" & ".join(MODELS),
            thresholds=(self.joint, round(self.joint_of(self.dlib[1], self.sface[1]), 3)),
            scores=(
                ModelScore(DLIB, round(dlib, 3), self.dlib),
                ModelScore(SFACE, round(sface, 3), self.sface),
            ),
        )

    def joint_of(self, dlib: float, sface: float) -> float:
        """The joint distance."""
        return self.weight * dlib / self.scale[0] + (1 - self.weight) * sface / self.scale[1]

    def band(self, dlib: float, sface: float) -> Band:
        """`alike` when nobody objects, `different` when everybody says so."""
        agree = dlib <= self.dlib[0] and sface <= self.sface[0]
        if agree and self.joint_of(dlib, sface) <= self.joint:
            return "alike"
        return "different" if dlib > self.dlib[1] and sface > self.sface[1] else "unsure"


def check_models(template: FaceTemplate) -> None:
    """Raises Rejected when a template was made by other models than these."""
    if template.models != MODELS:
        raise Rejected("face template of other models")


def distances(one: NDArray[np.float32], many: NDArray[np.float32]) -> NDArray[np.float32]:
    """(2,) + (n,): distances of `one` (2, 128) to each of `many` (n, 2, 128), by both models.

    dlib's vectors are compared by Euclidean distance, SFace's (of length 1) by 1 - cosine.
    """
    dlib = np.linalg.norm(many[:, 0] - one[0], axis=1)
    sface = 1 - many[:, 1] @ one[1]
    return np.stack([dlib, sface])
