"""Templates in memory, searched 1:N by one multiplication. Off the event loop.

Candidates come from SFace (the better model on East-Asian faces); the few best are judged by the
joint rule. Rows are kept dense: the last row moves into the place of one taken out.
"""

import asyncio
import threading
from collections.abc import Iterable
from math import inf

import numpy as np
from numpy.typing import NDArray

from integrations.ports import FaceMatch, FaceTemplate
from integrations.vision.face_rule import FaceRule, check_models, distances

_FIRST_ROOM = 256
# How many of SFace's nearest are judged by both models.
_CANDIDATES = 32


class NumpyFaceIndex:
    """The `FaceIndex` port. About 1.1 kB a person."""

    def __init__(self, rule: FaceRule | None = None) -> None:
        self._rule = rule or FaceRule()
        self._lock = threading.Lock()
        self._clear()

    async def replace(self, entries: Iterable[tuple[str, FaceTemplate]]) -> None:
        """See `FaceIndex.replace`."""
        await asyncio.to_thread(self._replace, list(entries))

    async def add(self, key: str, template: FaceTemplate) -> None:
        """See `FaceIndex.add`."""
        check_models(template)
        await asyncio.to_thread(self._add, key, template)

    async def remove(self, key: str) -> bool:
        """See `FaceIndex.remove`."""
        return await asyncio.to_thread(self._remove, key)

    async def search(self, probe: FaceTemplate, *, most: int = 5) -> list[FaceMatch]:
        """See `FaceIndex.search`."""
        check_models(probe)
        return await asyncio.to_thread(self._search, probe, most)

    def __len__(self) -> int:
        return len(self._keys)

    def _clear(self) -> None:
        self._keys: list[str] = []
        self._rows: dict[str, int] = {}
        self._dlib = np.empty((_FIRST_ROOM, 128), np.float32)
        self._sface = np.empty((_FIRST_ROOM, 128), np.float32)

    def _replace(self, entries: list[tuple[str, FaceTemplate]]) -> None:
        for _, template in entries:
            check_models(template)
        with self._lock:
            self._clear()
            for key, template in entries:
                self._put(key, template)

    def _add(self, key: str, template: FaceTemplate) -> None:
        with self._lock:
            self._put(key, template)

    def _put(self, key: str, template: FaceTemplate) -> None:
        row = self._rows.get(key)
        if row is None:
            row = len(self._keys)
            if row == len(self._dlib):
                room = np.empty_like(self._dlib)
                self._dlib = np.concatenate([self._dlib, room])
                self._sface = np.concatenate([self._sface, room])
            self._keys.append(key)
            self._rows[key] = row
        self._dlib[row], self._sface[row] = template.vectors

    def _remove(self, key: str) -> bool:
        with self._lock:
            row = self._rows.pop(key, None)
            if row is None:
                return False
            last = len(self._keys) - 1
            self._dlib[row], self._sface[row] = self._dlib[last], self._sface[last]
            # what was biometric does not stay behind in memory
            self._dlib[last] = self._sface[last] = 0
            moved = self._keys.pop()
            if moved != key:
                self._keys[row] = moved
                self._rows[moved] = row
            return True

    def _search(self, probe: FaceTemplate, most: int) -> list[FaceMatch]:
        with self._lock:
            count = len(self._keys)
            if not count:
                return []
            near: NDArray[np.float32] = self._sface[:count] @ probe.vectors[1]
            take = min(count, max(_CANDIDATES, most + 1))
            rows = np.argpartition(-near, take - 1)[:take]
            many = np.stack([self._dlib[rows], self._sface[rows]], axis=1)
            keys = [self._keys[row] for row in rows]
        judged = [
            (key, self._rule.judge(float(dlib), float(sface)))
            for key, (dlib, sface) in zip(keys, distances(probe.vectors, many).T, strict=True)
        ]
        judged.sort(key=lambda one: one[1].distance)
        after = [one.distance for _, one in judged[1:]] + [inf]
        return [
            FaceMatch(key, one, round(nextbest - one.distance, 3))
            for (key, one), nextbest in zip(judged, after, strict=True)
            if one.band == "alike"
        ][:most]
