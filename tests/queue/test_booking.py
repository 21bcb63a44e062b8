"""Booking a slot, coming in time, too early, too late, or not at all."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from backoffice.applications.models import Application
from backoffice.applications.states import State
from backoffice.calendar import WorkCalendar
from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.queue.booking import book, bookings_of, cancel_booking, check_in, free_slots
from backoffice.queue.calling import call_next
from backoffice.queue.closing import close_days, forget_holder
from backoffice.queue.errors import SlotTaken, TooEarly
from backoffice.queue.models import Appointment
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import BookingState
from backoffice.queue.tickets import Holder, Wish
from backoffice.tasks import Task, TaskState, open_task
from catalogue.loader import Catalogue, load_catalogue
from catalogue.parameters import load_holidays
from tests.queue.conftest import DATA, NOW, SeatClerks, Take

TOMORROW_AT_NINE = NOW + timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(DATA / "items")


async def _book(
    sessions: Sessions,
    rules: QueueRules,
    who: str = "c1",
    slot: datetime = TOMORROW_AT_NINE,
    application: str | None = None,
    now: datetime = NOW,
) -> Appointment:
    wish = Wish("residence", "appointment", application_id=application)
    async with sessions.begin() as session:
        return await book(session, rules, wish, Holder(citizen_id=who), slot, now=now)


async def test_slots_are_in_working_hours_and_fill_up(
    sessions: Sessions, rules: QueueRules
) -> None:
    for number in range(rules.numbers.appointments.places):
        await _book(sessions, rules, f"c{number}")
    with pytest.raises(SlotTaken):
        await _book(sessions, rules, "late")
    async with sessions.read() as session:
        free = await free_slots(session, rules, "residence", now=NOW)
        other = await free_slots(session, rules, "social", now=NOW)
    assert TOMORROW_AT_NINE not in free and TOMORROW_AT_NINE in other
    for slot in free:
        hours = rules.periods_on(slot.date())
        assert slot > NOW and any(begin <= slot < end for begin, end in hours)
    assert not [slot for slot in free if slot.weekday() > 4]


@pytest.mark.parametrize(
    "slot", [NOW - MINUTE, TOMORROW_AT_NINE + MINUTE, NOW + timedelta(days=30), NOW.replace(hour=3)]
)
async def test_what_is_no_slot_cannot_be_booked(
    sessions: Sessions, rules: QueueRules, slot: datetime
) -> None:
    with pytest.raises(SlotTaken):
        await _book(sessions, rules, slot=slot)


async def test_booking_again_moves_it_and_cancelling_frees_the_place(
    sessions: Sessions, rules: QueueRules
) -> None:
    first = await _book(sessions, rules)
    second = await _book(sessions, rules, slot=TOMORROW_AT_NINE + 30 * MINUTE)
    assert first.number != second.number
    person = Holder(citizen_id="c1")
    async with sessions.begin() as session:
        assert [one.id for one in await bookings_of(session, rules, person, now=NOW)] == [second.id]
        with pytest.raises(NotFound):
            await cancel_booking(session, rules, second.id, Holder(citizen_id="c2"), now=NOW)
        await cancel_booking(session, rules, second.id, person, now=NOW)
        assert await bookings_of(session, rules, person, now=NOW) == []


async def test_in_time_is_called_before_who_came_without_a_booking(
    sessions: Sessions, rules: QueueRules, catalogue: Catalogue, take: Take, seat_clerks: SeatClerks
) -> None:
    booking = await _book(sessions, rules)
    walked_in = await take(at=TOMORROW_AT_NINE - 25 * MINUTE)
    async with sessions.begin() as session:
        with pytest.raises(TooEarly):
            await check_in(
                session, rules, catalogue, booking.number, now=TOMORROW_AT_NINE - 40 * MINUTE
            )
        at = TOMORROW_AT_NINE - 5 * MINUTE
        ticket = await check_in(session, rules, catalogue, f" {booking.number.lower()} ", now=at)
        again = await check_in(session, rules, catalogue, booking.number, now=at)
    assert (ticket.label, again.id) == ("RA001", ticket.id)
    assert ticket.order_at < walked_in.order_at


async def test_too_late_waits_like_everybody_and_another_day_it_is_unknown(
    sessions: Sessions, rules: QueueRules, catalogue: Catalogue
) -> None:
    booking = await _book(sessions, rules)
    async with sessions.begin() as session:
        for number, at in ((booking.number, NOW), ("YY202611230099", TOMORROW_AT_NINE)):
            with pytest.raises(NotFound):
                await check_in(session, rules, catalogue, number, now=at)
        at = TOMORROW_AT_NINE + 20 * MINUTE
        ticket = await check_in(session, rules, catalogue, booking.number, now=at)
        assert (ticket.series, ticket.order_at) == ("A", at)


async def _draft_at_window(sessions: Sessions) -> Application:
    async with sessions.begin() as session:
        application = Application(
            number="SW202611230001",
            item_code="temp_relief",
            item_version="1",
            citizen_id="c1",
            channel="phone",
            state=State.DRAFT,
            progress={"appointed": True},
            created_at=NOW,
            updated_at=NOW,
        )
        session.add(application)
        await session.flush()
        await open_task(
            session,
            kind="appointment",
            conversation_id=None,
            application_id=application.id,
            item_code="temp_relief",
            phone=None,
            summary=None,
            now=NOW,
            calendar=WorkCalendar(load_holidays(DATA / "parameters" / "holidays.yml")),
            key=f"appointment:{application.id}",
        )
    return application


async def test_case_number_is_the_bookings_and_nobody_need_call_any_more(
    sessions: Sessions, rules: QueueRules, catalogue: Catalogue
) -> None:
    application = await _draft_at_window(sessions)
    booking = await _book(sessions, rules, application=application.id)
    assert booking.number == application.number
    async with sessions.begin() as session:
        task = (await session.scalars(select(Task))).one()
        assert task.state == TaskState.DONE and "11月24日" in str(task.outcome)
        ticket = await check_in(session, rules, catalogue, booking.number, now=TOMORROW_AT_NINE)
        assert ticket.application_id == application.id


async def test_case_number_without_a_slot_gets_a_ticket_of_its_business(
    sessions: Sessions, rules: QueueRules, catalogue: Catalogue, seat_clerks: SeatClerks
) -> None:
    """Who has no phone comes with the number of the draft that was filled in at the kiosk."""
    application = await _draft_at_window(sessions)
    (clerk,) = await seat_clerks(1)
    async with sessions.begin() as session:
        ticket = await check_in(session, rules, catalogue, str(application.number), now=NOW)
        assert (ticket.label, ticket.application_id) == ("C001", application.id)
        again = await check_in(session, rules, catalogue, str(application.number), now=NOW)
        assert again.id == ticket.id
        called = await call_next(session, rules, staff=clerk, now=NOW)
        assert called is not None and called.application_id == application.id
        application = await session.get_one(Application, application.id)
        application.progress = {}
        with pytest.raises(NotFound):
            await check_in(session, rules, catalogue, "SW202611239999", now=NOW)


async def test_who_did_not_come_and_who_asks_to_be_forgotten(
    sessions: Sessions, rules: QueueRules
) -> None:
    missed = await _book(sessions, rules)
    later = await _book(sessions, rules, "c2", slot=TOMORROW_AT_NINE + timedelta(days=3))
    async with sessions.begin() as session:
        await close_days(session, rules, now=TOMORROW_AT_NINE + timedelta(days=1))
        await forget_holder(session, "c2", [])
    async with sessions.read() as session:
        gone = await session.get_one(Appointment, later.id)
        assert (gone.state, gone.citizen_id, gone.holder) == (BookingState.CANCELLED, None, None)
        assert (await session.get_one(Appointment, missed.id)).state == BookingState.MISSED
    moved = TOMORROW_AT_NINE + timedelta(days=2)
    again = await _book(sessions, rules, slot=moved, now=TOMORROW_AT_NINE + timedelta(days=1))
    assert again.state == BookingState.BOOKED
