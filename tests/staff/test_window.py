"""A finished draft that waits for its person: seen at the window, handed in, or expired."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from backoffice.applications.draft import load_draft
from backoffice.applications.models import AnswerRow, Application, MaterialRow
from backoffice.applications.states import State
from backoffice.audit import AuditEntry
from backoffice.conversations.models import Conversation, Message
from backoffice.conversations.services import open_conversation
from backoffice.identity.models import Citizen, Proof, ProofKind
from backoffice.outbox.models import OutboxEntry
from backoffice.retention import forget_what_is_old
from backoffice.staff.models import StaffUser
from backoffice.staff.window import unanswered
from backoffice.tasks import Task, TaskState, open_task
from bootstrap.container import Office
from tests.staff.conftest import NOW, PASSWORD, PHONE, Browser
from worker.handlers import handlers

ITEM = "temp_relief"
NUMBER = "SW202611230007"
_BY_TYPE = {"date": "2026-01-15", "number": 2, "amount": 2}


async def _draft(office: Office, *, complete: bool = True) -> str:
    """A draft with a number and its appointment, every required field answered; its id."""
    item = office.catalogue.items[ITEM]
    async with office.sessions.begin() as session:
        visit, _ = await open_conversation(session, channel="phone", now=NOW)
        person = Citizen(phone=PHONE, phone_index="x" * 64, created_at=NOW, last_seen_at=NOW)
        session.add(person)
        await session.flush()
        visit.citizen_id = person.id
        case = Application(
            number=NUMBER,
            item_code=ITEM,
            item_version="1",
            citizen_id=person.id,
            conversation_id=visit.id,
            channel="phone",
            state=State.DRAFT,
            progress={"appointed": True, "paused": True},
            created_at=NOW,
            updated_at=NOW,
        )
        session.add(case)
        await session.flush()
        draft = await load_draft(session, case, item)
        while missing := unanswered(draft):
            one = missing[0]
            example = _BY_TYPE.get(one.type, one.example or "样例")
            draft.answers[one.slug] = one.options[0].value if one.options else example
        if not complete:
            draft.answers.popitem()
        for field, value in draft.answers.items():
            row = AnswerRow(
                application_id=case.id, field=field, value=value, source="typed", at=NOW
            )
            session.add(row)
        await open_task(
            session,
            kind="appointment",
            conversation_id=visit.id,
            application_id=case.id,
            item_code=ITEM,
            phone=PHONE,
            summary=None,
            now=NOW,
            calendar=office.calendar,
            key=f"appointment:{case.id}",
        )
        return case.id


async def _client(address: str, username: str = "chen") -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=address, trust_env=False)
    given = {"username": username, "password": PASSWORD}
    answer = await client.post("/api/v1/staff/session", json=given)
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


SEEN = {"person": True, "id_card": True}
PATH = f"/api/v1/staff/cases/{NUMBER}/seen"


async def test_clerk_opens_the_draft_by_its_number_and_hands_it_in(
    office: Office, staff: dict[str, StaffUser], address: str
) -> None:
    id, client = await _draft(office), await _client(address)
    view = (await client.get(f"/api/v1/staff/cases/{NUMBER}")).json()
    assert view["waits_for_person"] and view["possible"] == []
    original = view["materials"][0]["material"]
    asked = SEEN | {"originals": [original], "version": view["version"]}
    answer = await client.post(PATH, json=asked)
    assert (answer.status_code, answer.json()["state"]) == (200, "submitted")
    again = await client.post(PATH, json=SEEN)
    assert (again.status_code, again.json()["error"]["code"]) == (
        409,
        "application.step_not_allowed",
    )
    view = (await client.get(f"/api/v1/staff/cases/{NUMBER}")).json()
    assert not view["waits_for_person"] and "accept" in view["possible"]
    states = {one["material"]: one["state"] for one in view["materials"]}
    assert states[original] == "seen"
    assert [(one["step"], one["by"]) for one in view["history"]] == [("submit", "chen同事")]
    accepted = await client.post(
        f"/api/v1/staff/cases/{NUMBER}/decision", json={"decision": "accept"}
    )
    assert accepted.json()["state"] == "accepted"
    await client.aclose()
    async with office.sessions.read() as session:
        (proof,) = await session.scalars(select(Proof).where(Proof.application_id == id))
        assert (proof.kind, proof.result) == (ProofKind.WINDOW, "seen")
        assert proof.detail == {"staff": staff["chen"].actor, "originals": [original]}
        (task,) = await session.scalars(select(Task))
        assert task.state == TaskState.DONE and task.outcome
        audit = list(await session.scalars(select(AuditEntry)))
        (entry,) = [one for one in audit if one.action == "case.person_seen"]
        assert entry.actor == staff["chen"].actor and original in entry.detail


async def _told(office: Office) -> tuple[list[str], list[str]]:
    """Deliver the notices; the bubbles' texts and the kinds of what else goes out."""
    async with office.sessions.read() as session:
        entries = list(await session.scalars(select(OutboxEntry)))
    for entry in entries:
        if entry.kind == "notice.send":
            await handlers(office)[entry.kind](entry.payload, entry.key)
    async with office.sessions.read() as session:
        notices = await session.scalars(select(Message).where(Message.role == "notice"))
        kinds = await session.scalars(select(OutboxEntry.kind))
        return [one.body["text"] for one in notices], list(kinds)


async def test_the_citizen_is_told_in_the_chat_and_by_a_short_message(
    office: Office, staff: dict[str, StaffUser], address: str
) -> None:
    await _draft(office)
    client = await _client(address)
    assert (await client.post(PATH, json=SEEN)).status_code == 200
    await client.aclose()
    texts, kinds = await _told(office)
    assert len(texts) == 1 and NUMBER in texts[0] and "窗口" in texts[0]
    assert "sms.send" in kinds


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"person": False, "id_card": True}, "window.person_not_seen"),
        ({"person": True, "id_card": False}, "window.person_not_seen"),
        (SEEN | {"originals": ["never_heard_of"]}, "window.original_unknown"),
        (SEEN | {"version": 99}, "busy"),
        ({"person": True}, "bad_request"),
        ({"person": "yes", "id_card": "yes"}, "bad_request"),
    ],
)
async def test_what_was_not_seen_is_not_handed_in(
    office: Office, staff: dict[str, StaffUser], address: str, sent: dict[str, object], code: str
) -> None:
    id, client = await _draft(office), await _client(address)
    answer = await client.post(PATH, json=sent)
    assert answer.status_code >= 400 and answer.json()["error"]["code"] == code
    await client.aclose()
    async with office.sessions.read() as session:
        assert (await session.get_one(Application, id)).state == State.DRAFT
        assert list(await session.scalars(select(Proof))) == []
        assert list(await session.scalars(select(MaterialRow))) == []


async def test_a_draft_with_open_questions_is_not_handed_in(
    office: Office, staff: dict[str, StaffUser], address: str
) -> None:
    await _draft(office, complete=False)
    client = await _client(address)
    answer = await client.post(PATH, json=SEEN)
    assert answer.json()["error"]["code"] == "window.draft_incomplete"
    await client.aclose()


async def test_a_case_of_another_way_of_identity_cannot_be_handed_in_here(
    office: Office,
    staff: dict[str, StaffUser],
    address: str,
    make_case: Callable[..., object],
) -> None:
    id = await make_case()  # type: ignore[misc]
    client = await _client(address)
    answer = await client.post(f"/api/v1/staff/cases/{id}/seen", json=SEEN)
    assert answer.status_code == 409
    await client.aclose()


@pytest.mark.parametrize(("username", "status"), [("elsewhere", 404), ("admin", 403)])
async def test_only_the_departments_own_people_hand_it_in(
    office: Office, staff: dict[str, StaffUser], address: str, username: str, status: int
) -> None:
    await _draft(office)
    client = await _client(address, username)
    assert (await client.post(PATH, json=SEEN)).status_code == status
    await client.aclose()


async def test_the_page_lists_offers_and_hands_in_only_with_its_own_form(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    id, clerk = await _draft(office), browser()
    await clerk.log_in("chen")
    assert NUMBER in (await clerk.client.get("/staff?tab=window")).text
    assert NUMBER in (await clerk.client.get(f"/staff?number={NUMBER}")).text
    page = await clerk.client.get(f"/staff/cases/{NUMBER}")
    assert 'id="seen"' in page.text
    form = {"version": "1", "person": "yes", "id_card": "yes"}
    path = f"/staff/cases/{id}/seen"
    assert (await clerk.client.post(path, data=form)).status_code == 403
    half = await clerk.post(path, version="1", person="yes")
    assert half.status_code == 400 and "没有看到本人和身份证原件" in half.text
    done = await clerk.post(path, **form)
    assert done.status_code == 303
    page = await clerk.client.get(done.headers["location"])
    assert "在窗口看过本人和身份证" in page.text and 'id="seen"' not in page.text


async def test_a_person_who_never_comes_lets_the_draft_expire_and_is_told(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    id = await _draft(office)
    async with office.sessions.begin() as session:
        await forget_what_is_old(session, now=NOW + timedelta(days=29))
        assert (await session.get_one(Application, id)).state == State.DRAFT
        (visit,) = await session.scalars(select(Conversation))
        visit.last_turn_at = NOW + timedelta(days=29)
    async with office.sessions.begin() as session:
        await forget_what_is_old(session, now=NOW + timedelta(days=31))
        assert (await session.get_one(Application, id)).state == State.EXPIRED
        (task,) = await session.scalars(select(Task))
        assert task.state == TaskState.DONE
    texts, kinds = await _told(office)
    assert len(texts) == 1 and "过期" in texts[0] and "sms.send" in kinds
    async with office.sessions.begin() as session:
        await forget_what_is_old(session, now=NOW + timedelta(days=62))
        assert list(await session.scalars(select(Application))) == []
