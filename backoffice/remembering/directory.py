"""The index of this process, kept in step with what is in the database.

Every process that searches has its own index in memory. Before each search it reads what changed
since (`remembered_changes`), so that who asked to be forgotten anywhere is found nowhere.
"""

import asyncio
from collections.abc import Iterable, Sequence

from sqlalchemy import LargeBinary, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.crypto import DecryptionFailed, biometric_keys
from backoffice.db import Sessions
from backoffice.logs import log
from backoffice.remembering.models import Remembered, RememberedChange
from integrations.ports import FaceIndex, FaceMatch, FaceTemplate, Rejected

_PAGE = 2000
_LOOK_BACK = 500
"""A transaction that took its number earlier may commit later than others: these are read again."""
_SEALED = type_coerce(Remembered.face, LargeBinary)
_CONTEXT = "remembered_people.face"


class FaceDirectory:
    """Searches among everybody remembered. Keys are ids of `remembered_people`."""

    def __init__(self, index: FaceIndex) -> None:
        self._index = index
        self._following = asyncio.Lock()
        self._newest: int | None = None
        self._seen: set[int] = set()

    async def search(
        self, sessions: Sessions, probe: FaceTemplate, *, most: int = 2
    ) -> list[FaceMatch]:
        """The nearest that are alike, best first. Raises Rejected (a template of other models)."""
        await self.follow(sessions)
        return await self._index.search(probe, most=most)

    async def follow(self, sessions: Sessions) -> None:
        """Take over what changed since the last time; everything at first."""
        async with self._following, sessions.read() as session:
            changes = await self._changes(session)
            if changes is None:
                await self._read_everything(session)
                return
            people = {person for id, person in changes if id not in self._seen}
            if people:
                await self._read_again(session, people)
            self._keep_place([id for id, _ in changes])

    async def _changes(self, session: AsyncSession) -> list[tuple[int, str]] | None:
        """What may have changed since; None when it is no longer known."""
        if self._newest is None:
            return None
        oldest = await session.scalar(select(func.min(RememberedChange.id)))
        if oldest is not None and oldest > self._newest + 1:
            return None
        since = max(0, self._newest - _LOOK_BACK)
        found = await session.execute(
            select(RememberedChange.id, RememberedChange.person_id)
            .where(RememberedChange.id > since)
            .order_by(RememberedChange.id)
        )
        return [(id, person) for id, person in found]

    def _keep_place(self, ids: Sequence[int]) -> None:
        self._newest = max([self._newest or 0, *ids])
        self._seen = {id for id in {*self._seen, *ids} if id > self._newest - _LOOK_BACK}

    async def _read_everything(self, session: AsyncSession) -> None:
        # The place first: what changes while the rows are read is read again afterwards.
        ids = list(
            await session.scalars(
                select(RememberedChange.id).order_by(RememberedChange.id.desc()).limit(_LOOK_BACK)
            )
        )
        last, entries = "", list[tuple[str, FaceTemplate]]()
        while rows := await self._page(session, last):
            last = rows[-1][0]
            entries += await asyncio.to_thread(_open_all, rows)
        await self._replace(entries)
        self._newest, self._seen = max(ids, default=0), set(ids)
        log("remembering").info("faces.read", people=len(entries))

    async def _page(self, session: AsyncSession, last: str) -> list[tuple[str, bytes]]:
        found = await session.execute(
            select(Remembered.id, _SEALED)
            .where(Remembered.id > last)
            .order_by(Remembered.id)
            .limit(_PAGE)
        )
        return [(id, bytes(sealed)) for id, sealed in found]

    async def _read_again(self, session: AsyncSession, people: set[str]) -> None:
        found = await session.execute(
            select(Remembered.id, _SEALED).where(Remembered.id.in_(people))
        )
        rows = [(id, bytes(sealed)) for id, sealed in found]
        for gone in people - {id for id, _ in rows}:
            await self._index.remove(gone)
        await self._add(await asyncio.to_thread(_open_all, rows))

    async def _replace(self, entries: list[tuple[str, FaceTemplate]]) -> None:
        try:
            await self._index.replace(entries)
        except Rejected:  # the models were exchanged, and somebody was remembered before
            await self._index.replace([])
            await self._add(entries)

    async def _add(self, entries: Iterable[tuple[str, FaceTemplate]]) -> None:
        others = 0
        for id, template in entries:
            try:
                await self._index.add(id, template)
            except Rejected:
                others += 1
        if others:
            log("remembering").warning("faces.of_other_models", people=others)


def _open_all(rows: Iterable[tuple[str, bytes]]) -> list[tuple[str, FaceTemplate]]:
    """Opened templates; one that cannot be opened, or is of other models, is left out and logged."""
    opened, lost = [], 0
    for id, sealed in rows:
        try:
            packed = biometric_keys().decrypt(sealed, _CONTEXT)
            opened.append((id, FaceTemplate.unpack(packed)))
        except (DecryptionFailed, ValueError):
            lost += 1
    if lost:
        log("remembering").error("faces.unreadable", people=lost)
    return opened
