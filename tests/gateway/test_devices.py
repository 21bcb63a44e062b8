"""The devices' interface under attack: nothing unsigned, old, sent twice, or of another visit."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, text

from backoffice.conversations.models import Conversation, Widget
from backoffice.devices import services, signing
from backoffice.devices.models import Device, DeviceReading
from tests.gateway.conftest import CANARY_ZH, Hall, Visit, assert_refused

PATH = "/api/v1/devices"
CARD = {
    "kind": "resident", "name": CANARY_ZH, "number": "11010519491231002X", "sex": "女",
    "ethnicity": "汉", "birth": "1949-12-31", "address": "样例路1号",
    "valid_from": "2018-06-01", "valid_to": "2038-06-01",
}  # fmt: skip


@dataclass
class Kiosk:
    """One kiosk: its daemon's key and its page's pairing code."""

    hall: Hall
    key: Ed25519PrivateKey
    id: str
    pairing: str

    def visit(self) -> Visit:
        answer = self.hall.client.post(
            "/api/v1/conversations/", json={"channel": "kiosk", "device": self.pairing}
        )
        assert answer.status_code == 201, answer.text
        return Visit(self.hall, **answer.json())

    def request(self, method: str, path: str, **content: Any) -> httpx.Request:
        return self.hall.client.build_request(method, f"{PATH}{path}", **content)

    def signed(self, request: httpx.Request, created: float | None = None) -> httpx.Request:
        target = request.url.raw_path.decode()
        signed = signing.Request(request.method, target, request.content)
        at = time.time() if created is None else created
        signing.sign(signed, self.key, created=datetime.fromtimestamp(at, UTC))
        request.headers.update(signed.headers)
        return request

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        return self.hall.client.send(self.signed(self.request(method, path, **content)))

    def work(self, **params: str) -> list[dict[str, str]]:
        answer = self.send("GET", "/work", params={"card_reader": "ok", **params})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["work"])

    def read(self, widget: str, card: dict[str, Any] | None = None) -> httpx.Response:
        return self.send("POST", "/readings", json={"widget": widget, "reading": card or CARD})


def make_kiosk(hall: Hall) -> Kiosk:
    key = Ed25519PrivateKey.generate()

    async def register() -> tuple[str, str]:
        async with hall.office.sessions.begin() as session:
            device, pairing = await services.register_device(
                session, public_key=signing.public_bytes(key).hex(), name="1号机", now=hall.now()
            )
            return device.id, pairing

    return Kiosk(hall, key, *hall.run(register()))


@pytest.fixture
def kiosk(hall: Hall) -> Kiosk:
    return make_kiosk(hall)


def kept(hall: Hall, *kiosks: Kiosk) -> int:
    """How many readings of these kiosks wait."""
    of_them = DeviceReading.device_id.in_([one.id for one in kiosks])

    async def count() -> int:
        async with hall.office.sessions.read() as session:
            found = select(func.count()).select_from(DeviceReading).where(of_them)
            return await session.scalar(found) or 0

    return hall.run(count())


def change(hall: Hall, model: Any, id: str, **values: Any) -> None:
    async def do() -> None:
        async with hall.office.sessions.begin() as session:
            row = await session.get_one(model, id)
            for name, value in values.items():
                setattr(row, name, value)

    hall.run(do())


def test_the_visit_at_the_kiosk_is_the_kiosks_work_and_its_reading_is_taken(kiosk: Kiosk) -> None:
    visit = kiosk.visit()
    assert kiosk.work() == []
    widget = visit.widget("id_card_reader")
    assert kiosk.work() == [{"widget": widget, "kind": "id_card_reader"}]
    assert kiosk.read(widget).status_code == 201
    told = kiosk.hall.client.get(f"{visit.path}/messages", headers=visit.headers).json()
    assert any(one.get("turn_id") == f"reading:{widget}" for one in told["messages"])


def test_the_same_reading_sent_again_by_the_daemon_runs_no_second_turn(kiosk: Kiosk) -> None:
    visit = kiosk.visit()
    widget = visit.widget("id_card_reader")
    assert kiosk.read(widget).status_code == 201
    assert kiosk.read(widget).status_code == 201
    told = kiosk.hall.client.get(f"{visit.path}/messages", headers=visit.headers).json()
    assert sum(one.get("turn_id") == f"reading:{widget}" for one in told["messages"]) == 1


def test_a_reading_is_encrypted_where_it_waits(kiosk: Kiosk, hall: Hall) -> None:
    widget = kiosk.visit().widget("id_card_reader")
    hall.answer = lambda request: httpx.Response(500)  # the turn stays unfinished
    assert kiosk.read(widget).status_code == 503

    async def raw() -> list[bytes]:
        async with hall.office.sessions.read() as session:
            rows = await session.execute(text("SELECT content FROM device_readings"))
            return [bytes(row[0]) for row in rows]

    stored = hall.run(raw())
    assert stored
    assert all(b"11010519491231002X" not in one and CANARY_ZH.encode() not in one for one in stored)


def test_another_card_for_the_same_question_is_refused(kiosk: Kiosk, hall: Hall) -> None:
    widget = kiosk.visit().widget("id_card_reader")
    hall.answer = lambda request: httpx.Response(500)
    assert kiosk.read(widget).status_code == 503
    other = {**CARD, "number": "430121199207154022", "birth": "1992-07-15"}
    assert_refused(kiosk.read(widget, other), 409, code="device.widget_taken")
    assert kiosk.read(widget).status_code == 503  # the daemon's own retry goes on


def test_long_polling_answers_when_work_comes(kiosk: Kiosk) -> None:
    visit = kiosk.visit()
    begin = time.monotonic()
    assert kiosk.work(wait="1.2") == []
    assert time.monotonic() - begin >= 1.2
    widget = visit.widget("id_card_reader")
    begin = time.monotonic()
    assert kiosk.work(wait="20")[0]["widget"] == widget
    assert time.monotonic() - begin < 5
    assert_refused(kiosk.send("GET", "/work", params={"wait": "999"}), 400)
    assert_refused(kiosk.send("GET", "/work", params={"wait": "nan"}), 400)


def test_nothing_unsigned_is_heard(kiosk: Kiosk, hall: Hall) -> None:
    widget = kiosk.visit().widget("id_card_reader")
    for request in (
        kiosk.request("GET", "/work"),
        kiosk.request("POST", "/readings", json={"widget": widget, "reading": CARD}),
    ):
        assert_refused(hall.client.send(request), 401, code="device.not_trusted")


def test_a_browsers_token_is_no_signature(kiosk: Kiosk, hall: Hall) -> None:
    visit = kiosk.visit()
    widget = visit.widget("id_card_reader")
    request = kiosk.request("POST", "/readings", json={"widget": widget, "reading": CARD})
    request.headers.update(visit.headers)
    assert_refused(hall.client.send(request), 401, code="device.not_trusted")


def test_a_browser_cannot_say_that_a_card_was_read(kiosk: Kiosk) -> None:
    visit = kiosk.visit()
    widget = visit.widget("id_card_reader")
    forged = {"type": "widget_done", "widget": widget, "value": "11010519491231002X"}
    answer = visit.say(event=forged)
    # without a draft the question is closed; with one see the conversation with a reader
    assert "11010519491231002X" not in answer.text
    assert kept(kiosk.hall, kiosk) == 0
    assert visit.upload(widget, b"x").status_code == 404


@pytest.mark.parametrize("off", [-61, -3600, 61, 3600])
def test_a_stale_or_early_signature_is_refused(kiosk: Kiosk, off: int) -> None:
    request = kiosk.signed(kiosk.request("GET", "/work"), created=time.time() + off)
    assert_refused(kiosk.hall.client.send(request), 401, code="device.not_trusted")


def test_a_replayed_request_is_refused(kiosk: Kiosk, hall: Hall) -> None:
    widget = kiosk.visit().widget("id_card_reader")
    request = kiosk.signed(
        kiosk.request("POST", "/readings", json={"widget": widget, "reading": CARD})
    )
    assert hall.client.send(request).status_code == 201
    assert_refused(hall.client.send(request), 401, code="device.not_trusted")
    looked = kiosk.signed(kiosk.request("GET", "/work"))
    assert hall.client.send(looked).status_code == 200
    assert_refused(hall.client.send(looked), 401, code="device.not_trusted")


def test_a_changed_body_path_or_query_is_refused(kiosk: Kiosk, hall: Hall) -> None:
    widget = kiosk.visit().widget("id_card_reader")
    request = kiosk.signed(
        kiosk.request("POST", "/readings", json={"widget": widget, "reading": CARD})
    )
    forged = request.content.replace(b"2038", b"2039")
    other = hall.client.build_request(
        "POST", f"{PATH}/readings", content=forged, headers=request.headers
    )
    assert_refused(hall.client.send(other), 401, code="device.not_trusted")
    looked = kiosk.signed(kiosk.request("GET", "/work"))
    moved = hall.client.build_request(
        "GET", f"{PATH}/work", params={"card_reader": "ok"}, headers=looked.headers
    )
    assert_refused(hall.client.send(moved), 401, code="device.not_trusted")


def test_an_unknown_or_revoked_device_is_refused(kiosk: Kiosk, hall: Hall) -> None:
    stranger = Kiosk(hall, Ed25519PrivateKey.generate(), "x", "x")
    assert_refused(stranger.send("GET", "/work"), 401, code="device.not_trusted")
    widget = kiosk.visit().widget("id_card_reader")

    async def revoke() -> None:
        async with hall.office.sessions.begin() as session:
            await services.revoke_device(session, id=kiosk.id, now=hall.now())

    hall.run(revoke())
    assert_refused(kiosk.read(widget), 401, code="device.not_trusted")
    answer = hall.client.post(
        "/api/v1/conversations/", json={"channel": "kiosk", "device": kiosk.pairing}
    )
    assert_refused(answer, 403, code="device.not_paired")


def test_a_device_gets_and_answers_only_its_own_visits_questions(kiosk: Kiosk, hall: Hall) -> None:
    other = make_kiosk(hall)
    widget = kiosk.visit().widget("id_card_reader")
    elsewhere = hall.visit().widget("id_card_reader")
    assert other.work() == []
    for foreign in (widget, elsewhere, "no-such-widget"):
        assert_refused(other.read(foreign), 404)
    assert kept(hall, kiosk, other) == 0


def test_a_question_of_another_kind_takes_no_card(kiosk: Kiosk) -> None:
    widget = kiosk.visit().widget("id_card_front")
    assert kiosk.work() == []
    assert_refused(kiosk.read(widget), 404)


def test_the_visitor_before_gets_nothing_of_the_next_ones_card(kiosk: Kiosk) -> None:
    before = kiosk.visit().widget("id_card_reader")
    assert [one["widget"] for one in kiosk.work()] == [before]
    after = kiosk.visit()
    assert kiosk.work() == []
    assert_refused(kiosk.read(before), 404)
    widget = after.widget("id_card_reader")
    assert [one["widget"] for one in kiosk.work()] == [widget]


def test_a_visit_left_or_ended_waits_for_no_card(kiosk: Kiosk, hall: Hall) -> None:
    visit = kiosk.visit()
    widget = visit.widget("id_card_reader")
    change(hall, Conversation, visit.id, last_turn_at=hall.now() - timedelta(minutes=4))
    assert kiosk.work() == []
    assert_refused(kiosk.read(widget), 404)
    change(hall, Conversation, visit.id, last_turn_at=hall.now())
    assert kiosk.work() != []
    visit.say(event={"type": "leave"})
    assert kiosk.work() == []
    assert_refused(kiosk.read(widget), 404)


def test_a_declined_question_takes_no_card(kiosk: Kiosk, hall: Hall) -> None:
    widget = kiosk.visit().widget("id_card_reader")
    change(hall, Widget, widget, state="declined")
    assert kiosk.work() == []
    assert_refused(kiosk.read(widget), 404)


@pytest.mark.parametrize("code", ["", "x", "x.y", "{id}", "{id}.", "{id}.wrong"])
def test_a_page_without_the_pairing_code_is_at_no_kiosk(kiosk: Kiosk, code: str) -> None:
    answer = kiosk.hall.client.post(
        "/api/v1/conversations/",
        json={"channel": "kiosk", "device": code.replace("{id}", kiosk.id)},
    )
    if code:
        assert_refused(answer, 403, code="device.not_paired")
    else:
        assert answer.status_code == 201  # a kiosk without devices


def test_a_phone_is_no_kiosk(kiosk: Kiosk) -> None:
    answer = kiosk.hall.client.post(
        "/api/v1/conversations/", json={"channel": "phone", "device": kiosk.pairing}
    )
    assert_refused(answer, 400)


@pytest.mark.parametrize(
    "reading",
    [
        {},
        {**CARD, "number": ""},
        {**CARD, "number": "1101051949123100X2345"},
        {**CARD, "number": "<script>"},
        {**CARD, "birth": "1949-13-31"},
        {**CARD, "kind": "passport"},
        {**CARD, "fingers": "AAAA"},
        {**CARD, "address": "长" * 71},
    ],
)
def test_what_is_no_reading_is_refused_also_from_a_device(
    kiosk: Kiosk, reading: dict[str, Any]
) -> None:
    widget = kiosk.visit().widget("id_card_reader")
    assert_refused(
        kiosk.send("POST", "/readings", json={"widget": widget, "reading": reading}), 400
    )


def test_unread_readings_and_old_nonces_are_deleted(kiosk: Kiosk, hall: Hall) -> None:
    widget = kiosk.visit().widget("id_card_reader")
    hall.answer = lambda request: httpx.Response(500)
    kiosk.read(widget)
    assert kept(hall, kiosk) == 1

    async def forget() -> None:
        later = hall.now() + timedelta(minutes=11)
        async with hall.office.sessions.begin() as session:
            await services.forget_used(session, now=later, wall_clock=later)

    hall.run(forget())
    assert kept(hall, kiosk) == 0

    async def nonces() -> int:
        async with hall.office.sessions.read() as session:
            return await session.scalar(text("SELECT count(*) FROM device_nonces")) or 0

    assert hall.run(nonces()) == 0


def test_a_daemon_that_is_silent_offers_no_reader(kiosk: Kiosk, hall: Hall) -> None:
    async def offered(after: timedelta) -> bool:
        async with hall.office.sessions.read() as session:
            return await services.card_reader_at(session, kiosk.id, now=hall.now() + after)

    assert not hall.run(offered(timedelta()))
    kiosk.work()
    assert hall.run(offered(timedelta()))
    assert not hall.run(offered(timedelta(minutes=2)))
    kiosk.work(card_reader="none")
    assert not hall.run(offered(timedelta()))


def test_a_key_is_registered_once_and_only_a_key(kiosk: Kiosk, hall: Hall) -> None:
    async def register(key: str) -> None:
        async with hall.office.sessions.begin() as session:
            await services.register_device(session, public_key=key, name="x", now=hall.now())

    with pytest.raises(services.AlreadyRegistered):
        hall.run(register(signing.public_bytes(kiosk.key).hex()))
    for bad in ("", "zz" * 32, "ab" * 31):
        with pytest.raises(services.BadKey):
            hall.run(register(bad))

    async def stored() -> Device:
        async with hall.office.sessions.read() as session:
            return await session.get_one(Device, kiosk.id)

    assert kiosk.pairing.split(".")[1] not in hall.run(stored()).pairing_hash


def test_a_server_that_stops_lets_nobody_wait(kiosk: Kiosk, hall: Hall) -> None:
    """Else every stop would last as long as the longest wait."""
    hall.app.ctx.stopping = True
    try:
        begin = time.monotonic()
        answer = kiosk.send("GET", "/work", params={"wait": "20"})
    finally:
        hall.app.ctx.stopping = False
    assert answer.status_code == 503
    assert answer.headers["connection"] == "close"
    assert time.monotonic() - begin < 3
