"""What is kept of a face is its owner's; a finger is asked for at the kiosk that has the sensor only."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import httpx
import pytest
from sqlalchemy import delete

from backoffice.crypto import KeyRing, keys, use_keys
from backoffice.devices.services import register_device
from backoffice.identity.evidence import subject_hash
from backoffice.identity.models import Consent
from backoffice.identity.proofs import record_consent
from backoffice.remembering.keeping import RECOGNISE, REMEMBER, enrol_face, kept_of
from backoffice.remembering.models import FaceLook, Remembered, RememberedFinger
from backoffice.remembering.rules import FILE, load_rules
from bootstrap.container import DATA
from integrations.ports import (
    FingerImage,
    FingerMatch,
    FingerQuality,
    NoFinger,
    PrintFault,
    Unavailable,
)
from integrations.vision.sandbox import template_of
from tests.conversations import pictures
from tests.gateway.conftest import Hall, Visit, assert_refused

RULES = load_rules(DATA / FILE)
SELF, OTHER = "13800000001", "13800000002"


@dataclass
class Sensor:
    """Sees what it is told to; a landscape is a picture that is no print."""

    sees: bytes | Exception = b"finger"
    asked: int = 0

    async def capture(self, *, timeout_s: float = 15.0) -> FingerImage:
        self.asked += 1
        if isinstance(self.sees, Exception):
            raise self.sees
        return FingerImage(self.sees, 500)

    def close(self) -> None:
        """Nothing to give back."""


@dataclass
class Matcher:
    """Two prints are of one finger when they are the same bytes."""

    refused: dict[bytes, PrintFault] = field(
        default_factory=lambda: {b"landscape": PrintFault.NOT_A_PRINT}
    )

    async def quality(self, image: bytes, *, dpi: int = 500) -> FingerQuality:
        fault = self.refused.get(image)
        return FingerQuality(60, 50, fault is None, fault)

    async def template(self, image: bytes, *, dpi: int = 500) -> bytes:
        return image

    async def match(self, first: bytes, second: bytes) -> FingerMatch:
        return FingerMatch(200 if first == second else 7, 40)

    async def warm(self) -> None:
        """Ready."""

    def close(self) -> None:
        """Nothing to give back."""


@dataclass
class Kiosk:
    """A registered kiosk with the sensor, and the person who was recognised at it."""

    hall: Hall
    pairing: str
    sensor: Sensor

    def visit(self, pairing: str | None = None) -> Visit:
        body = {"channel": "kiosk", "device": pairing or self.pairing}
        answer = self.hall.client.post("/api/v1/conversations/", json=body)
        assert answer.status_code == 201, answer.text
        return Visit(self.hall, **answer.json())

    def press(self, visit: Visit, widget: str) -> httpx.Response:
        return self.hall.client.post(
            f"{visit.path}/fingers", params={"widget": widget}, headers=visit.headers
        )


@pytest.fixture
def kiosk(hall: Hall) -> Iterator[Kiosk]:
    before = hall.office
    use_keys(keys(), KeyRing.generate("b"))
    sensor = Sensor()

    async def register() -> tuple[str, str]:
        async with before.sessions.begin() as session:
            device, pairing = await register_device(
                session, public_key=os.urandom(32).hex(), name="k", now=hall.now()
            )
            return device.id, pairing

    device, pairing = hall.run(register())
    knowledge = replace(before.knowledge, remembering=RULES, finger_device=device)
    hall.office = replace(before, knowledge=knowledge, finger_sensor=sensor, fingerprints=Matcher())
    hall.app.ctx.office = hall.office
    yield Kiosk(hall, pairing, sensor)

    async def forget_all() -> None:
        async with before.sessions.begin() as session:
            for table in (RememberedFinger, Remembered, FaceLook, Consent):
                await session.execute(delete(table))

    hall.run(forget_all())
    hall.office = hall.app.ctx.office = before


def remember(visit: Visit, *fingers: bytes) -> None:
    """As if whoever is signed in had asked for it."""

    async def make() -> None:
        async with visit.hall.office.sessions.begin() as session:
            consent = await record_consent(
                session, kind=REMEMBER, granted=True, conversation_id=visit.id, words="同意书",
                citizen_id=visit.citizen_id, channel="kiosk", now=visit.hall.now(),
            )  # fmt: skip
            person = await enrol_face(
                session, citizen_id=visit.citizen_id or "", subject_hash=subject_hash("x"),
                template=template_of("李"), consent=consent, rules=RULES,
                now=visit.hall.now(), device=None,
            )  # fmt: skip
            for number, finger in enumerate(fingers, 1):
                await session.merge(
                    RememberedFinger(
                        person_id=person.id, number=number, template=finger, sure=True,
                        taken_at=visit.hall.now(),
                    )
                )  # fmt: skip

    visit.hall.run(make())


def proposed(visit: Visit, citizen_id: str | None) -> None:
    """As if the face in front of the camera had been found."""

    async def make() -> None:
        async with visit.hall.office.sessions.begin() as session:
            session.add(
                FaceLook(
                    conversation_id=visit.id, widget_id="w", purpose="recognise", detail={},
                    citizen_id=citizen_id, outcome="found", at=visit.hall.now(),
                )
            )  # fmt: skip

    visit.hall.run(make())


def test_each_sees_and_deletes_only_what_is_kept_of_oneself(kiosk: Kiosk) -> None:
    mine, theirs = (kiosk.hall.visit().sign_in(one) for one in (SELF, OTHER))
    remember(mine, b"finger")
    remember(theirs)
    client, path = kiosk.hall.client, "/api/v1/me/faces"
    seen = client.get(path, headers=mine.headers).json()
    assert seen["remembered"]["fingers"] == 1
    consent = seen["consents"][0]
    assert (consent["granted"], consent["words"], consent["channel"]) == (True, "同意书", "kiosk")
    assert_refused(client.get(path, headers=kiosk.hall.visit().headers), 401)
    assert_refused(client.delete(path, headers=kiosk.hall.visit().headers), 401)
    assert_refused(client.delete(path), 404)
    assert client.delete(path, headers=theirs.headers).json() == {"deleted": 1}
    assert client.get(path, headers=theirs.headers).json()["remembered"] is None
    assert client.get(path, headers=mine.headers).json()["remembered"] is not None
    assert client.delete(path, headers=mine.headers).json() == {"deleted": 2}
    after = client.get(path, headers=mine.headers).json()
    assert after["remembered"] is None and after["consents"][0]["granted"] is False


@pytest.mark.parametrize(
    ("sees", "status", "code"),
    [
        (NoFinger("none"), 409, "finger.none"),
        (Unavailable("gone"), 503, "finger.sensor_down"),
        (b"landscape", 400, "finger.not_a_print"),
    ],
)
def test_what_is_no_finger_is_told_and_neither_kept_nor_counted(
    kiosk: Kiosk, sees: bytes | Exception, status: int, code: str
) -> None:
    owner = kiosk.hall.visit().sign_in(SELF)
    remember(owner, b"finger")
    here = kiosk.visit()
    proposed(here, owner.citizen_id)
    widget = here.widget("finger", "confirm")
    kiosk.sensor.sees = sees
    for _ in range(RULES.finger_tries + 1):
        assert_refused(kiosk.press(here, widget), status, code=code)
    kiosk.sensor.sees = b"finger"
    assert kiosk.press(here, widget).status_code == 201


def test_wrong_fingers_are_counted_over_all_whom_a_face_proposes(kiosk: Kiosk) -> None:
    owner, other = (kiosk.hall.visit().sign_in(one) for one in (SELF, OTHER))
    remember(owner, b"finger", b"another")
    remember(other, b"theirs")
    here = kiosk.visit()
    widget = here.widget("finger", "confirm")
    kiosk.sensor.sees = b"wrong"
    for one in (owner, other, owner):
        proposed(here, one.citizen_id)
        assert kiosk.press(here, widget).status_code == 201
    kiosk.sensor.sees = b"finger"
    assert_refused(kiosk.press(here, widget), 429, code="finger.no_tries_left")


def test_the_sensor_answers_only_for_who_stands_at_its_kiosk(kiosk: Kiosk) -> None:
    owner = kiosk.hall.visit().sign_in(SELF)
    remember(owner, b"finger")
    on_phone = kiosk.hall.visit()
    proposed(on_phone, owner.citizen_id)
    not_paired = kiosk.hall.visit("kiosk")
    proposed(not_paired, owner.citizen_id)
    earlier = kiosk.visit()
    proposed(earlier, owner.citizen_id)
    newest = kiosk.visit()
    for visit in (on_phone, not_paired, earlier):
        widget = visit.widget("finger", "confirm")
        assert_refused(kiosk.press(visit, widget), 409, code="remembering.not_here")
        assert_refused(kiosk.press(newest, widget), 404)
    nobody = newest.widget("finger", "confirm")  # no face was found for it
    assert_refused(kiosk.press(newest, nobody), 409)
    enrol = newest.widget("finger", "enrol")  # nor was one remembered just now
    assert_refused(kiosk.press(newest, enrol), 409)
    assert kiosk.sensor.asked == 0


def test_frames_are_looked_at_only_with_a_yes_at_a_paired_kiosk(kiosk: Kiosk) -> None:
    def look(visit: Visit, target: str) -> httpx.Response:
        widget = visit.widget("selfie", target)
        begun = kiosk.hall.client.post(
            f"{visit.path}/liveness", params={"widget": widget}, headers=visit.headers
        )
        assert begun.status_code == 201, begun.text
        frame = pictures.selfie("person_b_1")
        return kiosk.hall.client.post(
            f"{visit.path}/uploads", params={"widget": widget}, headers=visit.headers,
            data={"nonce": begun.json()["nonce"], "at": ",".join(str(n * 300) for n in range(9))},
            files=[("frame", ("frame", frame)) for _ in range(9)],
        )  # fmt: skip

    def agree(visit: Visit, kind: str) -> None:
        async def keep() -> None:
            async with kiosk.hall.office.sessions.begin() as session:
                await record_consent(
                    session, kind=kind, granted=True, conversation_id=visit.id,
                    citizen_id=visit.citizen_id, now=kiosk.hall.now(),
                )  # fmt: skip

        kiosk.hall.run(keep())

    at_kiosk, on_phone, signed_in = kiosk.visit(), kiosk.hall.visit(), kiosk.hall.visit()
    assert_refused(look(at_kiosk, "recognise"), code="upload.consent_missing")
    agree(on_phone, RECOGNISE)
    assert_refused(look(on_phone, "recognise"), 409, code="remembering.not_here")
    signed_in.sign_in(SELF)
    assert_refused(look(signed_in, "enrol"), code="upload.consent_missing")
    agree(signed_in, REMEMBER)  # a code alone is no ground to remember anybody
    assert_refused(look(signed_in, "enrol"), 409, code="remembering.not_here")

    async def kept() -> object:
        async with kiosk.hall.office.sessions.read() as session:
            return await kept_of(session, signed_in.citizen_id or "")

    assert kiosk.hall.run(kept()) is None
    # one picture for such a widget is no challenge
    assert_refused(at_kiosk.upload(at_kiosk.widget("selfie", "recognise"), b"x"), 400)
