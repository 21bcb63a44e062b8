"""What runs in the vision process: text recognition and faces. Imported there only.

Models come inside the packages; nothing is downloaded. One picture at a time, reduced first, so
that the process stays below the memory that `LocalVision` allows it.
"""

import io
import os
import signal
import threading
import warnings
from dataclasses import dataclass
from functools import cache
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from integrations.ports import CardReading
from integrations.vision.card_text import Line, parse_card, parts_read

# 960 for finding text needs 340 MB, 1280 needs 550 MB and reads no more on our samples.
_READ_SIDE = 1280
_FIND_TEXT_SIDE = 960
_FACE_SIDE = 800
_GOOD_CARD = 6
_CERTAIN_CARD = 7
_SMALL_SHARE = 0.6
# A second face counts when it is at least this tall beside the largest; smaller is background.
_SECOND_FACE = 0.4


@dataclass(frozen=True)
class _Attempt:
    """One reading, and what to try next.

    Attributes:
        area: where the text is (left, top, right, bottom), when it fills only a small part.
        turns: degrees by which the picture may have to be turned.
    """

    reading: CardReading
    area: tuple[int, int, int, int] | None
    turns: tuple[int, ...]


def prepare() -> None:
    """Set up the process: survives Ctrl-C at the terminal, ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def warm() -> int:
    """Load everything now; returns the process id."""
    _reader()
    _faces()
    os.nice(5)  # from here on the conversation goes first; starting should be quick
    return os.getpid()


def read_card(image: bytes) -> CardReading:
    """The best reading of a card's front: as it is, then enlarged, then turned."""
    picture = _open(image)
    first = _attempt(picture)
    if parts_read(first.reading) >= _CERTAIN_CARD:
        return first.reading
    readings = [first.reading]
    if first.area is not None:
        readings.append(_attempt(picture.crop(first.area)).reading)
    for degrees in first.turns:
        if max(map(parts_read, readings)) >= _GOOD_CARD:
            break
        readings.append(_attempt(picture.rotate(degrees, expand=True)).reading)
    return max(readings, key=parts_read)


def count_faces(image: bytes) -> int:
    """How many faces of a similar size are in the picture."""
    heights = [bottom - top for top, _, bottom, _ in _locate(_pixels(image))]
    return sum(height >= _SECOND_FACE * max(heights) for height in heights)


def face_distance(reference: bytes, probe: bytes) -> float | None:
    """Distance of the largest faces; None when a picture has none. The vectors are not kept."""
    first, second = _encode(reference), _encode(probe)
    if first is None or second is None:
        return None
    return float(np.linalg.norm(first - second))


def resident_mb() -> int:
    """The memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(0)


def _open(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image), formats=("JPEG", "PNG")).convert("RGB")


def _attempt(picture: Image.Image) -> _Attempt:
    """Read once."""
    small = picture.copy()
    small.thumbnail((_READ_SIDE, _READ_SIDE))
    found = _reader()(np.asarray(small)[:, :, ::-1])
    if found.txts is None or found.boxes is None:
        return _Attempt(parse_card([]), None, ())
    lines = [
        Line(text, tuple((float(x), float(y)) for x, y in box))
        for text, box in zip(found.txts, found.boxes, strict=True)
    ]
    area = _text_area(lines, small.size, picture.width / small.width)
    return _Attempt(parse_card(lines), area, _turns(lines))


def _turns(lines: list[Line]) -> tuple[int, ...]:
    """Lines that stand upright are on a card that lies; otherwise it may be upside down."""
    long = [line for line in lines if len(line.text) > 2]
    standing = sum(_height(line) > _width(line) for line in long)
    return (90, 270) if standing * 2 > len(long) else (180,)


def _width(line: Line) -> float:
    return max(x for x, _ in line.box) - min(x for x, _ in line.box)


def _height(line: Line) -> float:
    return max(y for _, y in line.box) - min(y for _, y in line.box)


def _text_area(
    lines: list[Line], size: tuple[int, int], scale: float
) -> tuple[int, int, int, int] | None:
    xs = [x for line in lines for x, _ in line.box]
    ys = [y for line in lines for _, y in line.box]
    if not xs:
        return None
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    if width * height > _SMALL_SHARE * size[0] * size[1]:
        return None
    margin = 0.08 * width
    left, top = max(0.0, min(xs) - margin), max(0.0, min(ys) - margin)
    right, bottom = min(size[0], max(xs) + margin), min(size[1], max(ys) + margin)
    return int(left * scale), int(top * scale), int(right * scale), int(bottom * scale)


@cache
def _reader() -> Any:
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    params = {
        "Global.log_level": "critical",
        "Det.limit_type": "max",
        "Det.limit_side_len": _FIND_TEXT_SIDE,
        "EngineConfig.onnxruntime.intra_op_num_threads": 2,
    }
    # A path given explicitly is never fetched from the network; a missing file is an error.
    for part, name in (("Det", "*_det_*"), ("Rec", "*_rec_*"), ("Cls", "*_cls_*")):
        params[f"{part}.model_path"] = str(next(models.glob(f"{name}.onnx")))
    return rapidocr.RapidOCR(params=params)


@cache
def _faces() -> Any:
    # Its models' package announces the age of the way it finds its files; setuptools is pinned.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    import face_recognition

    return face_recognition


def _pixels(image: bytes) -> np.ndarray[Any, Any]:
    picture = _open(image)
    picture.thumbnail((_FACE_SIDE, _FACE_SIDE))
    return np.asarray(picture)


def _locate(pixels: np.ndarray[Any, Any]) -> list[tuple[int, int, int, int]]:
    """Faces as (top, right, bottom, left); small ones are looked for only when there is no other."""
    plain = _faces().face_locations(pixels, number_of_times_to_upsample=0)
    return list(plain or _faces().face_locations(pixels, number_of_times_to_upsample=1))


def _encode(image: bytes) -> np.ndarray[Any, Any] | None:
    pixels = _pixels(image)
    places = _locate(pixels)
    if not places:
        return None
    largest = max(places, key=lambda place: place[2] - place[0])
    encodings = _faces().face_encodings(pixels, [largest])
    return encodings[0] if encodings else None
