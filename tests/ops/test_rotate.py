"""New keys for everything at rest, and nothing lost on the way."""

import json
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

import backoffice.rotation
from backoffice.applications.models import AnswerRow, Application
from backoffice.audit import record, verify
from backoffice.crypto import KeyRing, KeysUnusable, keys, use_keys
from backoffice.db import Base, Encrypted
from backoffice.identity.models import Citizen
from backoffice.identity.services import phone_index
from backoffice.rotation import sealed_otherwise
from backoffice.uploads import store
from bootstrap.settings import Settings
from migrations import tables  # noqa: F401
from ops.data import Installation, OperationFailed
from ops.rotate import remove_old_keys, rotate
from tests.ops.conftest import LEAVES, NOW, rings, run

ANSWERS = 450


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """More answers than a batch holds, and an audit trail."""

    async def fill(session: AsyncSession) -> None:
        case = (await session.scalars(select(Application).limit(1))).one()
        for number in range(ANSWERS):
            session.add(
                AnswerRow(
                    application_id=case.id,
                    field=f"f{number}",
                    value=f"值{number}",
                    source="typed",
                    at=NOW,
                )
            )
        await record(session, actor="system", action="a.b", subject="c", now=NOW)

    run(settings, fill)
    return settings


async def _everything(session: AsyncSession) -> dict[str, list[object]]:
    """All that is encrypted, opened."""
    found: dict[str, list[object]] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Encrypted):
                rows = await session.scalars(select(column).order_by(*table.primary_key.columns))
                found[f"{table.name}.{column.name}"] = list(rows)
    return found


async def _by_phone(session: AsyncSession) -> str | None:
    wanted = select(Citizen.id).where(Citizen.phone_index == phone_index(LEAVES))
    return await session.scalar(wanted)


def _files(settings: Settings) -> list[bytes]:
    names = sorted(name for name, _ in store.stored_ids(settings.uploads_dir))
    return [store.read(settings.uploads_dir, name) for name in names]


def test_every_row_file_and_look_up_has_the_new_keys_and_the_old_one_can_go(
    filled: Settings,
) -> None:
    old, before, found = keys(), run(filled, _everything), run(filled, _by_phone)
    assert found is not None and len(before["application_answers.value"]) == ANSWERS
    assert before["remembered_people.face"] == [b"face"] * 2
    assert before["remembered_fingers.template"] == [b"finger"] * 2
    old_index = phone_index(LEAVES)
    ring = rotate(filled)
    assert (ring.current, set(ring.keys), ring.rotating) == ("k2", {"k1", "k2"}, False)
    assert remove_old_keys(filled, Installation.from_environment()) == ["b1", "k1"]
    assert filled.keys_file is not None
    only_new, of_templates = rings(filled)
    assert set(only_new.keys) == {"k2"} and only_new.index != old.index
    assert set(of_templates.keys) == {"b2"}
    use_keys(only_new, of_templates)
    assert run(filled, _everything) == before
    assert run(filled, _by_phone) == found and phone_index(LEAVES) != old_index
    assert set(_files(filled)) == {b"picture"} and len(_files(filled)) == 8
    assert run(filled, verify) == [], "the audit trail's chain must still hold"
    assert filled.keys_file.stat().st_mode & 0o077 == 0


def test_what_was_interrupted_goes_on_and_nobody_starts_in_between(
    filled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real, calls = run(filled, _everything), backoffice.rotation._one_batch, [0]

    async def power_cut(*given: object) -> object:
        calls[0] += 1
        if calls[0] == 4:
            raise KeyboardInterrupt
        return await real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(backoffice.rotation, "_one_batch", power_cut)
    with pytest.raises(KeyboardInterrupt):
        rotate(filled)
    assert filled.keys_file is not None
    with pytest.raises(KeysUnusable, match="rotation has not ended"):
        KeyRing.load(filled.keys_file)
    half = KeyRing.load(filled.keys_file, for_rotation=True)
    monkeypatch.undo()
    assert filled.keys_file is not None
    ring = rotate(filled)
    assert (ring.current, ring.keys) == (half.current, half.keys)
    use_keys(*rings(filled))
    assert run(filled, _everything) == before and run(filled, _by_phone) is not None


@pytest.mark.parametrize("half", ["only begun with the first ring", "ended with the first ring"])
def test_a_rotation_cut_off_between_the_two_rings_ends_with_both(
    filled: Settings, half: str
) -> None:
    before = run(filled, _everything)
    first, second = rings(filled)
    assert filled.keys_file is not None and filled.biometric_keys_file is not None
    if half.startswith("only begun"):
        first.begin_rotation().save(filled.keys_file)
    else:
        second.begin_rotation().save(filled.biometric_keys_file)
    rotate(filled)
    general, templates = rings(filled)  # refuses a ring whose rotation has not ended
    assert templates.current == "b2"
    assert general.current == ("k2" if half.startswith("only begun") else "k1")
    use_keys(general, templates)
    assert run(filled, _everything) == before


def test_what_no_key_opens_stops_it_and_is_named_without_its_content(filled: Settings) -> None:
    async def spoil(session: AsyncSession) -> None:
        table = backoffice.rotation._Sealed(Citizen.__table__).table  # type: ignore[arg-type]
        await session.execute(update(table).values(phone=b"\x01\x02k1" + b"\0" * 40))

    run(filled, spoil)
    with pytest.raises(OperationFailed, match="citizens.phone"):
        rotate(filled)


def test_an_old_key_stays_while_anything_needs_it(settings: Settings) -> None:
    old = keys()
    rotate(settings)
    use_keys(old)  # a process that was forgotten writes with what it knows

    async def write(session: AsyncSession) -> None:
        await session.execute(update(Application).values(progress={"late": True}))

    run(settings, write)
    installation = Installation.from_environment()
    with pytest.raises(OperationFailed, match="applications"):
        remove_old_keys(settings, installation)
    assert "k1" in json.loads(settings.keys_file.read_text())["keys"]  # type: ignore[union-attr]
    rotate(settings)
    assert run(settings, lambda session: sealed_otherwise(session, settings.uploads_dir)) == {}
    assert installation.tracker is not None
    with closing(sqlite3.connect(installation.tracker)) as tracker, tracker:
        tracker.execute("CREATE TABLE tracker_events (data TEXT)")
        tracker.execute("INSERT INTO tracker_events VALUES ('k1:AAAA')")
    with pytest.raises(OperationFailed, match="tracker_events"):
        remove_old_keys(settings, installation)


def test_every_blind_index_says_what_it_is_worked_out_of() -> None:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith("_index") and column.type.python_type is str:
                assert isinstance(table.columns[column.info["blind_of"]].type, Encrypted)
