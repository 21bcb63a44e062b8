"""Four eyes, and corrections that ask for everything at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.applications.decisions import (
    Decision,
    HeadNeeded,
    LateReasonMissing,
    ReasonMissing,
    SecondPersonNeeded,
    Wanted,
)
from backoffice.applications.models import AnswerRow, Application, HistoryRow, SupplementRow
from backoffice.applications.opinions import opinion_on, opinions_of
from backoffice.applications.services import withdraw
from backoffice.applications.states import State, Step
from backoffice.audit import AuditEntry, verify
from backoffice.errors import Busy
from backoffice.outbox.models import OutboxEntry
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from catalogue.faults import CatalogueError
from catalogue.schema import SecondLook, ServiceItem
from tests.staff.conftest import NOW, Browser, MakeCase, decide_as

ITEM = "temp_relief"


async def _waiting(office: Office, id: str) -> tuple[str, str] | None:
    async with office.sessions.read() as session:
        row = await opinion_on(session, id)
    return (row.decision, row.staff_id) if row is not None else None


@pytest.fixture
def by(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the item ask for another clerk instead of a head."""

    def change(who: str) -> None:
        item = office.catalogue.items[ITEM]
        rule = SecondLook(by=who, note="试", status="assumed")
        monkeypatch.setitem(item.__dict__, "second_look", rule)

    return change


async def test_the_first_word_is_an_opinion_and_the_second_decides(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase, by: Callable[[str], None]
) -> None:
    by("clerk")
    id = await make_case(item=ITEM)
    case = await decide_as(office, staff["chen"], id, Decision.APPROVE, reason="材料齐全")
    assert case.state == State.ACCEPTED, "accepted, not decided"
    assert await _waiting(office, id) == ("approve", staff["chen"].id)
    with pytest.raises(SecondPersonNeeded):
        await decide_as(office, staff["chen"], id, Decision.APPROVE)
    case = await decide_as(office, staff["huang"], id, Decision.APPROVE)
    assert case.state == State.APPROVED and await _waiting(office, id) is None
    async with office.sessions.read() as session:
        (row,) = await opinions_of(session, id)
        steps = list(await session.scalars(select(HistoryRow.step).order_by(HistoryRow.id)))
        kinds = [one.kind for one in await session.scalars(select(OutboxEntry))]
        actions = [one.action for one in await session.scalars(select(AuditEntry))]
        assert await verify(session) == []
    assert (row.reason, row.agreed_by) == ("材料齐全", staff["huang"].id)
    assert steps == [Step.SUBMIT, Step.ACCEPT, Step.APPROVE]
    assert kinds.count("result.issue") == 1 and "case.opinion" in actions


async def test_where_a_head_is_asked_for_two_clerks_do_not_decide(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case(item=ITEM)
    second = staff["wu"]
    async with office.sessions.begin() as session:
        (await session.get_one(StaffUser, second.id)).departments = ["*"]
    await decide_as(office, staff["chen"], id, Decision.APPROVE)
    async with office.sessions.read() as session:
        second = await session.get_one(StaffUser, second.id)
    with pytest.raises(HeadNeeded):
        await decide_as(office, second, id, Decision.APPROVE)
    case = await decide_as(office, staff["huang"], id, Decision.APPROVE)
    assert case.state == State.APPROVED


async def test_a_heads_own_opinion_needs_another_person_too(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case(item=ITEM)
    case = await decide_as(office, staff["huang"], id, Decision.REFUSE, reason="不符合条件")
    assert case.state == State.ACCEPTED
    case = await decide_as(office, staff["chen"], id, Decision.REFUSE, reason="不符合条件")
    assert case.state == State.REFUSED


async def test_who_says_otherwise_puts_an_opinion_in_its_place(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase, by: Callable[[str], None]
) -> None:
    by("clerk")
    id = await make_case(item=ITEM)
    await decide_as(office, staff["chen"], id, Decision.APPROVE)
    with pytest.raises(ReasonMissing):
        await decide_as(office, staff["huang"], id, Decision.REFUSE)
    case = await decide_as(office, staff["huang"], id, Decision.REFUSE, reason="收入超过标准")
    assert case.state == State.ACCEPTED
    assert await _waiting(office, id) == ("refuse", staff["huang"].id)
    case = await decide_as(office, staff["chen"], id, Decision.REFUSE, reason="收入超过标准")
    assert case.state == State.REFUSED
    async with office.sessions.read() as session:
        first, second = await opinions_of(session, id)
    assert first.lapsed_at is not None and second.agreed_by == staff["chen"].id


async def test_a_correction_and_a_withdrawal_end_an_opinion(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    one, other = await make_case(item=ITEM), await make_case(item=ITEM, number="SW202611230002")
    for id in (one, other):
        await decide_as(office, staff["chen"], id, Decision.APPROVE)
    wanted = [Wanted("写到房号", field="name")]
    await decide_as(office, staff["huang"], one, Decision.REQUEST_SUPPLEMENT, wanted=wanted)
    async with office.sessions.begin() as session:
        await withdraw(session, await session.get_one(Application, other), now=NOW)
    assert await _waiting(office, one) is None and await _waiting(office, other) is None


async def test_of_two_opinions_at_once_one_wins(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case(item=ITEM)
    case = await decide_as(office, staff["chen"], id, Decision.ACCEPT)
    outcomes = await asyncio.gather(
        decide_as(office, staff["chen"], id, Decision.APPROVE, version=case.version),
        decide_as(
            office, staff["huang"], id, Decision.REFUSE, reason="不符合", version=case.version
        ),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Application", "Busy"]
    async with office.sessions.read() as session:
        assert len(await opinions_of(session, id)) == 1
    assert any(isinstance(one, Busy) for one in outcomes)


async def test_on_the_pages_the_second_sees_the_firsts_opinion(
    office: Office,
    staff: dict[str, StaffUser],
    browser: Callable[[], Browser],
    make_case: MakeCase,
) -> None:
    id = await make_case(item=ITEM)
    clerk, head = browser(), browser()
    await clerk.log_in("chen")
    await head.log_in("huang")
    async with office.sessions.read() as session:
        version = (await session.get_one(Application, id)).version
    said = {"decision": "approve", "version": version, "reason": "看过收入材料"}
    answer = await clerk.post(f"/staff/cases/{id}/decision", **said)
    assert answer.headers["location"].endswith("done=opinion")
    page = (await head.client.get(f"/staff/cases/{id}")).text
    assert "chen同事的意见：拟准予" in page and "看过收入材料" in page
    assert "等另一位" in (await head.client.get("/staff?tab=accepted")).text
    async with office.sessions.read() as session:
        version = (await session.get_one(Application, id)).version
    answer = await head.post(f"/staff/cases/{id}/decision", decision="approve", version=version)
    assert answer.headers["location"].endswith("done=approve")
    assert "huang同事同意" in (await head.client.get(f"/staff/cases/{id}")).text


def test_what_the_robot_decides_asks_for_no_second_person(office: Office) -> None:
    item = office.catalogue.items["residence_permit_endorse"]
    rule = SecondLook(by="head", note="试", status="assumed")
    with pytest.raises((CatalogueError, ValueError), match="second_look"):
        ServiceItem.model_validate(item.model_copy(update={"second_look": rule}).model_dump())


async def test_what_could_have_been_asked_first_needs_a_reason(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id, clerk = await make_case(), staff["chen"]
    asks = Decision.REQUEST_SUPPLEMENT
    address = [Wanted("写到房号", field="current_address")]
    await decide_as(office, clerk, id, asks, wanted=address)
    back = NOW + timedelta(days=1)
    async with office.sessions.begin() as session:
        case = await session.get_one(Application, id)
        session.add(case.take(Step.SUBMIT, actor="citizen:citizen-1", at=back))
        (await session.get_one(AnswerRow, (id, "phone"))).at = back
    later = NOW + timedelta(days=2)
    lease = [*address, Wanted("缺页", material="lease")]
    with pytest.raises(LateReasonMissing) as fault:
        await decide_as(office, clerk, id, asks, wanted=lease, now=later)
    name = office.catalogue.items["residence_permit_apply"].material("lease").name
    assert fault.value.params == {"parts": name}, "the address was named before"
    async with office.sessions.read() as session:
        assert (await session.get_one(Application, id)).state == State.SUBMITTED
    changed = [*address, Wanted("停机了", field="phone")]
    await decide_as(office, clerk, id, asks, wanted=changed, now=later)
    async with office.sessions.begin() as session:
        case = await session.get_one(Application, id)
        session.add(case.take(Step.SUBMIT, actor="citizen:citizen-1", at=later))
    await decide_as(office, clerk, id, asks, wanted=lease, late_reason="上次照片没打开", now=later)
    async with office.sessions.read() as session:
        rows = list(await session.scalars(select(SupplementRow).order_by(SupplementRow.id)))
    assert [row.late_reason for row in rows] == [None, None, "上次照片没打开"]
