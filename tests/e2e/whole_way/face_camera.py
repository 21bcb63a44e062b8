"""A camera that Chromium takes for a real one, with a face before it that does what it is told.

Chromium reads its fake camera from a Y4M file, over and over, through one open file. Here the file
holds a single picture which is overwritten in place, so the face moves while the browser looks.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from integrations.ports import LiveAction
from tests.e2e.whole_way.citizen import face
from tests.integrations import moving_face
from tests.integrations.moving_face import MovingFace, Pose

WIDTH, HEIGHT, PER_SECOND = 640, 480, 15
_HEAD = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{PER_SECOND}:1 Ip A1:1 C420jpeg\nFRAME\n".encode()
_MOVES: dict[str, Sequence[Pose]] = {
    LiveAction.TURN_LEFT: moving_face.LEFT,
    LiveAction.TURN_RIGHT: moving_face.RIGHT,
    LiveAction.OPEN_MOUTH: moving_face.MOUTH,
    # a second with the eyes closed, as the page asks for
    LiveAction.BLINK: [Pose(lids=e) for e in (0.5, 1.0, 1.0, 1.0, 1.0, 0.5)],
}
_POSE_S = 0.25
_CALM_S = 0.12


class FaceCamera:
    """One portrait before the camera.

    Args:
        path: the file to be given to Chromium as its camera.
        name: of the portrait among the fixtures.
        alive: whether it does what is asked for; otherwise it only trembles, as a printed
            photograph in a hand does.
    """

    def __init__(self, path: Path, name: str, *, alive: bool) -> None:
        film = MovingFace(face(name))
        self._calm = [_i420(one.image) for one in film.film([Pose()] * 8)]
        self._moves = {
            action: [_i420(one.image) for one in film.film(poses)]
            for action, poses in (_MOVES.items() if alive else ())
        }
        self._next = 0
        self._noise = np.random.default_rng()
        path.write_bytes(_HEAD + self._calm[0])
        self._file = os.open(path, os.O_WRONLY)

    def close(self) -> None:
        """The browser that reads the file must have ended."""
        os.close(self._file)

    def look(self, seconds: float) -> None:
        """Look ahead for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._next += 1
            self._show(self._calm[self._next % len(self._calm)])
            time.sleep(_CALM_S)

    def do(self, action: str) -> None:
        """Do it once, without haste."""
        for picture in self._moves.get(action, ()):
            self._show(picture)
            time.sleep(_POSE_S)

    def _show(self, picture: bytes) -> None:
        """With a sensor's noise: no camera gives the same picture twice."""
        seen = np.frombuffer(picture, np.uint8).copy()
        light = seen[: WIDTH * HEIGHT]
        grain = self._noise.integers(-2, 3, light.size, dtype=np.int16)
        light[:] = np.clip(light + grain, 0, 255)
        os.pwrite(self._file, seen.tobytes(), len(_HEAD))


def _i420(image: bytes) -> bytes:
    """A JPEG in the middle of the camera's picture, in the bytes of one Y4M frame."""
    picture = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    scale = min(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tall, wide = small.shape[:2]
    top, left = (HEIGHT - tall) // 2, (WIDTH - wide) // 2
    whole = cv2.copyMakeBorder(
        small, top, HEIGHT - tall - top, left, WIDTH - wide - left, cv2.BORDER_REPLICATE
    )
    return bytes(cv2.cvtColor(whole, cv2.COLOR_BGR2YUV_I420).tobytes())
