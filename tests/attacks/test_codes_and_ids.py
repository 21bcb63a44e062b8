"""Guessing codes, and naming what is somebody else's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.conversations.services import open_conversation
from backoffice.identity import sign_in
from backoffice.identity.alarms import AlarmKind
from backoffice.identity.models import SmsCode
from backoffice.identity.policy import Means
from backoffice.identity.sign_in import CodeLimits, confirm_sign_in, start_sign_in
from tests.attacks.conftest import Office, Somebody
from tests.attacks.test_faces import counted
from tests.gateway.conftest import Hall

HERS = "13800138555"


def test_another_persons_upload_is_not_there(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    hers = mei.show_card()
    before = office.alarms()
    answer = thief.done(thief.widget("id_card_front"), hers)
    assert answer.status_code == 404
    assert Means.CARD_PHOTO not in thief.evidence()
    assert counted(office, before) == {AlarmKind.FOREIGN_UPLOAD: 1}


def test_another_persons_widget_is_not_there(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    hers = mei.widget("id_card_front")
    before = office.alarms()
    assert thief.done(hers, "x").status_code == 404
    assert thief.visit.upload(hers, thief.card()).status_code == 404
    assert counted(office, before) == {AlarmKind.FOREIGN_WIDGET: 2}


def test_another_persons_conversation_is_not_there(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    before = office.alarms()
    client = mei.hall.client
    for path in (f"{mei.visit.path}/messages", f"/api/v1/conversations/{'0' * 32}/messages"):
        answer = client.post(path, json={"text": "你好"}, headers=thief.visit.headers)
        assert answer.status_code == 404
    assert counted(office, before) == {AlarmKind.FOREIGN_VISIT: 1}, "what exists, and only that"


def test_nobody_can_name_a_proof(mei: Somebody, thief: Somebody) -> None:
    mei.prove()
    for extra in ({"proof": 1}, {"proof_id": "1"}):
        event: dict[str, Any] = {"type": "widget_done", "widget": thief.widget("selfie"), **extra}
        assert thief.visit.say(event=event).status_code == 400
    assert thief.evidence() == set()


def test_a_proof_given_twice_is_one(mei: Somebody) -> None:
    widget = mei.widget("id_card_front")
    upload = mei.visit.upload(widget, mei.card()).json()["upload_id"]
    for _ in range(3):
        assert mei.done(widget, upload).status_code == 200
    assert mei.proofs() == 1


def test_a_face_of_one_application_proves_nothing_for_another(
    office: Office, mei: Somebody
) -> None:
    mei.prove()
    other = office.somebody("李小梅", mei.face)
    assert not other.evidence() & {Means.FACE, Means.CARD_PHOTO}


def _codes(hall: Hall) -> tuple[int, int]:
    """How many codes were sent to her, and how many guesses were really compared."""

    async def count() -> tuple[int, int]:
        async with hall.office.sessions.begin() as session:
            row = await session.execute(select(func.count(), func.sum(SmsCode.tries)))
            sent, tries = row.one()
            return int(sent), int(tries or 0)

    return hall.run(count())


def test_ten_thousand_guesses_over_many_visits_find_nothing(office: Office, hall: Hall) -> None:
    """One phone, one address, two hundred visits, fifty guesses in each, in one day."""
    sent_before, compared_before = _codes(hall)
    before, limits = office.alarms(), CodeLimits()

    async def attack() -> list[str]:
        found, now = [], hall.now()
        for number in range(200):
            now += timedelta(minutes=6)
            async with hall.office.sessions.begin() as session:
                visit, _ = await open_conversation(
                    session, channel="phone", now=now, address="203.0.113.7"
                )
                try:
                    await start_sign_in(
                        session, phone=HERS, conversation_id=visit.id, now=now, limits=limits
                    )
                except Exception as exc:
                    assert getattr(exc, "code", "") == "identity.too_many_codes", exc
                for guess in range(50):
                    tried = await confirm_sign_in(
                        session,
                        conversation_id=visit.id,
                        code=f"{(number * 50 + guess) * 97 % 1_000_000:06d}",
                        now=now,
                        limits=limits,
                    )
                    if tried.citizen is not None:
                        found.append(visit.id)
        return found

    assert hall.run(attack()) == []
    sent, compared = _codes(hall)
    assert sent - sent_before <= 10
    assert compared - compared_before <= 40, "of 10,000 guesses"
    assert counted(office, before)[AlarmKind.WRONG_CODE] == compared - compared_before


def test_guesses_over_many_phones_from_one_address_end(
    office: Office, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, limits = office.alarms(), CodeLimits()
    # None of the codes is one of those that are guessed, so that a hit would be a fault of ours.
    monkeypatch.setattr(sign_in.secrets, "randbelow", lambda most: most - 1)

    async def attack() -> int:
        compared, now = 0, hall.now() + timedelta(days=2)
        for number in range(60):
            async with hall.office.sessions.begin() as session:
                visit, _ = await open_conversation(
                    session, channel="phone", now=now, address="203.0.113.8"
                )
                phone = f"1370000{number:04d}"
                try:
                    await start_sign_in(
                        session, phone=phone, conversation_id=visit.id, now=now, limits=limits
                    )
                except Exception as exc:
                    assert getattr(exc, "code", "") == "identity.too_many_codes", exc
                    continue
                for guess in range(5):
                    tried = await confirm_sign_in(
                        session, conversation_id=visit.id, code=f"{guess:06d}", now=now,
                        limits=limits,
                    )  # fmt: skip
                    assert tried.citizen is None
                    compared += (
                        tried.fault is not None and tried.fault.code == "identity.wrong_code"
                    )
        return compared

    assert hall.run(attack()) <= 100
    assert counted(office, before)[AlarmKind.CODES_EXHAUSTED] > 0


def test_guesses_at_once_all_count(hall: Hall) -> None:
    """Through the interface: a code's five tries are five, however many come at the same moment."""
    mine = hall.visit()
    mine.say(text="登录")
    mine.say(text=HERS)
    _, before = _codes(hall)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: mine.say(text=f"{n:06d}"), range(100, 124)))
    _, after = _codes(hall)
    assert after - before <= 5
    assert hall.client.get("/api/v1/me/", headers=mine.headers).json() == {"signed_in": False}


def test_what_is_counted_is_told_to_the_log_and_the_system_page(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    hers = mei.show_card()
    log_before = len(mei.hall.log.getvalue())
    thief.done(thief.widget("id_card_front"), hers)
    said = mei.hall.log.getvalue()[log_before:]
    assert "identity.attack_suspected" in said and "foreign_upload" in said
    assert mei.identity.id_no not in said and mei.identity.phone not in said
