"""Vision on this machine: rapidocr, dlib, YuNet and SFace in a process of their own.

A picture that crashes a decoder takes that process with it and not ours; it is started again. The
process starts with the first picture and holds about 450 MB.
"""

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

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
    Unavailable,
)
from integrations.vision import engine
from integrations.vision.face_rule import FaceRule

_START_S = 120.0  # three seconds on a quiet machine
_T = TypeVar("_T")


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
        self._timeout_s = timeout_s
        self._max_waiting = max_waiting
        self._max_resident_mb = max_resident_mb
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0
        self._pool: ProcessPoolExecutor | None = None
        self._pid: int | None = None

    async def read_card(self, image: bytes) -> CardReading:
        """See `Vision.read_card`."""
        return await self._run(engine.read_card, image)

    async def read_card_back(self, image: bytes) -> CardBackReading:
        """See `Vision.read_card_back`."""
        return await self._run(engine.read_card_back, image)

    async def count_faces(self, image: bytes) -> int:
        """See `Vision.count_faces`; small faces in the background are not counted."""
        return await self._run(engine.count_faces, image)

    async def inspect_face(self, image: bytes, purpose: FacePurpose) -> FaceInspection:
        """See `Vision.inspect_face`."""
        return await self._run(engine.inspect_face, image, purpose)

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
        return await self._run(engine.check_liveness, list(frames), list(actions))

    async def _template(self, face: bytes | FaceTemplate) -> FaceTemplate | None:
        if isinstance(face, FaceTemplate):
            return face
        return await self._run(engine.face_template, face)

    async def resident_mb(self) -> int:
        """The memory of the vision process, for the measurements and the status page."""
        return await self._run(engine.resident_mb)

    async def warm(self) -> None:
        """Start the process now instead of with the first picture. Raises Unavailable."""
        await self._run(engine.resident_mb)

    def close(self) -> None:
        """End the process."""
        pool, self._pool = self._pool, None
        if pool is not None:
            self._kill()
            pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., _T], *given: Any) -> _T:
        if self._waiting >= self._max_waiting:
            raise Unavailable("vision: too many pictures waiting")
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await self._once_more_if_killed(work, *given)
        finally:
            self._waiting -= 1

    async def _once_more_if_killed(self, work: Callable[..., _T], *given: Any) -> _T:
        for last in (False, True):
            try:
                done = await self._in_process(work, *given)
                if await self._in_process(engine.resident_mb) > self._max_resident_mb:
                    self.close()
                return done
            except BrokenProcessPool:
                self.close()
                if last:
                    raise Unavailable("vision: the process died twice over one picture") from None
            except TimeoutError:
                self.close()
                raise Unavailable("vision: time-out") from None
            except asyncio.CancelledError:
                self.close()  # whoever waited has gone; the work must not block the next one
                raise
            except Exception as exc:
                # Its words may hold what was read, so only the kind goes on.
                raise Unavailable(f"vision: {type(exc).__name__}") from None
        raise AssertionError("not reached")

    async def _in_process(self, work: Callable[..., _T], *given: Any) -> _T:
        loop = asyncio.get_running_loop()
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1, mp_context=multiprocessing.get_context("spawn"), initializer=engine.prepare
            )
            starting = loop.run_in_executor(self._pool, engine.warm)
            self._pid = await asyncio.wait_for(starting, _START_S)
        return await asyncio.wait_for(
            loop.run_in_executor(self._pool, work, *given), self._timeout_s
        )

    def _kill(self) -> None:
        for child in multiprocessing.active_children():
            if child.pid == self._pid:
                child.kill()
