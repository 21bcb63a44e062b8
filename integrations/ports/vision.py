"""Reading pictures: cards and faces."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from integrations.ports.faces import (
    FaceComparison,
    FaceInspection,
    FacePurpose,
    FaceTemplate,
    LiveAction,
    LiveFrame,
    LivenessReading,
)


@dataclass(frozen=True)
class CardReading:
    """What was read off the front of an identity card; a part that could not be read is None.

    Attributes:
        faults: why the photograph may be hard to read, worst first; each a text `card.<fault>`:
            `too_small`, `cropped`, `blurred`, `glare`, `dark`.
    """

    name: str | None
    sex: str | None
    ethnicity: str | None
    birth: date | None
    address: str | None
    id_no: str | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class CardBackReading:
    """What was read off the back (emblem side) of an identity card; None where it could not be.

    Attributes:
        valid_to: last day of validity; None also for a card without end (`long_term`).
        long_term: 长期 is printed instead of a last day.
        faults: as in `CardReading`.
    """

    authority: str | None
    valid_from: date | None
    valid_to: date | None
    long_term: bool
    faults: tuple[str, ...] = ()


class Vision(Protocol):
    """Reading pictures. Slow (up to a second), so never in an event loop's own thread."""

    async def warm(self) -> None:
        """Get ready, so that the first picture does not wait. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Give back what `warm` took; may be used again afterwards."""
        ...

    async def read_card(self, image: bytes) -> CardReading:
        """Read the front of an identity card from a JPEG. Raises Unavailable."""
        ...

    async def read_card_back(self, image: bytes) -> CardBackReading:
        """Read the back of an identity card from a JPEG. Raises Unavailable."""
        ...

    async def inspect_face(self, image: bytes, purpose: FacePurpose) -> FaceInspection:
        """Whether a JPEG is good enough for its purpose, and its template. Raises Unavailable."""
        ...

    async def compare_faces(
        self, reference: bytes | FaceTemplate, probe: bytes | FaceTemplate
    ) -> FaceComparison | None:
        """Compare the largest face of each picture; None when one has none.

        A template is used as it is: what is compared again and again is encoded once.
        Raises Unavailable, Rejected (a template of other models: encode its picture anew).
        """
        ...

    async def check_liveness(
        self, frames: Sequence[LiveFrame], actions: Sequence[LiveAction]
    ) -> LivenessReading:
        """Whether the frames show one person doing these actions in this order.

        Nonce, time limit and number of attempts are the caller's. Raises Unavailable.
        """
        ...
