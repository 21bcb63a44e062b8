"""The window's page: nothing is shown before the card was seen, then only that person's matters;
a clerk fills in an item for a walk-in and hands it in; what the hall does not have is counted."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.states import State
from backoffice.audit.models import AuditEntry
from backoffice.conversations.services import open_conversation
from backoffice.identity.accounts import citizen_with_number, id_hash
from backoffice.queue.models import Ticket
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.staff.conftest import ADDRESS, NAME, NOW, PHONE, Browser

ID_NO, OTHERS_NO = "110105199003070025", "11010519491231002X"
Serve = Callable[..., Awaitable[Browser]]


async def _visit_with_draft(office: Office, id_no: str | None, *, item: str) -> Holder:
    """A visit without signing in, with a draft of which this much is known."""
    async with office.sessions.begin() as session:
        visit, _ = await open_conversation(session, channel="phone", now=NOW)
        draft = Application(
            item_code=item,
            item_version="1",
            conversation_id=visit.id,
            channel="phone",
            state=State.DRAFT,
            progress={},
            created_at=NOW,
            updated_at=NOW,
        )
        session.add(draft)
        await session.flush()
        answers = {"filed_by": "self"} | ({"id_no": id_no} if id_no else {})
        for field, value in answers.items():
            session.add(
                AnswerRow(application_id=draft.id, field=field, value=value, source="typed", at=NOW)
            )
    return Holder(conversation_id=visit.id)


@pytest.fixture
def serve(office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser]) -> Serve:
    """A clerk at window 1 who is serving whoever holds this ticket."""

    async def serving(holder: Holder | None = None, username: str = "chen") -> Browser:
        async with office.sessions.begin() as session:
            wish = Wish("residence", "phone")
            await take_ticket(session, office.queue, wish, holder or Holder(), now=NOW)
        clerk = browser()
        await clerk.log_in(username)
        await clerk.post("/staff/queue/desk", window="1")
        await clerk.post("/staff/queue/next")
        await clerk.post(f"/staff/queue/tickets/{await _ticket(office)}/start")
        return clerk

    return serving


async def _ticket(office: Office) -> int:
    async with office.sessions.read() as session:
        found = await session.scalar(select(Ticket.id).order_by(Ticket.id.desc()))
        assert found is not None
        return found


async def _actions(office: Office) -> list[str]:
    async with office.sessions.read() as session:
        found = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq))
        return [one for one in found if one.startswith(("window.", "case.viewed"))]


async def test_a_called_ticket_opens_nothing_before_the_card_was_seen(
    office: Office, serve: Serve
) -> None:
    clerk = await serve(await _visit_with_draft(office, ID_NO, item="residence_permit_apply"))
    page = (await clerk.client.get("/staff/window/")).text
    assert "是谁来办" in page and "居住证" not in page.split("<main")[1].split("</main")[0].replace(
        "居住证、流动人口", ""
    )
    async with office.sessions.read() as session:
        draft = (await session.scalars(select(Application.id))).one()
    closed = await clerk.client.get(f"/staff/window/drafts/{draft}")
    assert closed.status_code == 409
    started = await clerk.post("/staff/window/start", item="residence_permit_apply")
    assert started.status_code == 409
    for form, status in (
        ({"id_no": ID_NO[:-1], "seen": "yes"}, 400),
        ({"id_no": ID_NO}, 400),
    ):
        answer = await clerk.post("/staff/window/identify", **form)
        assert answer.status_code == status and "是谁来办" in answer.text
    assert await _actions(office) == []


async def test_the_card_opens_ones_own_matters_only(office: Office, serve: Serve) -> None:
    mine = await _visit_with_draft(office, ID_NO, item="residence_permit_apply")
    await _visit_with_draft(office, OTHERS_NO, item="elder_card")
    clerk = await serve(mine)
    assert (await clerk.post("/staff/window/identify", id_no=ID_NO, seen="yes")).status_code == 303
    page = (await clerk.client.get("/staff/window/")).text
    drafts = re.findall(r"/staff/window/drafts/([^\"]+)", page)
    assert len(drafts) == 1 and "这个号就是为它取的" not in page
    form = await clerk.client.get(f"/staff/window/drafts/{drafts[0]}")
    assert form.status_code == 200 and ID_NO in form.text
    assert await _actions(office) == ["window.card_seen", "case.viewed"], "who looked is known"
    async with office.sessions.read() as session:
        others = await session.scalar(
            select(Application.id).where(Application.item_code == "elder_card")
        )
    assert (await clerk.client.get(f"/staff/window/drafts/{others}")).status_code == 404
    # The next person comes: what was open is closed.
    await clerk.post("/staff/queue/next")
    assert (await clerk.client.get(f"/staff/window/drafts/{drafts[0]}")).status_code == 409
    async with office.sessions.read() as session:
        assert (await session.scalars(select(Ticket.person))).one() is None


async def test_somebody_elses_card_opens_nothing_of_the_ticket(
    office: Office, serve: Serve
) -> None:
    clerk = await serve(await _visit_with_draft(office, ID_NO, item="residence_permit_apply"))
    await clerk.post("/staff/window/identify", id_no=OTHERS_NO, seen="yes")
    page = (await clerk.client.get("/staff/window/")).text
    assert "没有这个身份证号的草稿和办件" in page and "/staff/window/drafts/" not in page


async def test_a_draft_that_names_nobody_stays_closed_and_is_told_of(
    office: Office, serve: Serve
) -> None:
    clerk = await serve(await _visit_with_draft(office, None, item="residence_permit_apply"))
    await clerk.post("/staff/window/identify", id_no=ID_NO, seen="yes")
    page = (await clerk.client.get("/staff/window/")).text
    assert "还有 1 份草稿" in page and "/staff/window/drafts/" not in page


async def test_an_item_is_filled_in_for_a_walk_in_and_handed_in(
    office: Office, serve: Serve
) -> None:
    clerk = await serve()
    await clerk.post("/staff/window/identify", id_no=ID_NO.lower(), seen="yes")
    begun = await clerk.post("/staff/window/start", item="residence_permit_apply")
    place = begun.headers["location"]
    typed = {
        "filed_by": "self",
        "name": NAME,
        "id_no": OTHERS_NO,
        "ethnicity": "汉族",
        "hukou_address": "湖南省衡阳市雁峰区白沙路1号",
        "phone": "1380013800",
        "move_in_date": "2025-03-01",
        "current_region": "石湾镇街道澜石社区",
        "current_address": ADDRESS,
        "reason": "housing",
        "waive_type": "none",
        "housing_type": "own",
        "owner_relation": "self",
        "photo_mode": "receipt",
        "photo_receipt_no": "GD44060012345678",
        "pickup": "station",
    }
    for _ in range(4):  # answers open further fields
        page = await clerk.client.get(place)
        answer = await _save(clerk, place, page.text, typed)
        assert answer.status_code == 200
    assert "和刚才看过的身份证不是同一个号" in answer.text and "手机号是11位" in answer.text
    assert NAME in answer.text and "有 2 项不对" in answer.text
    early = await _save(clerk, place, answer.text, typed | {"id_no": ID_NO}, finish="yes")
    assert early.status_code == 200, "a wrong phone goes nowhere"
    typed |= {"id_no": ID_NO, "phone": PHONE}
    page = await clerk.client.get(place)
    done = await _save(clerk, place, page.text, typed, finish="yes")
    assert done.status_code == 303, re.findall(r"alert.>[^<]*", done.text)
    case = done.headers["location"]
    page = (await clerk.client.get(case)).text
    assert "窗口代填" in page and "核验完毕，提交申请" in page and "工作人员代填" in page
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    handed = await clerk.post(f"{case}/seen", person="yes", id_card="yes", version=version)
    assert handed.status_code == 303
    async with office.sessions.read() as session:
        application = (await session.scalars(select(Application))).one()
        assert application.state == State.SUBMITTED and application.channel == "counter"
        assert application.number is not None and application.identity_way == "seen"
    assert (await clerk.client.get(place)).status_code == 404, "handed in: no draft any more"
    assert set(await _actions(office)) == {
        "window.card_seen",
        "window.draft_started",
        "window.draft_filled",
        "case.viewed",
    }


async def _save(
    clerk: Browser, place: str, page: str, typed: dict[str, str], *, finish: str = ""
) -> httpx.Response:
    """Send the fields that are on the page; papers and signature are given at the window."""
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    shown = set(re.findall(r'name="f-(\w+)"', page))
    form = {f"f-{slug}": typed.get(slug, "window") for slug in shown}
    return await clerk.post(place, version=version, finish=finish, **form)


async def test_what_changed_meanwhile_is_not_overwritten(office: Office, serve: Serve) -> None:
    clerk = await serve()
    await clerk.post("/staff/window/identify", id_no=ID_NO, seen="yes")
    begun = await clerk.post("/staff/window/start", item="residence_permit_apply")
    place = begun.headers["location"]
    page = (await clerk.client.get(place)).text
    first = await _save(clerk, place, page, {"filed_by": "self", "name": NAME})
    late = await _save(clerk, place, page, {"filed_by": "self", "name": "王小明"})
    assert first.status_code == 200 and late.status_code == 409
    async with office.sessions.read() as session:
        rows = await session.scalars(select(AnswerRow).where(AnswerRow.field == "name"))
        assert [one.value for one in rows] == [NAME]


async def test_a_second_item_knows_what_the_first_told(
    office: Office, serve: Serve, make_case: Callable[..., Awaitable[str]]
) -> None:
    case = await make_case()
    async with office.sessions.begin() as session:
        application = await session.get_one(Application, case)
        account = await citizen_with_number(session, ID_NO, now=NOW)
        application.citizen_id = account.id
        (await session.get_one(AnswerRow, (case, "id_no"))).value = ID_NO
    clerk = await serve()
    await clerk.post("/staff/window/identify", id_no=ID_NO, seen="yes")
    assert "SW202611230001" in (await clerk.client.get("/staff/window/")).text
    begun = await clerk.post("/staff/window/start", item="residence_permit_apply")
    page = (await clerk.client.get(begun.headers["location"])).text
    assert NAME in page and PHONE in page and ID_NO in page
    assert ADDRESS not in page, "where one lives may have changed"


async def test_what_the_hall_does_not_have_is_counted(
    office: Office, serve: Serve, browser: Callable[[], Browser]
) -> None:
    clerk = await serve()
    assert (await clerk.post("/staff/window/topic", topic="没有这一类")).status_code == 400
    assert (await clerk.post("/staff/window/topic", topic="护照和港澳台证件")).status_code == 303
    assert "出入境管理部门" in (await clerk.client.get("/staff/window/")).text
    await clerk.post("/staff/queue/next")
    head = browser()
    await head.log_in("huang")
    for day, counts in (
        (0, '1</td><td data-label="三十天">1'),
        (1, '0</td><td data-label="三十天">1'),
    ):
        office.clock.moment = NOW + timedelta(days=day)  # type: ignore[attr-defined]
        page = (await head.client.get("/staff/queue/hall")).text
        assert "护照和港澳台证件" in page and counts in page
    assert id_hash(ID_NO) not in page
