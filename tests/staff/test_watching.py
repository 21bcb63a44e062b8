"""What the clock does by itself: reminders, escalation, silence, a holiday list that ends."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from backoffice.applications import watching
from backoffice.applications.clocks import history_of, set_clocks
from backoffice.applications.decisions import Bench, Decision, Wanted, case_of, decide
from backoffice.applications.models import Application
from backoffice.applications.services import withdraw
from backoffice.applications.states import State, Step
from backoffice.applications.watching import (
    deem_accepted,
    escalate_promises,
    remind,
    wind_up,
    without_a_day,
)
from backoffice.audit import AuditEntry
from backoffice.calendar import WorkCalendar
from backoffice.clock import CHINA
from backoffice.outbox.models import OutboxEntry
from backoffice.staff.models import StaffUser
from backoffice.tasks import Task, TaskKind, TaskState, finish, list_tasks, open_task
from bootstrap.container import Office
from tests.staff.conftest import NOW, Browser, FixedClock, MakeCase
from worker.jobs import Jobs

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=CHINA)


def _noon(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), CHINA) + timedelta(hours=12)


async def _decide(
    office: Office, staff: StaffUser, id: str, decision: Decision, at: datetime
) -> Application:
    async with office.sessions.begin() as session:
        case = await case_of(session, id=id, staff=staff, catalogue=office.catalogue)
        bench = Bench(session, office.catalogue, office.calendar, at)
        wanted = [Wanted("写到房号", field="current_address")]
        wanted = wanted if decision == Decision.REQUEST_SUPPLEMENT else []
        return await decide(bench, case, decision, staff=staff, wanted=wanted)


async def _hand_back(office: Office, id: str, at: datetime) -> Application:
    """The corrected application, as `services.submit` leaves it."""
    async with office.sessions.begin() as session:
        case = await session.get_one(Application, id)
        session.add(case.take(Step.SUBMIT, actor="citizen:citizen-1", at=at))
        item = office.catalogue.items[case.item_code]
        set_clocks(case, item, office.calendar, await history_of(session, case))
        return case


async def _round(office: Office, at: datetime) -> list[str]:
    async with office.sessions.begin() as session:
        return await remind(Bench(session, office.catalogue, office.calendar, at))


async def _tasks(office: Office) -> list[Task]:
    async with office.sessions.read() as session:
        return list(await session.scalars(select(Task).order_by(Task.created_at, Task.key)))


async def test_both_clocks_run_from_acceptance_and_stand_while_the_applicant_corrects(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id, clerk = await make_case(at=MONDAY), staff["chen"]
    case = await _decide(office, clerk, id, Decision.ACCEPT, MONDAY)
    promised = office.calendar.add_working_days(MONDAY.date(), 10)
    assert case.due_on == case.act_by == promised
    assert case.lawful_on == MONDAY.date() + timedelta(days=15), "the law counts calendar days"
    asked = MONDAY + timedelta(days=1)
    case = await _decide(office, clerk, id, Decision.REQUEST_SUPPLEMENT, asked)
    assert (case.due_on, case.lawful_on, case.act_by) == (None, None, None)
    back = asked + timedelta(days=3)
    case = await _hand_back(office, id, back)
    paused = office.calendar.add_working_days(promised, 3)
    assert case.due_on == paused and case.lawful_on == MONDAY.date() + timedelta(days=18)
    silence = office.calendar.add_working_days(back.date(), 5)
    assert case.act_by == min(paused, silence, case.lawful_on)
    # A second correction before it was accepted again stops the clock as the first did.
    case = await _decide(office, clerk, id, Decision.REQUEST_SUPPLEMENT, back + timedelta(days=3))
    assert case.act_by is None
    case = await _hand_back(office, id, back + timedelta(days=4))
    assert case.due_on == office.calendar.add_working_days(paused, 1)


async def test_a_reminder_comes_before_and_the_head_hears_after_each_once(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case(at=MONDAY)
    case = await _decide(office, staff["chen"], id, Decision.ACCEPT, MONDAY)
    assert case.act_by is not None and case.lawful_on is not None
    assert await _round(office, MONDAY) == []
    near = case.act_by - timedelta(days=1)
    assert [key.split(":")[0] for key in await _round(office, _noon(near))] == ["near"]
    assert await _round(office, _noon(near)) == []
    late = _noon(case.act_by + timedelta(days=1))
    assert [key.split(":")[0] for key in await _round(office, late)] == ["late"]
    by_law = _noon(case.lawful_on + timedelta(days=1))
    assert [key.split(":")[0] for key in await _round(office, by_law)] == ["late_by_law"]
    assert await _round(office, by_law) == []
    async with office.sessions.read() as session:
        states = (TaskState.OPEN,)
        kinds = {
            name: sorted(
                task.kind
                for task in await list_tasks(
                    session, staff=staff[name], catalogue=office.catalogue, states=states
                )
            )
            for name in ("chen", "huang", "elsewhere")
        }
        actions = [row.action for row in await session.scalars(select(AuditEntry))]
    assert kinds == {
        "chen": [TaskKind.REMINDER],
        "huang": [TaskKind.OVERDUE, TaskKind.OVERDUE, TaskKind.REMINDER],
        "elsewhere": [],
    }
    assert {"case.near", "case.late", "case.late_by_law"} <= set(actions)
    await _decide(office, staff["chen"], id, Decision.APPROVE, by_law)
    assert {task.state for task in await _tasks(office)} == {TaskState.DONE}


async def test_what_was_withdrawn_is_reminded_of_no_more(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case(at=MONDAY)
    async with office.sessions.read() as session:
        last = (await session.get_one(Application, id)).act_by
    assert last is not None and len(await _round(office, _noon(last))) == 1
    async with office.sessions.begin() as session:
        await withdraw(session, await session.get_one(Application, id), now=_noon(last))
    (task,) = await _tasks(office)
    assert task.state == TaskState.DONE
    assert await _round(office, _noon(last) + timedelta(days=9)) == []


async def test_silence_is_told_to_the_citizen_as_silence_and_to_the_head(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case(at=MONDAY)
    async with office.sessions.begin() as session:
        bench = Bench(session, office.catalogue, office.calendar, MONDAY + timedelta(days=8))
        assert await deem_accepted(bench) == [id]
    async with office.sessions.read() as session:
        notices = [row.payload["kind"] for row in await session.scalars(select(OutboxEntry))]
        case = await session.get_one(Application, id)
    assert notices == ["deemed"] and case.state == State.ACCEPTED
    (task,) = await _tasks(office)
    assert task.kind == TaskKind.OVERDUE and "视为受理" in task.summary
    await _decide(office, staff["chen"], id, Decision.APPROVE, MONDAY + timedelta(days=9))
    (task,) = await _tasks(office)
    assert task.state == TaskState.OPEN, "nobody looked in time: the head still has to see it"


async def test_a_case_accepted_before_is_not_accepted_by_its_promise_running_out(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id, clerk = await make_case(at=MONDAY), staff["chen"]
    await _decide(office, clerk, id, Decision.ACCEPT, MONDAY)
    asked = MONDAY + timedelta(days=14)
    await _decide(office, clerk, id, Decision.REQUEST_SUPPLEMENT, asked)
    case = await _hand_back(office, id, asked + timedelta(days=1))
    assert case.act_by is not None
    day_after = _noon(case.act_by + timedelta(days=1))
    async with office.sessions.begin() as session:
        bench = Bench(session, office.catalogue, office.calendar, day_after)
        assert await deem_accepted(bench) == []
    assert [key.split(":")[0] for key in await _round(office, day_after)] == ["late"]


async def test_a_missing_year_is_named_and_made_up_for_when_the_list_comes(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    received = datetime(2026, 12, 30, 10, 0, tzinfo=CHINA)
    id = await make_case(at=received)
    now = received + timedelta(hours=1)
    async with office.sessions.begin() as session:
        assert (await session.get_one(Application, id)).act_by is None
        assert await without_a_day(session, office.catalogue) == 1
        assert await wind_up(Bench(session, office.catalogue, office.calendar, now)) == []
        years = office.calendar.years | {2027: office.calendar.years[2026]}
        fuller = WorkCalendar(years)
        assert await wind_up(Bench(session, office.catalogue, fuller, now)) == [id]
        case = await session.get_one(Application, id)
        assert case.act_by is not None and case.act_by > date(2027, 1, 1)
        assert await without_a_day(session, office.catalogue) == 0


def test_days_left_of_the_list(office: Office) -> None:
    assert office.calendar.days_left(date(2026, 11, 2)) == 59
    assert office.calendar.days_left(date(2031, 1, 5)) == -5


@pytest.mark.parametrize(
    ("today", "told"), [(NOW.replace(month=6), False), (NOW, True), (NOW.replace(year=2027), True)]
)
async def test_the_operator_is_warned_before_the_list_ends(
    office: Office,
    staff: dict[str, StaffUser],
    browser: Callable[[], Browser],
    today: datetime,
    told: bool,
) -> None:
    object.__setattr__(office, "clock", FixedClock(today))
    admin = browser()
    await admin.log_in("admin")
    assert ("节假日安排" in (await admin.client.get("/staff/system")).text) is told


async def test_the_workers_round_does_all_of_it(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase
) -> None:
    id = await make_case(at=MONDAY)
    object.__setattr__(office, "clock", FixedClock(MONDAY + timedelta(days=9)))
    await Jobs(office).clock_steps()
    async with office.sessions.read() as session:
        assert (await session.get_one(Application, id)).state == State.ACCEPTED
    assert [task.kind for task in await _tasks(office)] == [TaskKind.OVERDUE]
    object.__setattr__(office, "clock", FixedClock(MONDAY + timedelta(days=10)))
    await Jobs(office).clock_steps()
    kinds = sorted(task.kind for task in await _tasks(office))
    assert kinds == [TaskKind.OVERDUE, TaskKind.REMINDER]


async def test_tasks_of_another_department_do_not_exist(
    office: Office,
    staff: dict[str, StaffUser],
    browser: Callable[[], Browser],
    make_case: MakeCase,
) -> None:
    id = await make_case(at=MONDAY)
    await _decide(office, staff["chen"], id, Decision.ACCEPT, MONDAY)
    await _round(office, NOW)
    tasks = await _tasks(office)
    overdue = next(task for task in tasks if task.kind == TaskKind.OVERDUE)
    for name, status in (("elsewhere", 404), ("chen", 404), ("huang", 303)):
        person = browser()
        await person.log_in(name)
        taken = await person.post(f"/staff/tasks/{overdue.id}/take")
        assert taken.status_code == status, name
        listed = (await person.client.get("/staff/tasks?tab=clocks")).text
        assert ("督办" in listed) is (name == "huang"), name
    head = browser()
    await head.log_in("huang")
    ended = await head.post(f"/staff/tasks/{overdue.id}/finish", outcome="已交代今天办完")
    assert ended.status_code == 303


async def test_a_call_back_past_its_promise_is_the_heads_until_it_is_done(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    async with office.sessions.begin() as session:
        task = await open_task(
            session, kind=TaskKind.CALLBACK, conversation_id="c", application_id=None,
            item_code=None, phone="13800138000", summary="想问租约", now=MONDAY,
            calendar=office.calendar, key="k",
        )  # fmt: skip
        assert task.promised_at is not None
    for at, count in ((task.promised_at, 0), (task.promised_at + timedelta(minutes=1), 1)):
        for _ in range(2):
            async with office.sessions.begin() as session:
                await escalate_promises(Bench(session, office.catalogue, office.calendar, at))
            overdue = [one for one in await _tasks(office) if one.kind == TaskKind.OVERDUE]
            assert len(overdue) == count
    assert "回电" in overdue[0].summary and "13800138000" not in overdue[0].summary
    async with office.sessions.begin() as session:
        await finish(session, task.id, staff=staff["chen"], outcome="已回电", now=NOW)
    assert {one.state for one in await _tasks(office)} == {TaskState.DONE}


async def test_promises_that_the_head_knows_of_hide_no_later_ones(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_AT_ONCE", 2)
    for number in range(5):
        async with office.sessions.begin() as session:
            task = await open_task(
                session, kind=TaskKind.CALLBACK, conversation_id="c", application_id=None,
                item_code=None, phone="13800138000", summary="想问租约", now=MONDAY,
                calendar=office.calendar, key=f"k{number}",
            )  # fmt: skip
    assert task.promised_at is not None
    over = task.promised_at + timedelta(minutes=1)
    told = []
    for _ in range(4):
        async with office.sessions.begin() as session:
            bench = Bench(session, office.catalogue, office.calendar, over)
            told.append(len(await escalate_promises(bench)))
    assert told == [2, 2, 1, 0]
