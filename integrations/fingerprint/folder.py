"""A sensor that takes pictures from a folder: the demonstration, and tests.

Whose finger lies on it stands in a small file, so that every process of the demo sees the same
sensor: the name of a folder of prints. A finger that stays is pressed a little differently each
time: the folder's pictures take turns.
"""

import asyncio
import io
import itertools
import time
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from integrations.faults import Faults
from integrations.ports import FingerImage, NoFinger, Unavailable

DPI = 500
_BETWEEN_LOOKS_S = 0.1


class FolderSensor:
    """The `FingerprintSensor` port over `prints/{person}/*.png`.

    Args:
        prints: one folder per person.
        laid_on: the file that says whose finger lies there; missing or empty: nobody's.
    """

    def __init__(self, prints: Path, laid_on: Path) -> None:
        self.faults = Faults()
        self._prints = prints
        self._laid_on = laid_on
        self._turn = itertools.count()

    def people(self) -> list[str]:
        """Whose fingers there are."""
        return sorted(one.name for one in self._prints.iterdir() if one.is_dir())

    def lay_on(self, person: str) -> None:
        """Lay somebody's finger on.

        Raises:
            LookupError: nobody of this name.
        """
        if person not in self.people():
            raise LookupError("no prints of this name")
        self._laid_on.parent.mkdir(parents=True, exist_ok=True)
        self._laid_on.write_text(person, "utf-8")

    def lift(self) -> None:
        """Take it away."""
        self._laid_on.unlink(missing_ok=True)

    async def capture(self, *, timeout_s: float = 15.0) -> FingerImage:
        """See `FingerprintSensor.capture`."""
        self.faults.strike()
        deadline = time.monotonic() + timeout_s
        while True:
            found = await asyncio.to_thread(self._take)
            if found is not None:
                return found
            if time.monotonic() >= deadline:
                raise NoFinger("no finger in time")
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    def close(self) -> None:
        """See `FingerprintSensor.close`."""

    def _take(self) -> FingerImage | None:
        try:
            person = self._laid_on.read_text("utf-8").strip()
        except OSError:
            return None
        if person not in self.people():
            return None
        pictures = sorted((self._prints / person).glob("*.png"))
        if not pictures:
            raise Unavailable("fingerprint sensor: an empty folder")
        try:
            grey = Image.open(pictures[next(self._turn) % len(pictures)]).convert("L")
        except (OSError, UnidentifiedImageError):
            raise Unavailable("fingerprint sensor: a picture that cannot be read") from None
        made = io.BytesIO()
        grey.save(made, "PNG", dpi=(DPI, DPI))
        return FingerImage(made.getvalue(), DPI)
