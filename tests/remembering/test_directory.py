"""The index of every process finds exactly who is remembered now."""

import random

import pytest
from sqlalchemy import delete

import backoffice.remembering.directory as directory_module
from backoffice.db import Sessions
from backoffice.remembering.directory import FaceDirectory
from backoffice.remembering.keeping import forget
from backoffice.remembering.models import Remembered, RememberedChange
from integrations.ports import FaceTemplate, Rejected
from integrations.vision.sandbox import SandboxFaceIndex, template_of
from tests.remembering.conftest import NOW, enrol


async def whose(hall: Sessions, directory: FaceDirectory, face: str) -> str | None:
    """The account that the face proposes."""
    found = await directory.search(hall, template_of(face))
    if not found:
        return None
    async with hall.read() as session:
        person = await session.get(Remembered, found[0].key)
    assert person is not None, "somebody who is gone was found"
    return person.citizen_id


async def test_two_processes_follow_every_change(
    hall: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any order of remembering, replacing and forgetting, seen by one that looks seldom too."""
    monkeypatch.setattr(directory_module, "_LOOK_BACK", 7)
    luck = random.Random(20261123)
    often, seldom = FaceDirectory(SandboxFaceIndex()), FaceDirectory(SandboxFaceIndex())
    faces: dict[str, str] = {}
    for step in range(60):
        who = f"c{luck.randrange(6)}"
        async with hall.begin() as session:
            if who in faces and luck.random() < 0.45:
                await forget(session, who, now=NOW)
                del faces[who]
            else:
                faces[who] = f"{who}-{luck.randrange(3)}"
                await enrol(session, who, face=faces[who])
        for directory in [often, *([seldom] if step % 11 == 10 else [])]:
            for one in range(6):
                for look in range(3):
                    face = f"c{one}-{look}"
                    expected = f"c{one}" if faces.get(f"c{one}") == face else None
                    assert await whose(hall, directory, face) == expected


async def test_who_was_away_too_long_reads_everything_anew(hall: Sessions) -> None:
    away = FaceDirectory(SandboxFaceIndex())
    async with hall.begin() as session:
        await enrol(session, "李")
        await enrol(session, "王")
    assert await whose(hall, away, "李") == "李"
    async with hall.begin() as session:
        await forget(session, "李", now=NOW)
        await enrol(session, "陈")
        await session.execute(delete(RememberedChange).where(RememberedChange.id <= 3))
    assert [await whose(hall, away, one) for one in "李王陈"] == [None, "王", "陈"]


async def test_a_number_taken_early_and_committed_late_is_not_missed(hall: Sessions) -> None:
    directory = FaceDirectory(SandboxFaceIndex())
    async with hall.begin() as session:
        await enrol(session, "李")
    assert await whose(hall, directory, "李") == "李"
    async with hall.begin() as session:  # as PostgreSQL may show it: 3 before 2
        person = await enrol(session, "王")
        await session.flush()
        early = await session.get_one(RememberedChange, 2)
        early.id = 3
    assert await whose(hall, directory, "王") == "王"
    async with hall.begin() as session:
        person = await session.get_one(Remembered, person.id)
        person.face = template_of("王-later").pack()
        session.add(RememberedChange(id=2, person_id=person.id))
    assert await whose(hall, directory, "王-later") == "王"


async def test_templates_of_other_models_are_left_out(hall: Sessions) -> None:
    class Strict(SandboxFaceIndex):
        """As the real index: templates of other models are refused."""

        async def replace(self, entries: object) -> None:
            await super().replace([])
            for key, template in list(entries):  # type: ignore[call-overload]
                await self.add(key, template)

        async def add(self, key: str, template: FaceTemplate) -> None:
            if template.models != ("sandbox",):
                raise Rejected("other models")
            await super().add(key, template)

    async with hall.begin() as session:
        await enrol(session, "李")
        old = await enrol(session, "王")
        old.face = FaceTemplate(("older",), template_of("王").vectors).pack()
    directory = FaceDirectory(Strict())
    assert await whose(hall, directory, "李") == "李"
    assert await whose(hall, directory, "王") is None
