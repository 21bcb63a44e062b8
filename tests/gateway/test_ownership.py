"""What is somebody else's looks as if it did not exist, whatever way it is asked for."""

from datetime import timedelta

import httpx
import pytest

from backoffice.applications.models import Application
from backoffice.conversations.models import Conversation
from backoffice.conversations.services import KIOSK_IDLE, end_conversation
from backoffice.db import new_id
from tests.gateway.conftest import Hall, Visit, assert_hardened, assert_refused
from tests.uploads import pictures

SELF = "13800000001"
OTHER = "13800000002"


@pytest.fixture
def mine(hall: Hall) -> Visit:
    return hall.visit().sign_in(SELF)


@pytest.fixture
def theirs(hall: Hall) -> Visit:
    return hall.visit().sign_in(OTHER)


def _application(visit: Visit) -> str:
    """A draft of this visit's citizen."""

    async def make() -> str:
        now = visit.hall.now()
        async with visit.hall.office.sessions.begin() as session:
            one = Application(
                item_code="residence_permit_apply",
                item_version="1",
                citizen_id=visit.citizen_id,
                conversation_id=visit.id,
                channel="phone",
                progress={},
                created_at=now,
                updated_at=now,
            )
            session.add(one)
            await session.flush()
            return one.id

    return visit.hall.run(make())


def _same(first: httpx.Response, second: httpx.Response) -> None:
    """Nobody can tell the two apart."""
    assert first.status_code == second.status_code == 404
    assert first.json() == second.json()


def test_another_visits_token_opens_no_conversation(mine: Visit, theirs: Visit) -> None:
    client = mine.hall.client
    nowhere = f"/api/v1/conversations/{new_id()}"
    for method, below, body in (
        ("GET", "/messages", None),
        ("POST", "/messages", {"text": "你好"}),
        ("POST", "/uploads?widget=w", None),
    ):
        _same(
            client.request(method, theirs.path + below, json=body, headers=mine.headers),
            client.request(method, nowhere + below, json=body, headers=mine.headers),
        )
        assert_refused(client.request(method, theirs.path + below, json=body), 404)


def test_applications_of_others_do_not_exist(mine: Visit, theirs: Visit) -> None:
    client, id = mine.hall.client, _application(theirs)
    path = "/api/v1/me/applications/"
    assert client.get(path + id, headers=theirs.headers).status_code == 200
    _same(
        client.get(path + id, headers=mine.headers),
        client.get(path + new_id(), headers=mine.headers),
    )
    listed = client.get(path.rstrip("/"), headers=mine.headers).json()["applications"]
    assert id not in [one["id"] for one in listed]
    assert_refused(client.get(path + id), 404)


@pytest.mark.parametrize("what", ["qr.png", "document.pdf"])
def test_results_of_others_do_not_exist(mine: Visit, what: str) -> None:
    path = f"/api/v1/me/results/{new_id()}/{what}"
    assert_refused(mine.hall.client.get(path, headers=mine.headers), 404)


def test_nothing_personal_without_signing_in(hall: Hall) -> None:
    visit = hall.visit()
    for path in (
        "applications",
        "results",
        f"applications/{new_id()}",
        f"results/{new_id()}/qr.png",
    ):
        answer = hall.client.get(f"/api/v1/me/{path}", headers=visit.headers)
        assert_refused(answer, 401, code="not_signed_in")


def test_widgets_and_uploads_of_others_cannot_be_used(mine: Visit, theirs: Visit) -> None:
    widget = theirs.widget("document", "lease")
    picture = pictures.encoded(pictures.photo())
    kept = theirs.upload(widget, picture)
    assert kept.status_code == 201, kept.text
    assert_refused(mine.upload(widget, picture), 404)
    done = {"type": "widget_done", "widget": widget, "upload_id": kept.json()["upload_id"]}
    assert_refused(mine.say(event=done), 404)
    own = mine.widget("document", "lease")
    foreign = {"type": "widget_done", "widget": own, "upload_id": kept.json()["upload_id"]}
    answer = mine.say(event=foreign)
    assert answer.status_code in (200, 404)
    assert "收到" not in answer.text


def test_an_ended_conversation_opens_nothing(hall: Hall) -> None:
    visit = hall.visit().sign_in(SELF)
    widget = visit.widget("document", "lease")

    async def end() -> None:
        async with hall.office.sessions.begin() as session:
            conversation = await session.get_one(Conversation, visit.id)
            end_conversation(conversation, now=hall.now())

    hall.run(end())
    for answer in (
        visit.say(text="你好"),
        visit.say(event={"type": "silence"}),
        hall.client.get(f"{visit.path}/messages", headers=visit.headers),
        visit.upload(widget, pictures.encoded(pictures.photo())),
        hall.client.get("/api/v1/me/", headers=visit.headers),
        hall.client.get("/api/v1/me/applications", headers=visit.headers),
    ):
        assert_refused(answer, 410, code="conversation.ended")


def test_leaving_ends_the_visit(hall: Hall, visit: Visit) -> None:
    assert visit.say(event={"type": "leave"}, turn_id="last").status_code == 200
    assert_refused(visit.say(text="你好"), 410)


def test_a_citizens_token_is_nothing_to_staff_and_the_other_way_round(
    hall: Hall, mine: Visit
) -> None:
    for path in ("/api/v1/staff/cases", "/api/v1/staff/tasks", f"/api/v1/staff/cases/{new_id()}"):
        assert_refused(hall.client.get(path, headers=mine.headers), 401)
    staff = {"Authorization": f"Bearer {hall.staff_token()}"}
    assert_refused(hall.client.get("/api/v1/me/", headers=staff), 404)
    assert_refused(hall.client.get(f"{mine.path}/messages", headers=staff), 404)


def test_a_draft_is_no_case_for_staff(hall: Hall, theirs: Visit) -> None:
    """What was not submitted is nobody's business yet."""
    staff = {"Authorization": f"Bearer {hall.staff_token()}"}
    answer = hall.client.get(f"/api/v1/staff/cases/{_application(theirs)}", headers=staff)
    assert_refused(answer, 404)


def test_an_api_session_of_staff_is_no_browser_session(hall: Hall) -> None:
    token = hall.staff_token()
    answer = hall.client.get("/staff", headers={"Cookie": f"xz_staff={token}"})
    assert answer.status_code == 303
    assert_hardened(answer)


def test_wrong_passwords_and_unknown_names_look_the_same(hall: Hall) -> None:
    def attempt(username: str) -> httpx.Response:
        body = {"username": username, "password": "wrong password 1"}
        return hall.client.post("/api/v1/staff/session", json=body)

    known, unknown = attempt("huang"), attempt("nobody-of-that-name")
    assert known.status_code == unknown.status_code == 401
    assert known.json() == unknown.json()
    assert_refused(known, 401)


def test_guessing_a_password_locks_the_account_but_not_the_others(hall: Hall) -> None:
    for _ in range(6):
        hall.client.post("/api/v1/staff/session", json={"username": "admin", "password": "guess"})
    from tests.gateway.conftest import STAFF_PASSWORD

    right = {"username": "admin", "password": STAFF_PASSWORD}
    assert_refused(hall.client.post("/api/v1/staff/session", json=right), 401)
    assert hall.staff_token("chen")


def test_signing_in_from_another_site_is_refused(hall: Hall) -> None:
    form = {"username": "chen", "password": "eight tall horses"}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
    ):
        answer = hall.client.post("/staff/login", data=form, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_browser_session_changes_nothing_without_its_csrf_token(hall: Hall) -> None:
    form = {"username": "chen", "password": "eight tall horses"}
    entered = hall.client.post("/staff/login", data=form)
    assert entered.status_code == 303
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.casefold()
    headers = {"Cookie": cookie.split(";")[0]}
    for given in ({}, {"csrf_token": "x"}, {"csrf_token": "é"}):
        for path in ("/staff/tasks/x/take", "/staff/cases/x/decision", "/staff/logout"):
            answer = hall.client.post(path, data=given, headers=headers)
            assert answer.status_code == 403, (path, given)
    odd = [(b"Cookie", headers["Cookie"].encode()), (b"X-CSRF-Token", b"\xff\xfe")]
    assert hall.client.post("/staff/logout", headers=odd).status_code == 403  # type: ignore[arg-type]
    answer = hall.client.post("/api/v1/staff/tasks/x/take", headers=headers)
    assert_refused(answer, 403)
    hall.client.cookies.clear()


def test_a_visit_left_at_the_halls_machine_opens_nothing_for_the_next_person(hall: Hall) -> None:
    left = hall.visit("kiosk").sign_in(SELF)
    on_a_phone = hall.visit().sign_in(OTHER)
    _idle_for(left, KIOSK_IDLE - timedelta(minutes=1))
    assert hall.client.get("/api/v1/me/", headers=left.headers).json()["signed_in"]
    for visit in (left, on_a_phone):
        _idle_for(visit, KIOSK_IDLE + timedelta(seconds=1))
    for path in (f"{left.path}/messages", "/api/v1/me/", "/api/v1/me/applications"):
        assert_refused(hall.client.get(path, headers=left.headers), 410)
    assert_refused(left.say(text="继续"), 410)
    assert hall.client.get("/api/v1/me/", headers=on_a_phone.headers).json()["signed_in"]


def _idle_for(visit: Visit, time: timedelta) -> None:
    async def set_back() -> None:
        async with visit.hall.office.sessions.begin() as session:
            conversation = await session.get_one(Conversation, visit.id)
            conversation.last_turn_at = visit.hall.now() - time

    visit.hall.run(set_back())
