"""Taking, calling, recalling, holding, passing over, passing on, coming back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.queue.calling import act, call_next, sit_down, stand_up, transfer
from backoffice.queue.closing import close_days
from backoffice.queue.errors import (
    CalledTooSeldom,
    HasAnotherTicket,
    NoWindow,
    QueueClosed,
    TicketStepNotAllowed,
    WindowBusy,
    WindowTaken,
)
from backoffice.queue.models import QueuePeriod, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import TRANSITIONS, PeriodKind, TicketState, TicketStep
from backoffice.queue.tickets import Holder, cancel_ticket, open_tickets_of, step
from backoffice.staff.models import StaffUser
from tests.queue.conftest import NOW, SeatClerks, Take

MINUTE = timedelta(minutes=1)


async def _next(
    sessions: Sessions, rules: QueueRules, staff: StaffUser, after: timedelta = MINUTE
) -> str | None:
    async with sessions.begin() as session:
        ticket = await call_next(session, rules, staff=staff, now=NOW + after)
        return ticket.label if ticket else None


async def _act(
    sessions: Sessions,
    rules: QueueRules,
    staff: StaffUser,
    ticket: Ticket,
    what: TicketStep,
    after: timedelta = MINUTE,
) -> Ticket:
    async with sessions.begin() as session:
        return await act(session, rules, ticket.id, what, staff=staff, now=NOW + after)


async def test_numbers_run_by_series_and_day(take: Take) -> None:
    assert [(await take()).label for _ in range(3)] == ["A001", "A002", "A003"]
    assert (await take("social")).label == "B001"
    assert (await take(priority="elderly")).label == "YA001"
    assert (await take(at=NOW + timedelta(days=1))).label == "A001"


async def test_no_number_outside_the_hours_and_on_days_off(take: Take) -> None:
    for at in (NOW.replace(hour=3), NOW.replace(hour=17, minute=30), NOW - timedelta(days=1)):
        with pytest.raises(QueueClosed) as caught:
            await take(at=at)
        assert "08:30" in str(caught.value.params["opens"])
    assert (await take(at=NOW.replace(hour=13))).label == "A001", "at noon one may wait"


async def test_one_person_has_one_open_ticket_for_a_business(
    sessions: Sessions, rules: QueueRules, take: Take
) -> None:
    person = Holder(citizen_id="c1", conversation_id="v1")
    first = await take(holder=person)
    assert (await take(holder=person)).id == first.id
    assert (await take(holder=Holder(conversation_id="v1"))).label == "A002", "not known to be c1"
    assert (await take(holder=Holder(citizen_id="c1"))).id == first.id
    assert (await take("social", holder=person)).label == "B001"
    async with sessions.begin() as session:
        await cancel_ticket(session, rules, first.id, person, now=NOW)
    assert (await take(holder=Holder(citizen_id="c1"))).label == "A003"


async def test_nobody_cancels_another_persons_ticket(
    sessions: Sessions, rules: QueueRules, take: Take
) -> None:
    theirs, nobodys = await take(holder=Holder(citizen_id="c1")), await take()
    for ticket in (theirs, nobodys):
        async with sessions.begin() as session:
            with pytest.raises(NotFound):
                await cancel_ticket(session, rules, ticket.id, Holder(citizen_id="c2"), now=NOW)


async def test_priority_goes_first_but_nobody_waits_for_ever(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    (clerk, *_) = await seat_clerks(1)
    early = await take(at=NOW - timedelta(minutes=25))
    late = await take(at=NOW + timedelta(minutes=40))
    old = await take(priority="elderly", at=NOW + timedelta(minutes=30))
    older = await take(priority="veteran", at=NOW + timedelta(minutes=36))
    called = []
    for minute in range(50, 54):
        called.append(await _next(sessions, rules, clerk, minute * MINUTE))
        async with sessions.begin() as session:
            ticket = await session.scalar(select(Ticket).where(Ticket.state == TicketState.CALLED))
            assert ticket is not None
            await step(session, ticket, TicketStep.START, now=NOW)
    assert called == [old.label, early.label, older.label, late.label]


async def test_window_and_clerk_call_only_what_both_can(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    (any_window,) = await seat_clerks(1, ("mzj",))
    (permits,) = await seat_clerks(1, first=11)
    market, other, permit, poor = [
        (await take(one)).label for one in ("market", "other", "residence", "civil")
    ]
    assert await _next(sessions, rules, permits) == permit
    assert await _next(sessions, rules, any_window) == other, "no department's: everybody's"
    async with sessions.begin() as session:
        ticket = await session.scalar(select(Ticket).where(Ticket.series == "F"))
        assert ticket is not None
    await _act(sessions, rules, any_window, ticket, TicketStep.START)
    assert await _next(sessions, rules, any_window) == poor
    assert market


async def test_calling_next_finishes_who_is_served_and_a_second_press_does_nothing(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    (clerk,) = await seat_clerks(1)
    first, second = await take(), await take()
    assert await _next(sessions, rules, clerk) == first.label
    with pytest.raises(WindowBusy):
        await _next(sessions, rules, clerk)
    await _act(sessions, rules, clerk, first, TicketStep.START, 2 * MINUTE)
    assert await _next(sessions, rules, clerk, 9 * MINUTE) == second.label
    with pytest.raises(WindowBusy):
        await _next(sessions, rules, clerk, 9 * MINUTE)
    async with sessions.begin() as session:
        assert (await session.get_one(Ticket, first.id)).state == TicketState.DONE
        periods = await session.scalars(
            select(QueuePeriod).where(QueuePeriod.ticket_id == first.id).order_by(QueuePeriod.id)
        )
        spent = [(one.kind, (one.ended_at or NOW) - one.began_at) for one in periods]
    assert spent == [
        (PeriodKind.WAITING, MINUTE),
        (PeriodKind.INVITED, MINUTE),
        (PeriodKind.SERVED, 7 * MINUTE),
    ]


async def test_nobody_is_passed_over_after_one_call(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    (clerk,) = await seat_clerks(1)
    ticket = await take()
    await _next(sessions, rules, clerk)
    with pytest.raises(CalledTooSeldom):
        await _act(sessions, rules, clerk, ticket, TicketStep.NO_SHOW)
    await _act(sessions, rules, clerk, ticket, TicketStep.RECALL)
    passed = await _act(sessions, rules, clerk, ticket, TicketStep.NO_SHOW)
    assert passed.state == TicketState.NO_SHOW


async def test_who_missed_the_call_comes_behind_a_few(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    (clerk,) = await seat_clerks(1)
    missed = await take(holder=Holder(citizen_id="c1"))
    waiting = [await take(at=NOW + place * MINUTE) for place in range(1, 6)]
    await _next(sessions, rules, clerk, 10 * MINUTE)
    await _act(sessions, rules, clerk, missed, TicketStep.RECALL)
    await _act(sessions, rules, clerk, missed, TicketStep.NO_SHOW)
    await _act(sessions, rules, clerk, missed, TicketStep.RETURN)
    called = []
    for _ in range(6):
        called.append(await _next(sessions, rules, clerk, 20 * MINUTE))
        async with sessions.begin() as session:
            ticket = await session.scalar(select(Ticket).where(Ticket.state == TicketState.CALLED))
            assert ticket is not None
            await step(session, ticket, TicketStep.START, now=NOW + 20 * MINUTE)
    assert called == [one.label for one in (*waiting[:3], missed, *waiting[3:])]


async def test_coming_back_with_a_second_number_is_refused(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    (clerk,) = await seat_clerks(1)
    person = Holder(citizen_id="c1")
    missed = await take(holder=person)
    await _next(sessions, rules, clerk)
    await _act(sessions, rules, clerk, missed, TicketStep.RECALL)
    await _act(sessions, rules, clerk, missed, TicketStep.NO_SHOW)
    await take(holder=person)
    with pytest.raises(HasAnotherTicket):
        await _act(sessions, rules, clerk, missed, TicketStep.RETURN)


async def test_held_frees_the_window_and_comes_back_without_waiting(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    one, two = await seat_clerks(2)
    first, second = await take(), await take()
    await _next(sessions, rules, one)
    await _act(sessions, rules, one, first, TicketStep.START)
    await _act(sessions, rules, one, first, TicketStep.HOLD)
    assert await _next(sessions, rules, one) == second.label
    with pytest.raises(WindowBusy):
        await _act(sessions, rules, one, first, TicketStep.RESUME)
    back = await _act(sessions, rules, two, first, TicketStep.RESUME)
    assert (back.state, back.window) == (TicketState.CALLED, 2)


async def test_passed_on_is_next_there(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    one, two = await seat_clerks(2)
    ticket = await take()
    await take("social", at=NOW + MINUTE)
    await _next(sessions, rules, one, 2 * MINUTE)
    async with sessions.begin() as session:
        await transfer(
            session, rules, ticket.id, business="social", window=2, staff=one, now=NOW + 3 * MINUTE
        )
    assert await _next(sessions, rules, one, 4 * MINUTE) == "B001", "not for this window"
    assert await _next(sessions, rules, two, 4 * MINUTE) == ticket.label


async def test_only_the_own_window_and_from_the_right_state(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    one, two = await seat_clerks(2)
    ticket = await take()
    await _next(sessions, rules, one)
    with pytest.raises(NotFound):
        await _act(sessions, rules, two, ticket, TicketStep.START)
    with pytest.raises(TicketStepNotAllowed):
        await _act(sessions, rules, one, ticket, TicketStep.FINISH)


async def test_windows_are_sat_at_by_one_clerk_and_not_left_with_somebody_there(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    one, two = await seat_clerks(2)
    with pytest.raises(WindowTaken):
        async with sessions.begin() as session:
            await sit_down(session, rules, window=1, staff=two, now=NOW)
    await take()
    await _next(sessions, rules, one)
    with pytest.raises(WindowBusy):
        async with sessions.begin() as session:
            await stand_up(session, rules, staff=one, now=NOW)
    async with sessions.begin() as session:
        await stand_up(session, rules, staff=two, now=NOW)
        with pytest.raises(NoWindow):
            await call_next(session, rules, staff=two, now=NOW)
    with pytest.raises(NotFound):
        async with sessions.begin() as session:
            await sit_down(session, rules, window=99, staff=two, now=NOW)


async def test_yesterdays_tickets_are_never_called_and_are_ended(
    sessions: Sessions, rules: QueueRules, take: Take, seat_clerks: SeatClerks
) -> None:
    (clerk,) = await seat_clerks(1)
    person = Holder(citizen_id="c1", conversation_id="v1", phone="13800138000")
    left, served = await take(holder=person, at=NOW + MINUTE), await take()
    await _next(sessions, rules, clerk)
    tomorrow = NOW + timedelta(days=1)
    async with sessions.begin() as session:
        await sit_down(session, rules, window=1, staff=clerk, now=tomorrow)
        assert await call_next(session, rules, staff=clerk, now=tomorrow) is None
        assert await open_tickets_of(session, rules, person, now=tomorrow) == []
        assert await close_days(session, rules, now=tomorrow) == 2
        assert await close_days(session, rules, now=tomorrow) == 0
    async with sessions.begin() as session:
        await close_days(session, rules, now=NOW + timedelta(days=3))
    async with sessions.read() as session:
        kept = await session.get_one(Ticket, left.id)
        assert kept.state == TicketState.EXPIRED
        assert (kept.holder, kept.phone, kept.conversation_id, kept.citizen_id) == (None,) * 4
        open_periods = await session.scalars(
            select(QueuePeriod).where(QueuePeriod.ended_at.is_(None))
        )
        assert list(open_periods) == []
    assert served.label == "A002"


async def test_every_step_outside_the_table_is_refused(sessions: Sessions, take: Take) -> None:
    made = await take()
    async with sessions.begin() as session:
        ticket = await session.get_one(Ticket, made.id)
        for state in TicketState:
            for what in TicketStep:
                if (state, what) not in TRANSITIONS:
                    ticket.state = state
                    with pytest.raises(TicketStepNotAllowed):
                        await step(session, ticket, what, now=NOW)
