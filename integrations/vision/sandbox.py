"""Vision without models, for tests of everything around it.

It knows the pictures it was shown, by a fingerprint that survives re-encoding and resizing, and
says of them what it was told; of any other picture it says that nothing can be read.
"""

import io
from dataclasses import dataclass

from PIL import Image

from integrations.faults import Faults
from integrations.ports import CardReading, FaceComparison

_SAME_PICTURE = 6
_THRESHOLDS = (0.40, 0.50)
_NOTHING = CardReading(None, None, None, None, None, None)


@dataclass(frozen=True)
class _Known:
    fingerprint: int
    card: CardReading
    faces: int
    person: str


class SandboxVision:
    """The `Vision` port over a table of pictures."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._known: list[_Known] = []

    def knows(
        self, picture: bytes, *, card: CardReading = _NOTHING, faces: int = 0, person: str = ""
    ) -> None:
        """Say what is on a picture. `person`: equal words are the same person's face."""
        self._known.append(_Known(_fingerprint(picture), card, faces, person))

    async def warm(self) -> None:
        """See `Vision.warm`."""

    def close(self) -> None:
        """See `Vision.close`."""

    async def read_card(self, image: bytes) -> CardReading:
        """See `Vision.read_card`."""
        known = self._find(image)
        return known.card if known else _NOTHING

    async def count_faces(self, image: bytes) -> int:
        """See `Vision.count_faces`."""
        known = self._find(image)
        return known.faces if known else 0

    async def compare_faces(self, reference: bytes, probe: bytes) -> FaceComparison | None:
        """See `Vision.compare_faces`: 0.3 for the same person, 0.8 for others."""
        first, second = self._find(reference), self._find(probe)
        if not (first and second and first.faces and second.faces):
            return None
        same = first.person == second.person
        return FaceComparison(
            0.3 if same else 0.8, "alike" if same else "different", "sandbox", _THRESHOLDS
        )

    def _find(self, image: bytes) -> _Known | None:
        self.faults.strike()
        wanted = _fingerprint(image)
        by_distance = sorted(self._known, key=lambda k: (k.fingerprint ^ wanted).bit_count())
        if by_distance and (by_distance[0].fingerprint ^ wanted).bit_count() <= _SAME_PICTURE:
            return by_distance[0]
        return None


def _fingerprint(image: bytes) -> int:
    """Which of 64 neighbours is brighter, in a picture reduced to 9 by 8."""
    small = Image.open(io.BytesIO(image)).convert("L").resize((9, 8))
    values = list(small.tobytes())
    bits = 0
    for row in range(8):
        for column in range(8):
            brighter = values[row * 9 + column] > values[row * 9 + column + 1]
            bits = bits << 1 | brighter
    return bits
