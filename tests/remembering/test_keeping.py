"""Templates: sealed with keys of their own, deleted when asked and when due, provably."""

from datetime import timedelta

import pytest
from sqlalchemy import LargeBinary, select, type_coerce

from backoffice.audit.models import AuditEntry
from backoffice.audit.services import verify
from backoffice.crypto import DecryptionFailed, KeysUnusable, biometric_keys, keys, use_keys
from backoffice.db import Sessions
from backoffice.erasures.models import Erasure, ErasureKind
from backoffice.erasures.services import erase_remembered
from backoffice.identity.models import Consent
from backoffice.identity.proofs import consent_of
from backoffice.remembering.keeping import (
    REMEMBER,
    forget_expired,
    forget_what_was_not_finished,
    kept_of,
    people_with_faces,
    sure_fingers,
    used,
)
from backoffice.remembering.models import FaceLook, Remembered, RememberedFinger
from tests.remembering.conftest import NOW, RULES, enrol

DAY = timedelta(days=1)


async def actions(hall: Sessions) -> list[str]:
    async with hall.read() as session:
        assert await verify(session) == []
        return list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


async def finger(hall: Sessions, person: Remembered, *, sure: bool = True, number: int = 1) -> None:
    async with hall.begin() as session:
        session.add(
            RememberedFinger(
                person_id=person.id, number=number, template=b"FMR", sure=sure, taken_at=NOW
            )
        )


async def test_a_template_opens_with_its_own_keys_only(hall: Sessions) -> None:
    async with hall.begin() as session:
        person = await enrol(session, "李")
    sealed_column = type_coerce(Remembered.face, LargeBinary)
    async with hall.read() as session:
        sealed = bytes((await session.scalars(select(sealed_column))).one())
    assert person.face not in sealed
    assert biometric_keys().decrypt(sealed, "remembered_people.face") == person.face
    with pytest.raises(DecryptionFailed):
        keys().decrypt(sealed, "remembered_people.face")
    with pytest.raises(DecryptionFailed):
        biometric_keys().decrypt(sealed, "remembered_fingers.template")
    use_keys(keys())  # a process that was not given them
    async with hall.begin() as session:
        assert await kept_of(session, "李") is not None  # what is kept can be said nevertheless
        with pytest.raises(KeysUnusable):
            await session.scalars(select(Remembered))


async def test_what_is_kept_is_told_and_using_it_keeps_it_longer_up_to_the_limit(
    hall: Sessions,
) -> None:
    async with hall.begin() as session:
        person = await enrol(session, "李")
    await finger(hall, person)
    await finger(hall, person, sure=False, number=2)
    async with hall.begin() as session:
        kept = await kept_of(session, "李")
        assert kept is not None and kept.fingers == 1
        assert (kept.since, kept.text_version) == (NOW, RULES.text_version)
        assert kept.until == NOW + RULES.keep_days * DAY
        person = await session.get_one(Remembered, person.id)
        for later in (100, 800):
            await used(session, person, rules=RULES, now=NOW + later * DAY)
        assert person.expires_at == NOW + RULES.longest_days * DAY
    assert await actions(hall) == ["remembering.face_kept"]


async def test_deleted_at_once_with_ledger_audit_and_consent(hall: Sessions) -> None:
    async with hall.begin() as session:
        person = await enrol(session, "李")
        await enrol(session, "王")
        session.add(
            FaceLook(
                conversation_id="v", widget_id="w", purpose="recognise", citizen_id="李",
                outcome="found", detail={}, at=NOW,
            )
        )  # fmt: skip
    await finger(hall, person)
    async with hall.begin() as session:
        done = await erase_remembered(session, citizen_id="李", now=NOW, actor="citizen:李")
        assert done.templates == 2
    async with hall.begin() as session:
        assert await kept_of(session, "李") is None and await kept_of(session, "王") is not None
        assert await sure_fingers(session, person.id) == 0
        look = (await session.scalars(select(FaceLook))).one()
        assert look.citizen_id is None and look.closed_at is not None
        entry = (await session.scalars(select(Erasure))).one()
        assert (entry.kind, entry.subject) == (ErasureKind.REMEMBERED, "李")
        newest = await consent_of(session, kind=REMEMBER, citizen_id="李")
        assert newest is not None and not newest.granted
        again = await erase_remembered(session, citizen_id="李", now=NOW, actor="citizen:李")
        assert again.templates == 0
        answers = select(Consent).where(Consent.citizen_id == "李")
        assert len(list(await session.scalars(answers))) == 2
    found = await actions(hall)
    assert found.count("erasure.remembered") == 2


async def test_what_is_past_its_time_goes_by_itself_and_the_trail_says_so(hall: Sessions) -> None:
    async with hall.begin() as session:
        old = await enrol(session, "李")
        await enrol(session, "王", at=NOW + 30 * DAY)
    await finger(hall, old)
    due = NOW + RULES.keep_days * DAY
    async with hall.begin() as session:
        assert await forget_expired(session, now=due - DAY) == 0
        assert await forget_expired(session, now=due) == 1
    async with hall.read() as session:
        assert list(await session.scalars(select(Remembered.citizen_id))) == ["王"]
        assert list(await session.scalars(select(RememberedFinger.number))) == []
        entry = (
            await session.scalars(
                select(AuditEntry).where(AuditEntry.action == "remembering.expired")
            )
        ).one()
        assert (entry.actor, entry.subject) == ("clock", "citizen:李")
    await actions(hall)


async def test_a_finger_pressed_once_does_not_stay(hall: Sessions) -> None:
    async with hall.begin() as session:
        person = await enrol(session, "李")
    await finger(hall, person)
    await finger(hall, person, sure=False, number=2)
    async with hall.begin() as session:
        await forget_what_was_not_finished(session, now=NOW + timedelta(minutes=9))
        assert len(list(await session.scalars(select(RememberedFinger.number)))) == 2
        await forget_what_was_not_finished(session, now=NOW + timedelta(minutes=11))
        assert list(await session.scalars(select(RememberedFinger.number))) == [1]


async def test_another_number_of_the_same_account_takes_the_fingers_away(hall: Sessions) -> None:
    async with hall.begin() as session:
        person = await enrol(session, "李")
    await finger(hall, person)
    async with hall.begin() as session:
        again = await enrol(session, "李", face="李")
        assert await sure_fingers(session, again.id) == 1
        again.subject_hash = "another number's"
        await session.flush()
        await enrol(session, "李")
        assert await sure_fingers(session, again.id) == 0


async def test_people_are_counted_once_whatever_is_kept_of_them(hall: Sessions) -> None:
    from backoffice.uploads.models import Upload

    async with hall.begin() as session:
        await enrol(session, "李")
        for number, (whose, kind) in enumerate(
            [("李", "selfie"), ("王", "selfie"), ("王", "id_card_front"), (None, "selfie"),
             (None, "material")]
        ):  # fmt: skip
            session.add(
                Upload(
                    id=f"upload-{number}", conversation_id="v", widget_id="w", citizen_id=whose,
                    kind=kind, mime="image/jpeg", size=1, digest="", analysis={}, created_at=NOW,
                    expires_at=NOW + DAY,
                )
            )  # fmt: skip
    async with hall.read() as session:
        assert await people_with_faces(session) == 3
