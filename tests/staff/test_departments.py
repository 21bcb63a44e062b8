"""A case in a department's own system: handed over on acceptance, followed, copied where none is."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select

from backoffice.applications.decisions import Bench, Decision, case_of, decide
from backoffice.audit import AuditEntry
from backoffice.departments.models import DepartmentCase
from backoffice.outbox.models import OutboxEntry
from backoffice.staff.models import StaffUser
from backoffice.tasks import Task, TaskKind
from bootstrap.container import Office
from integrations.departments.sandbox import ACCEPTS_AFTER, APPROVES_AFTER, SandboxDeptCases
from integrations.ports import DeptState, Unavailable
from tests.staff.conftest import ADDRESS, NAME, NOW, Browser, FixedClock, MakeCase
from worker.jobs import Jobs

ITEM = "temp_relief"


async def _accept(office: Office, staff: StaffUser, id: str) -> None:
    async with office.sessions.begin() as session:
        case = await case_of(session, id=id, staff=staff, catalogue=office.catalogue)
        bench = Bench(session, office.catalogue, office.calendar, office.clock.now())
        await decide(bench, case, Decision.ACCEPT, staff=staff)


async def _row(office: Office, id: str) -> DepartmentCase | None:
    async with office.sessions.read() as session:
        return await session.get(DepartmentCase, id)


def _later(office: Office, by: timedelta) -> None:
    cast(FixedClock, office.clock).moment += by


@pytest.fixture
def system(office: Office) -> SandboxDeptCases:
    """The department's system, on the office's own clock."""
    made = SandboxDeptCases(now=lambda: office.clock.now())
    office.departments = made
    return made


async def test_acceptance_hands_over_case_and_papers_once(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase, system: SandboxDeptCases
) -> None:
    id = await make_case(item=ITEM)
    await Jobs(office).deliver()
    assert await _row(office, id) is None, "nothing leaves the house before acceptance"
    await _accept(office, staff["chen"], id)
    for _ in range(2):
        await Jobs(office).deliver()
    row = await _row(office, id)
    assert row is not None and row.reference and row.system == "mzj"
    assert len(system.papers(row.reference)) == 1
    async with office.sessions.read() as session:
        actions = [one.action for one in await session.scalars(select(AuditEntry))]
    assert actions.count("department.handed") == 1


async def test_an_item_without_a_system_of_its_own_stays_here(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase, system: SandboxDeptCases
) -> None:
    id = await make_case()
    await _accept(office, staff["chen"], id)
    async with office.sessions.read() as session:
        kinds = {one.kind for one in await session.scalars(select(OutboxEntry))}
    assert "department.hand" not in kinds and await _row(office, id) is None


async def test_what_did_not_arrive_is_sent_again(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase, system: SandboxDeptCases
) -> None:
    id = await make_case(item=ITEM)
    await _accept(office, staff["chen"], id)
    system.faults.fail_next()
    await Jobs(office).deliver()
    assert await _row(office, id) is None
    _later(office, timedelta(minutes=1))
    await Jobs(office).deliver()
    assert await _row(office, id) is not None


async def test_their_status_is_followed_and_their_end_becomes_a_task_here(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase, system: SandboxDeptCases
) -> None:
    id = await make_case(item=ITEM)
    await _accept(office, staff["chen"], id)
    jobs = Jobs(office)
    await jobs.deliver()
    seen = []
    for by in (timedelta(), ACCEPTS_AFTER, APPROVES_AFTER, timedelta(days=1)):
        _later(office, by + timedelta(minutes=31))
        system.faults.fail_next(error=Unavailable("down"))
        await jobs.ask_departments()
        _later(office, timedelta(minutes=31))
        await jobs.ask_departments()
        row = await _row(office, id)
        assert row is not None
        seen.append((row.state, row.ask_at is None))
    assert seen[-1] == (DeptState.APPROVED, True)
    async with office.sessions.read() as session:
        tasks = [one for one in await session.scalars(select(Task)) if one.kind == TaskKind.REVIEW]
        case = await case_of(session, id=id, staff=staff["chen"], catalogue=office.catalogue)
    assert len(tasks) == 1 and "已经准予" in tasks[0].summary
    assert case.state == "accepted", "a department's system decides nothing here"


async def test_without_a_connection_the_clerk_copies_field_by_field(
    office: Office,
    staff: dict[str, StaffUser],
    browser: Callable[[], Browser],
    make_case: MakeCase,
) -> None:
    office.departments = None
    id = await make_case(item=ITEM)
    await _accept(office, staff["chen"], id)
    await Jobs(office).deliver()
    assert await _row(office, id) is None
    clerk, stranger = browser(), browser()
    await clerk.log_in("chen")
    await stranger.log_in("elsewhere")
    assert "还没有接通" in (await clerk.client.get(f"/staff/cases/{id}")).text
    page = await clerk.client.get(f"/staff/cases/{id}/copy")
    assert page.status_code == 200 and f'data-copy="{NAME}"' in page.text
    assert (await stranger.client.get(f"/staff/cases/{id}/copy")).status_code == 404
    async with office.sessions.read() as session:
        looks = [
            one for one in await session.scalars(select(AuditEntry)) if one.action == "case.viewed"
        ]
    assert len(looks) == 2


async def test_the_copy_says_choices_and_dates_as_people_do(
    office: Office,
    staff: dict[str, StaffUser],
    browser: Callable[[], Browser],
    make_case: MakeCase,
) -> None:
    id, clerk = await make_case(), browser()
    await clerk.log_in("chen")
    page = (await clerk.client.get(f"/staff/cases/{id}/copy")).text
    for said in (f'data-copy="{ADDRESS}"', 'data-copy="2026年3月1日"', "SW202611230001"):
        assert said in page
    assert 'data-copy="rented"' not in page and NOW
