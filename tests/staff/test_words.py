"""Codes, dates and requests to correct, as citizens and clerks read them."""

from collections.abc import Callable

from sqlalchemy import select

from backoffice.applications.decisions import Bench, Decision, Wanted, case_of, decide
from backoffice.conversations.models import Conversation, Message
from backoffice.crypto import blind_index
from backoffice.notices.services import notify
from backoffice.results.services import issue
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.staff.conftest import NOW, Browser, MakeCase
from verifier import group_code


async def _visit(office: Office, id: str, user: StaffUser) -> str:
    """The visit of the case, signed in; its token."""
    async with office.sessions.begin() as session:
        case = await case_of(session, id=id, staff=user, catalogue=office.catalogue)
        session.add(
            Conversation(
                id=case.conversation_id,
                channel="phone",
                token_hash=blind_index("conversation token", "token"),
                citizen_id=case.citizen_id,
                memory={},
                created_at=NOW,
                last_turn_at=NOW,
            )
        )
    return "token"


async def test_the_notice_of_a_result_groups_its_code(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case()
    await _visit(office, id, staff["chen"])
    async with office.sessions.begin() as session:
        case = await case_of(session, id=id, staff=staff["chen"], catalogue=office.catalogue)
        bench = Bench(session, office.catalogue, office.calendar, NOW)
        await decide(bench, case, Decision.APPROVE, staff=staff["chen"])
        case.citizen_id = None  # nobody to send a short message to
        item = office.catalogue.items[case.item_code]
        result = await issue(session, application_id=id, item=item, issuer=office.issuer, now=NOW)
        await notify(
            session, {"application_id": id, "kind": "result"}, "n",
            catalogue=office.catalogue, public_url="https://hall.example", now=NOW,
        )  # fmt: skip
        told = (await session.scalars(select(Message).where(Message.key == "n"))).one()
    assert f"编号 {group_code(result.code)}" in told.body["text"]


async def test_the_clerk_reads_dates_in_full(
    staff: dict[str, StaffUser], browser: Callable[[], Browser], make_case: MakeCase
) -> None:
    id, clerk = await make_case(), browser()
    await clerk.log_in("chen")
    page = (await clerk.client.get(f"/staff/cases/{id}")).text
    assert "2026年3月1日" in page and "2026年11月23日 09:00" in page
    assert "2026-03-01" not in page and "2026-11-23" not in page


async def test_my_applications_say_what_is_to_be_corrected(
    office: Office,
    staff: dict[str, StaffUser],
    make_case: MakeCase,
    browser: Callable[[], Browser],
) -> None:
    id = await make_case()
    token = await _visit(office, id, staff["chen"])
    async with office.sessions.begin() as session:
        case = await case_of(session, id=id, staff=staff["chen"], catalogue=office.catalogue)
        wanted = [Wanted("请写到房号", field="current_address"), Wanted("缺页", material="lease")]
        bench = Bench(session, office.catalogue, office.calendar, NOW)
        await decide(bench, case, Decision.REQUEST_SUPPLEMENT, staff=staff["chen"], wanted=wanted)
    item = office.catalogue.items["residence_permit_apply"]
    field, paper = item.field("current_address"), item.material("lease")
    assert field is not None and paper is not None
    headers = {"Authorization": f"Bearer {token}"}
    answer = await browser().client.get(f"/api/v1/me/applications/{id}", headers=headers)
    told = [one["text"] for one in answer.json()["history"]]
    assert told[-1] == (f"工作人员请您补正：\n1. {field.label}：请写到房号\n2. {paper.name}：缺页")
