"""What a citizen asked to have deleted stays deleted, also after an older archive is put back."""

import asyncio
from pathlib import Path

import pytest
from pyrage import x25519
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.audit import verify
from backoffice.conversations.models import Conversation
from backoffice.crypto import use_keys
from backoffice.db import new_id
from backoffice.erasures.ledger import NAME, LedgerDamaged, append, read_ledger
from backoffice.erasures.models import Erasure, ErasureKind
from backoffice.erasures.services import erase_remembered
from backoffice.identity.accounts import id_hash, phone_index
from backoffice.identity.models import Citizen, Proof
from backoffice.remembering.models import Remembered, RememberedFinger
from backoffice.uploads import store
from backoffice.uploads.models import Upload
from bootstrap.settings import Settings
from ops.backup import backup
from ops.data import Installation, OperationFailed
from ops.erase import erase_by_number
from ops.restore import restore
from tests.ops.conftest import LEAVES, NOW, rings, run, upload_of

Left = dict[str, dict[str, int]]


def _left(settings: Settings) -> Left:
    """Citizen's last digit → how many of each are still there."""

    async def look(session: AsyncSession) -> Left:
        found: Left = {}
        for person in await session.scalars(select(Citizen)):
            uploads = list(
                await session.scalars(select(Upload).where(Upload.citizen_id == person.id))
            )
            cases = select(Application).where(Application.citizen_id == person.id)
            visits = select(Conversation).where(Conversation.citizen_id == person.id)
            found[str(person.phone)[-1]] = {
                "applications": len(list(await session.scalars(cases))),
                "visits": len(list(await session.scalars(visits))),
                "selfies": sum(one.kind == "selfie" for one in uploads),
                "papers": sum(one.kind == "material" for one in uploads),
                "templates": await _templates(session, person.id),
            }
        files = {name for name, _ in store.stored_ids(settings.uploads_dir)}
        known = set(await session.scalars(select(Upload.id)))
        assert files == known, "files and rows must go together"
        assert await verify(session) == []
        return found

    return run(settings, look)


async def _templates(session: AsyncSession, citizen_id: str) -> int:
    person = select(Remembered.id).where(Remembered.citizen_id == citizen_id)
    fingers = select(RememberedFinger.number).where(RememberedFinger.person_id.in_(person))
    return len([*await session.scalars(person), *await session.scalars(fingers)])


WHOLE = {"applications": 2, "visits": 1, "selfies": 2, "papers": 2, "templates": 2}
WITHOUT_WHAT_CAN_GO = {
    "applications": 1, "visits": 0, "selfies": 0, "papers": 1, "templates": 0
}  # fmt: skip


def test_what_must_be_kept_is_kept_and_named_and_all_else_is_gone(settings: Settings) -> None:
    done = asyncio.run(erase_by_number(settings, LEAVES, ErasureKind.CITIZEN))
    assert done is not None and done.kept == ("SW-1",)
    assert _left(settings) == {"1": WITHOUT_WHAT_CAN_GO, "2": WHOLE}


def test_faces_alone_can_be_deleted(settings: Settings) -> None:
    asyncio.run(erase_by_number(settings, LEAVES, ErasureKind.FACES))
    assert _left(settings) == {"1": WHOLE | {"selfies": 0, "templates": 0}, "2": WHOLE}
    faces = run(settings, lambda session: session.scalars(select(Proof.kind)))
    assert len(list(faces)) == 2


def test_templates_deleted_after_the_backup_stay_deleted_and_can_be_asked_for_alone(
    settings: Settings, tmp_path: Path
) -> None:
    """As the citizen does on the phone or at the kiosk, without the keys of templates."""
    installation, key = Installation.from_environment(), x25519.Identity.generate()
    archive = tmp_path / "one.tar.age"
    backup(installation, archive, str(key.to_public()))
    general, _ = rings(settings)
    use_keys(general)

    async def ask(session: AsyncSession) -> None:
        wanted = select(Citizen.id).where(Citizen.phone_index == phone_index(LEAVES))
        citizen_id = await session.scalar(wanted) or ""
        await erase_remembered(session, citizen_id=citizen_id, now=NOW, actor="citizen:x")

    run(settings, ask)
    assert _left(settings) == {"1": WHOLE | {"templates": 0}, "2": WHOLE}
    restore(installation, archive, key)
    assert _left(settings) == {"1": WHOLE | {"templates": 0}, "2": WHOLE}
    use_keys(*rings(settings))  # the archive brought the keys of templates back, too
    kept = run(settings, lambda session: session.scalars(select(Remembered.face)))
    assert list(kept) == [b"face"]


def test_nobody_of_that_number(settings: Settings) -> None:
    assert asyncio.run(erase_by_number(settings, "13800138009", ErasureKind.CITIZEN)) is None


@pytest.mark.parametrize("known_by", ["file", "database"])
def test_deletion_after_the_backup_is_repeated_after_the_restore(
    settings: Settings, tmp_path: Path, known_by: str
) -> None:
    installation, key = Installation.from_environment(), x25519.Identity.generate()
    archive = tmp_path / "one.tar.age"
    backup(installation, archive, str(key.to_public()))
    asyncio.run(erase_by_number(settings, LEAVES, ErasureKind.CITIZEN))
    ledger = settings.backups_dir / NAME
    assert LEAVES not in ledger.read_text() and ledger.stat().st_mode & 0o077 == 0
    if known_by == "file":
        run(settings, lambda session: session.execute(delete(Erasure)))
    else:
        ledger.unlink()
    for _ in range(2):  # the second time from the first one's ledger
        restore(installation, archive, key)
        assert _left(settings) == {"1": WITHOUT_WHAT_CAN_GO, "2": WHOLE}
        assert len(list(read_ledger(ledger))) == 1


def test_deletion_before_the_backup_is_not_repeated_on_what_came_since(
    settings: Settings, tmp_path: Path
) -> None:
    asyncio.run(erase_by_number(settings, LEAVES, ErasureKind.FACES))

    async def again(session: AsyncSession) -> None:
        person = await session.scalar(
            select(Citizen).where(Citizen.phone_index == phone_index(LEAVES))
        )
        assert person is not None
        session.add(await upload_of(settings, new_id(), new_id(), person.id, "selfie"))

    run(settings, again)
    installation, key = Installation.from_environment(), x25519.Identity.generate()
    archive = tmp_path / "one.tar.age"
    backup(installation, archive, str(key.to_public()))
    restore(installation, archive, key)
    assert _left(settings)["1"]["selfies"] == 1


def test_a_line_cut_short_is_mended_and_a_damaged_one_stops_the_restore(
    settings: Settings, tmp_path: Path
) -> None:
    ledger = settings.backups_dir / NAME
    entry = {"id": "a" * 20, "kind": "citizen", "subject": "s", "at": NOW.isoformat()}
    append(ledger, [entry])
    with ledger.open("a") as file:
        file.write('{"id": "cut')
    assert list(read_ledger(ledger)) == [entry]
    append(ledger, [entry | {"id": "b" * 20}])
    assert [one["id"][0] for one in read_ledger(ledger)] == ["a", "b"]
    ledger.write_text("nonsense\n" + ledger.read_text())
    with pytest.raises(LedgerDamaged, match="line 1"):
        list(read_ledger(ledger))
    installation, key = Installation.from_environment(), x25519.Identity.generate()
    archive = tmp_path / "one.tar.age"
    backup(installation, archive, str(key.to_public()))
    with pytest.raises(OperationFailed, match="line 1"):
        restore(installation, archive, key)
    assert _left(settings)["1"] == WHOLE


def test_who_has_no_phone_is_found_by_the_number_that_was_proved(settings: Settings) -> None:
    number = "430121199207154022"

    async def prove(session: AsyncSession) -> None:
        wanted = select(Citizen).where(Citizen.phone_index == phone_index(LEAVES))
        citizen = (await session.scalars(wanted)).one()
        citizen.phone_index, citizen.id_hash = None, id_hash(number)

    run(settings, prove)
    assert asyncio.run(erase_by_number(settings, LEAVES, ErasureKind.CITIZEN)) is None
    done = asyncio.run(erase_by_number(settings, number, ErasureKind.CITIZEN))
    assert done is not None and done.kept == ("SW-1",)
    assert _left(settings) == {"1": WITHOUT_WHAT_CAN_GO, "2": WHOLE}
