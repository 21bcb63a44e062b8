"""Decisions: all of it or nothing, by the table of transitions, one winner."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from backoffice.applications.decisions import (
    Bench,
    Decision,
    NothingWanted,
    ReasonMissing,
    StepNotAllowed,
    Wanted,
    WantedUnknown,
)
from backoffice.applications.models import Application, HistoryRow, SupplementRow
from backoffice.applications.states import State, Step
from backoffice.applications.watching import deem_accepted
from backoffice.audit import AuditEntry, verify
from backoffice.clock import CHINA
from backoffice.errors import Busy
from backoffice.outbox.models import OutboxEntry
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from tests.staff.conftest import ADDRESS, ID_NO, NAME, NOW, PHONE, MakeCase, decide_as


async def _rows(office: Office, table: type, id: str | None = None) -> list:
    async with office.sessions.begin() as session:
        rows = list(await session.scalars(select(table).order_by(*table.__table__.primary_key)))
    return [row for row in rows if id is None or row.application_id == id]


async def _case(office: Office, id: str) -> Application:
    async with office.sessions.begin() as session:
        return await session.get_one(Application, id)


async def test_acceptance_starts_the_promised_time(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case()
    case = await decide_as(office, staff["chen"], id, Decision.ACCEPT)
    days = office.catalogue.items[case.item_code].time.promised.value
    assert case.state == State.ACCEPTED and case.accepted_at == NOW
    assert case.due_on == office.calendar.add_working_days(NOW.date(), days)
    notices = [row.payload for row in await _rows(office, OutboxEntry)]
    assert notices == [{"application_id": id, "kind": "accepted"}]


async def test_approval_from_submission_keeps_both_steps_and_asks_for_one_result(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case()
    case = await decide_as(office, staff["chen"], "SW202611230001", Decision.APPROVE)
    assert case.id == id and case.state == State.APPROVED and case.decided_at == NOW
    steps = [row.step for row in await _rows(office, HistoryRow, id)]
    assert steps == [Step.SUBMIT, Step.ACCEPT, Step.APPROVE]
    entries = {row.key: row.kind for row in await _rows(office, OutboxEntry)}
    assert entries.pop(f"result:{id}") == "result.issue"
    assert list(entries.values()) == ["notice.send"]


async def test_correction_names_everything_and_stops_the_clock(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case()
    await decide_as(office, staff["chen"], id, Decision.ACCEPT)
    wanted = [Wanted("写到房号", field="current_address"), Wanted("缺页", material="lease")]
    case = await decide_as(office, staff["chen"], id, Decision.REQUEST_SUPPLEMENT, wanted=wanted)
    assert case.state == State.SUPPLEMENT_DUE and case.due_on is None
    (row,) = await _rows(office, SupplementRow, id)
    assert row.wanted == [
        {"field": "current_address", "reason": "写到房号"},
        {"material": "lease", "reason": "缺页"},
    ]


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        ([], NothingWanted),
        ([Wanted(" ", field="name")], NothingWanted),
        ([Wanted("x", field="no_such_field")], WantedUnknown),
        ([Wanted("x", material="no_such_paper")], WantedUnknown),
        ([Wanted("x", field="name", material="lease")], WantedUnknown),
        ([Wanted("x")], WantedUnknown),
    ],
)
async def test_a_correction_that_says_nothing_changes_nothing(
    office: Office,
    staff: dict[str, StaffUser],
    make_case: MakeCase,
    wanted: list[Wanted],
    fault: type[Exception],
) -> None:
    id = await make_case()
    with pytest.raises(fault):
        await decide_as(office, staff["chen"], id, Decision.REQUEST_SUPPLEMENT, wanted=wanted)
    assert (await _case(office, id)).state == State.SUBMITTED
    assert await _rows(office, OutboxEntry) == []


@pytest.mark.parametrize("decision", [Decision.REFUSE, Decision.NOT_ACCEPT])
async def test_a_refusal_needs_a_reason_and_says_how_to_appeal(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase, decision: Decision
) -> None:
    id = await make_case()
    with pytest.raises(ReasonMissing):
        await decide_as(office, staff["chen"], id, decision, reason="  ")
    assert (await _case(office, id)).state == State.SUBMITTED
    await decide_as(office, staff["chen"], id, decision, reason="住址不在本市")
    note = (await _rows(office, HistoryRow, id))[-1].note
    assert note.startswith("住址不在本市") and "行政复议" in note and "行政诉讼" in note


async def test_of_two_clerks_at_once_one_wins(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case()
    version = (await _case(office, id)).version
    outcomes = await asyncio.gather(
        decide_as(office, staff["chen"], id, Decision.APPROVE, version=version),
        decide_as(office, staff["wu"], id, Decision.REFUSE, reason="重复", version=version),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Application", "Busy"]
    steps = [row.step for row in await _rows(office, HistoryRow, id)]
    assert len([step for step in steps if step in (Step.APPROVE, Step.REFUSE)]) == 1


async def test_a_concluded_case_cannot_be_decided_again(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case()
    case = await decide_as(office, staff["chen"], id, Decision.APPROVE)
    for decision in Decision:
        wanted = [Wanted("x", field="name")]
        with pytest.raises(StepNotAllowed):
            await decide_as(office, staff["wu"], id, decision, reason="x", wanted=wanted)
        with pytest.raises(Busy):
            await decide_as(office, staff["wu"], id, decision, version=case.version - 1)


async def test_silence_beyond_five_working_days_accepts_from_the_day_of_receipt(
    office: Office, make_case: MakeCase
) -> None:
    received = datetime(2026, 11, 13, 10, 0, tzinfo=CHINA)  # a Friday: the fifth day is the 20th
    id = await make_case(at=received)
    for now, expected in [
        (datetime(2026, 11, 20, 23, 59, tzinfo=CHINA), []),
        (datetime(2026, 11, 21, 0, 1, tzinfo=CHINA), [id]),
        (datetime(2026, 11, 22, 0, 1, tzinfo=CHINA), []),
    ]:
        async with office.sessions.begin() as session:
            bench = Bench(session, office.catalogue, office.calendar, now)
            assert await deem_accepted(bench) == expected
    case = await _case(office, id)
    assert case.state == State.ACCEPTED and case.accepted_at == received
    assert case.due_on is not None and case.due_on > received.date() + timedelta(days=5)
    last = (await _rows(office, HistoryRow, id))[-1]
    assert (last.step, last.actor) == (Step.DEEM_ACCEPTED, "clock")


async def test_the_audit_trail_is_whole_and_holds_no_personal_data(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case()
    await decide_as(office, staff["chen"], id, Decision.REFUSE, reason=f"{NAME} 的住址不对")
    async with office.sessions.begin() as session:
        entries = list(await session.scalars(select(AuditEntry)))
        assert await verify(session) == []
    assert "case.refused" in [entry.action for entry in entries]
    written = " ".join(f"{e.actor} {e.action} {e.subject} {e.detail}" for e in entries)
    for secret in (NAME, ID_NO, PHONE, ADDRESS, "住址"):
        assert secret not in written
