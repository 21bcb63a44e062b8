"""Withdrawing a result: who may, what is needed, and what holder and public are told."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from backoffice.applications.decisions import Bench, Decision, case_of, decide
from backoffice.audit import AuditEntry
from backoffice.conversations.models import Conversation, Message
from backoffice.identity.accounts import phone_index
from backoffice.identity.models import Citizen
from backoffice.notices.services import notify
from backoffice.outbox.models import OutboxEntry
from backoffice.results.models import Result, Status
from backoffice.results.services import issue
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.staff.conftest import NOW, PHONE, Browser, MakeCase
from verifier import group_code

FORM = {"reason": "issued_in_error", "note": "租赁合同已经到期。", "confirmed": "yes"}


@pytest.fixture
async def result(office: Office, staff: dict[str, StaffUser], make_case: MakeCase) -> Result:
    """An approved case's result, of a citizen whose visit still exists."""
    id = await make_case()
    async with office.sessions.begin() as session:
        case = await case_of(session, id=id, staff=staff["chen"], catalogue=office.catalogue)
        session.add(
            Citizen(
                id="citizen-1",
                phone=PHONE,
                phone_index=phone_index(PHONE),
                created_at=NOW,
                last_seen_at=NOW,
            )
        )
        session.add(
            Conversation(
                id=case.conversation_id,
                channel="phone",
                token_hash="0",
                memory={},
                created_at=NOW,
                last_turn_at=NOW,
            )
        )
        bench = Bench(session, office.catalogue, office.calendar, NOW)
        await decide(bench, case, Decision.APPROVE, staff=staff["chen"])
        item = office.catalogue.items[case.item_code]
        return await issue(session, application_id=id, item=item, issuer=office.issuer, now=NOW)


async def _status(office: Office, result: Result) -> Status:
    async with office.sessions.begin() as session:
        return (await session.get_one(Result, result.id)).status


async def test_a_head_withdraws_with_reason_and_confirmation(
    office: Office, result: Result, browser: Callable[[], Browser]
) -> None:
    head = browser()
    await head.log_in("huang")
    path = f"/staff/cases/{result.application_id}"
    assert "撤销这份结果" in (await head.client.get(path)).text
    answer = await head.post(f"{path}/revocation", **FORM)
    assert answer.status_code == 303
    page = (await head.client.get(answer.headers["location"])).text
    assert "结果文书已撤销" in page and FORM["note"] in page and "huang同事" in page
    public = (await head.client.get(f"/v/{result.code}")).text
    assert "已被撤销" in public and "出具有误" in public and "2026年11月23日" in public
    assert FORM["note"] not in public
    assert '<p class="hall">石湾镇街道便民服务中心</p>' in public
    async with office.sessions.begin() as session:
        actions = list(await session.scalars(select(AuditEntry.action)))
    assert "result.revoked" in actions


@pytest.mark.parametrize("lacking", ["reason", "note", "confirmed"])
async def test_without_reason_words_or_tick_nothing_is_withdrawn(
    lacking: str, office: Office, result: Result, browser: Callable[[], Browser]
) -> None:
    head = browser()
    await head.log_in("huang")
    form = {**FORM, lacking: ""}
    answer = await head.post(f"/staff/cases/{result.application_id}/revocation", **form)
    assert answer.status_code == 400 and "撤销不能恢复" in answer.text
    assert await _status(office, result) == Status.VALID


async def test_a_clerk_cannot_withdraw(
    office: Office, result: Result, browser: Callable[[], Browser]
) -> None:
    clerk = browser()
    await clerk.log_in("chen")
    path = f"/staff/cases/{result.application_id}"
    assert "撤销这份结果" not in (await clerk.client.get(path)).text
    assert (await clerk.post(f"{path}/revocation", **FORM)).status_code == 403
    assert await _status(office, result) == Status.VALID


async def test_an_administrator_withdraws_by_code_without_seeing_the_case(
    office: Office, result: Result, browser: Callable[[], Browser]
) -> None:
    admin = browser()
    await admin.log_in("admin")
    code = group_code(result.code).lower()
    answer = await admin.post("/staff/system/revocation", code=code, **FORM)
    assert answer.status_code == 303
    assert await _status(office, result) == Status.REVOKED
    again = await admin.post("/staff/system/revocation", code=code, **FORM)
    assert again.status_code == 409


async def test_the_holder_is_told_when_and_why(
    office: Office, result: Result, browser: Callable[[], Browser]
) -> None:
    head = browser()
    await head.log_in("huang")
    await head.post(f"/staff/cases/{result.application_id}/revocation", **FORM)
    key = f"revoked:{result.id}:notice"
    async with office.sessions.begin() as session:
        entry = (await session.scalars(select(OutboxEntry).where(OutboxEntry.key == key))).one()
        await notify(
            session, entry.payload, key, catalogue=office.catalogue,
            public_url="https://hall.example", now=NOW,
        )  # fmt: skip
    async with office.sessions.begin() as session:
        told = (await session.scalars(select(Message).where(Message.key == key))).one()
        sms = select(OutboxEntry).where(OutboxEntry.key == f"sms:{key}")
        assert (await session.scalars(sms)).one().kind == "sms.send"
    words = told.body["text"]
    assert group_code(result.code) in words and "2026年11月23日" in words
    assert "出具有误。租赁合同已经到期。" in words
