"""The queue's pages and interface: a number given once, who may do what, what the screens show."""

from collections.abc import Callable
from datetime import timedelta

import httpx
from sqlalchemy import func, select

from backoffice.conversations.models import Message
from backoffice.conversations.services import open_conversation
from backoffice.queue.models import Ticket
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.staff.conftest import NOW, PASSWORD, PHONE, Browser
from worker.jobs import Jobs


async def _tickets(office: Office) -> int:
    async with office.sessions.read() as session:
        return await session.scalar(select(func.count()).select_from(Ticket)) or 0


async def test_a_form_sent_twice_gives_one_number(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    clerk = browser()
    await clerk.log_in("chen")
    form = {"slip": "one-press", "business": "residence", "priority": "", "phone": ""}
    first = await clerk.post("/staff/queue/counter", **form)
    again = await clerk.post("/staff/queue/counter", **form)
    assert first.status_code == again.status_code == 303
    assert await _tickets(office) == 1
    page = await clerk.client.get(first.headers["location"])
    assert "A001" in page.text and "没有另外出号" not in page.text
    await clerk.post("/staff/queue/counter", **{**form, "slip": "another"})
    assert await _tickets(office) == 2


async def test_wrong_phone_gives_no_number_and_keeps_what_was_typed(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    clerk = browser()
    await clerk.log_in("chen")
    form = {"slip": "x", "business": "social", "priority": "elderly", "phone": "1380013"}
    answer = await clerk.post("/staff/queue/counter", **form)
    assert answer.status_code == 400 and "手机号不对" in answer.text and "1380013" in answer.text
    assert await _tickets(office) == 0


async def test_phone_is_nowhere_in_the_clear(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    clerk = browser()
    await clerk.log_in("chen")
    form = {"slip": "x", "business": "social", "priority": "", "phone": PHONE}
    answer = await clerk.post("/staff/queue/counter", **form)
    assert PHONE not in answer.headers["location"]
    assert PHONE not in (await clerk.client.get(answer.headers["location"])).text
    if "sqlite" in str(office.engine.url):
        path = str(office.engine.url).removeprefix("sqlite+aiosqlite:///")
        for suffix in ("", "-wal"):
            with open(path + suffix, "rb") as file:
                assert PHONE.encode() not in file.read()


async def test_a_days_work_over_the_interface(
    office: Office, staff: dict[str, StaffUser], address: str
) -> None:
    async with office.sessions.begin() as session:
        visit, _ = await open_conversation(session, channel="phone", now=NOW)
        wish, holder = Wish("residence", "phone"), Holder(conversation_id=visit.id)
        await take_ticket(session, office.queue, wish, holder, now=NOW)
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        log_in = {"username": "chen", "password": PASSWORD}
        made = await client.post("/api/v1/staff/session", json=log_in)
        client.headers["Authorization"] = f"Bearer {made.json()['token']}"
        base = "/api/v1/staff/queue"
        assert (await client.post(f"{base}/next")).json()["error"]["code"] == "queue.no_window"
        assert (await client.post(f"{base}/desk", json={"window": 99})).status_code == 404
        assert (await client.post(f"{base}/desk", json={"window": 2})).status_code == 204
        await Jobs(office).watch_queue()
        given = await client.post(f"{base}/tickets", json={"business": "civil", "phone": PHONE})
        assert given.status_code == 201 and given.json()["before"] == 1
        same = await client.post(f"{base}/tickets", json={"business": "civil", "phone": PHONE})
        assert same.status_code == 200
        assert same.json()["ticket"] == given.json()["ticket"]
        called = (await client.post(f"{base}/next")).json()["ticket"]
        assert (called["number"], called["window"]) == ("A001", 2)
        screen = (await client.get("/api/v1/queue/screen")).json()
        assert (
            screen["calls"][0]["number"] == "A001" and screen["windows"]["2"]["state"] == "called"
        )
        assert PHONE not in str(screen) and visit.id not in str(screen)
        id = called["id"]
        early = await client.post(f"{base}/tickets/{id}/no_show")
        assert early.status_code == 409 and "至少叫 2 次" in early.json()["error"]["message"]
        unknown = await client.post(f"{base}/tickets/{id}/call")
        assert unknown.status_code == 400, "only `next` calls"
        assert (await client.post(f"{base}/tickets/{id}/start")).json()["ticket"][
            "state"
        ] == "serving"
        to = {"business": "social", "window": 11}
        assert (await client.post(f"{base}/tickets/{id}/transfer", json=to)).status_code == 400
        to["window"] = 2
        moved = await client.post(f"{base}/tickets/{id}/transfer", json=to)
        assert moved.json()["ticket"]["state"] == "waiting"
        office.clock.moment += timedelta(minutes=1)  # type: ignore[attr-defined]
        assert (await client.post(f"{base}/next")).json()["ticket"]["id"] == id
    await Jobs(office).watch_queue()
    await Jobs(office).deliver()
    async with office.sessions.read() as session:
        told = await session.scalars(
            select(Message).where(Message.role == "notice").order_by(Message.id)
        )
        texts = [one.body["text"] for one in told]
    # The first call was over before anybody could be told: what is no longer so is not said.
    assert texts == ["叫到您了：A001，请到 2 号窗口。"]
    sms = await office.sms.messages(10)  # type: ignore[attr-defined]
    assert [one["template"] for one in sms] == ["queue_near"]


async def test_outside_the_hours_the_counter_gives_nothing(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    office.clock.moment = NOW + timedelta(hours=12)  # type: ignore[attr-defined]
    clerk = browser()
    await clerk.log_in("chen")
    answer = await clerk.post("/staff/queue/counter", slip="x", business="residence")
    assert answer.status_code == 409 and "11月24日" in answer.text
    assert await _tickets(office) == 0
