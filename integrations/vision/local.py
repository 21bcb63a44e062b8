"""Vision on this machine: rapidocr, dlib, YuNet and SFace in a process of their own.

The process starts with the first picture and holds about 450 MB.
"""

from collections.abc import Sequence

from integrations.one_process import OneProcess, resident_mb
from integrations.ports import (
    CardBackReading,
    CardReading,
    FaceComparison,
    FaceInspection,
    FacePurpose,
    FaceTemplate,
    LiveAction,
    LiveFrame,
    LivenessReading,
)
from integrations.vision import engine
from integrations.vision.face_rule import FaceRule


class LocalVision:
    """The `Vision` port on this machine.

    Args:
        rule: when two faces are one person's.
        timeout_s: longest work on one picture; after it the process is ended and begun anew.
        max_waiting: pictures that may wait; beyond, callers are told at once to come again.
        max_resident_mb: after a picture that left the process larger, it is begun anew.
    """

    def __init__(
        self,
        *,
        rule: FaceRule | None = None,
        timeout_s: float = 30.0,
        max_waiting: int = 16,
        max_resident_mb: int = 600,
    ) -> None:
        self._rule = rule or FaceRule()
        self._process = OneProcess(
            "vision",
            warm=engine.warm,
            timeout_s=timeout_s,
            max_waiting=max_waiting,
            max_resident_mb=max_resident_mb,
        )

    async def read_card(self, image: bytes) -> CardReading:
        """See `Vision.read_card`."""
        return await self._process.run(engine.read_card, image)

    async def read_card_back(self, image: bytes) -> CardBackReading:
        """See `Vision.read_card_back`."""
        return await self._process.run(engine.read_card_back, image)

    async def inspect_face(self, image: bytes, purpose: FacePurpose) -> FaceInspection:
        """See `Vision.inspect_face`."""
        return await self._process.run(engine.inspect_face, image, purpose)

    async def compare_faces(
        self, reference: bytes | FaceTemplate, probe: bytes | FaceTemplate
    ) -> FaceComparison | None:
        """See `Vision.compare_faces`."""
        first, second = await self._template(reference), await self._template(probe)
        if first is None or second is None:
            return None
        return self._rule.compare(first, second)

    async def check_liveness(
        self, frames: Sequence[LiveFrame], actions: Sequence[LiveAction]
    ) -> LivenessReading:
        """See `Vision.check_liveness`."""
        return await self._process.run(engine.check_liveness, list(frames), list(actions))

    async def _template(self, face: bytes | FaceTemplate) -> FaceTemplate | None:
        if isinstance(face, FaceTemplate):
            return face
        return await self._process.run(engine.face_template, face)

    async def resident_mb(self) -> int:
        """The memory of the vision process, for the measurements and the status page."""
        return await self._process.run(resident_mb)

    async def warm(self) -> None:
        """Start the process now instead of with the first picture. Raises Unavailable."""
        await self._process.run(resident_mb)

    def close(self) -> None:
        """End the process."""
        self._process.close()
