"""Appointments: a place in a slot, given up or turned into a ticket when the person comes.

There is one way to come: by a number. It is the case number of a draft that waits for its person at
the window, with or without a slot, or the number of a booking that no draft stands behind.
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.clock import china_date
from backoffice.dates import moment_text
from backoffice.errors import NotFound
from backoffice.messages import text
from backoffice.queue.errors import HasAnotherTicket, SlotTaken, TooEarly
from backoffice.queue.models import Appointment, Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import BookingState
from backoffice.queue.tickets import Holder, Wish, check_address, next_number, take_ticket
from backoffice.staff.window import waits_for_person
from backoffice.tasks.models import TaskKind
from backoffice.tasks.services import close_for
from catalogue.loader import Catalogue

_SERIES = "#"
"""Bookings are counted like tickets, in a series that no letter of the hall can have."""
_STANDING = (BookingState.BOOKED, BookingState.ARRIVED)


async def free_slots(
    session: AsyncSession, rules: QueueRules, business: str, *, now: datetime
) -> list[datetime]:
    """The slots of the coming days with a place left for this business."""
    ahead = rules.numbers.appointments.days_ahead
    last = now + timedelta(days=ahead + 1)
    taken = Counter(
        await session.scalars(
            select(Appointment.slot_at).where(
                Appointment.hall == rules.hall,
                Appointment.business == business,
                Appointment.slot_at.between(now, last),
                Appointment.state.in_(_STANDING),
            )
        )
    )
    return [
        slot
        for offset in range(ahead + 1)
        for slot in rules.slots_on(china_date(now) + timedelta(days=offset))
        if slot > now and taken[slot] < rules.numbers.appointments.places
    ]


async def book(
    session: AsyncSession,
    rules: QueueRules,
    wish: Wish,
    holder: Holder,
    slot_at: datetime,
    *,
    now: datetime,
) -> Appointment:
    """Book a slot; who has one for this business already moves it there.

    Where it is for a draft that waits for its person, nobody need call to make the appointment any
    more: the task for that is closed.

    Raises:
        SlotTaken: no such slot in the coming days, or its last place was just taken.
        TooManyWaiting: too many people at this address hold bookings without being signed in.
    """
    if slot_at not in await free_slots(session, rules, wish.business, now=now):
        raise SlotTaken
    await _give_up_earlier(session, rules, wish.business, holder, now)
    booked = select(Appointment.conversation_id).where(
        Appointment.hall == rules.hall,
        Appointment.state == BookingState.BOOKED,
        Appointment.slot_at > now,
        Appointment.citizen_id.is_(None),
    )
    await check_address(session, rules, holder, booked)
    application = await _waiting(session, wish.application_id)
    number = application.number if application else None
    booking = Appointment(
        hall=rules.hall,
        number=number or await _own_number(session, rules, now),
        slot_at=slot_at,
        business=wish.business,
        place=0,
        item_code=wish.item_code,
        priority=wish.priority,
        holder=next(iter(holder.keys), None),
        conversation_id=holder.conversation_id,
        citizen_id=holder.citizen_id,
        application_id=application.id if application else None,
        phone=holder.phone,
        state=BookingState.BOOKED,
        booked_at=now,
    )
    await _seat(session, rules, booking)
    if application is not None:
        outcome = text("queue.booked_by_citizen", when=moment_text(slot_at))
        await close_for(
            session, application.id, kind=TaskKind.APPOINTMENT, outcome=outcome, now=now
        )
    return booking


async def _give_up_earlier(
    session: AsyncSession, rules: QueueRules, business: str, holder: Holder, now: datetime
) -> None:
    earlier = await session.scalars(
        select(Appointment).where(
            Appointment.hall == rules.hall,
            Appointment.business == business,
            Appointment.holder.in_(holder.keys),
            Appointment.state == BookingState.BOOKED,
        )
    )
    for one in earlier:
        over = china_date(one.slot_at) < china_date(now)
        one.state = BookingState.MISSED if over else BookingState.CANCELLED
    await session.flush()


async def bookings_of(
    session: AsyncSession, rules: QueueRules, holder: Holder, *, now: datetime
) -> list[Appointment]:
    """This person's bookings that are still to come, the next first."""
    late = timedelta(minutes=rules.numbers.appointments.late_minutes)
    found = await session.scalars(
        select(Appointment)
        .where(
            Appointment.hall == rules.hall,
            Appointment.holder.in_(holder.keys),
            Appointment.state == BookingState.BOOKED,
            Appointment.slot_at >= now - late,
        )
        .order_by(Appointment.slot_at)
    )
    return list(found)


async def cancel_booking(
    session: AsyncSession, rules: QueueRules, booking_id: int, holder: Holder, *, now: datetime
) -> Appointment:
    """Give up one's own booking. Raises NotFound."""
    mine = await bookings_of(session, rules, holder, now=now)
    booking = next((one for one in mine if one.id == booking_id), None)
    if booking is None:
        raise NotFound
    booking.state = BookingState.CANCELLED
    await session.flush()
    return booking


async def check_in(
    session: AsyncSession, rules: QueueRules, catalogue: Catalogue, number: str, *, now: datetime
) -> Ticket:
    """The person with this number has come: a ticket, in time before those without a booking.

    Who comes later than allowed, or with a case number and no slot, gets one like everybody else.

    Raises:
        NotFound: no such booking today, and no draft of this number waits for anybody.
        TooEarly: long before the slot.
        QueueClosed
    """
    number = number.strip().upper()
    booking = await _todays(session, rules, number, now)
    if booking is None:
        return await _without_slot(session, rules, catalogue, number, now)
    if booking.ticket_id is not None:
        return await session.get_one(Ticket, booking.ticket_id)
    early = timedelta(minutes=rules.numbers.appointments.early_minutes)
    late = timedelta(minutes=rules.numbers.appointments.late_minutes)
    if now < booking.slot_at - early:
        raise TooEarly(from_=moment_text(booking.slot_at - early))
    wish = Wish(
        business=rules.standing(booking.business),
        channel="appointment",
        priority=booking.priority,
        item_code=booking.item_code,
        application_id=booking.application_id,
        booked_for=booking.slot_at if now <= booking.slot_at + late else None,
    )
    holder = Holder(booking.citizen_id, booking.conversation_id, booking.phone, slip=number)
    ticket, _ = await take_ticket(session, rules, wish, holder, now=now)
    booking.state, booking.ticket_id = BookingState.ARRIVED, ticket.id
    await session.flush()
    return ticket


async def _without_slot(
    session: AsyncSession, rules: QueueRules, catalogue: Catalogue, number: str, now: datetime
) -> Ticket:
    application = await session.scalar(select(Application).where(Application.number == number))
    application = await _waiting(session, application.id if application else None)
    item = catalogue.find(application.item_code) if application is not None else None
    business = rules.of_department.get(item.department) if item is not None else None
    if application is None or item is None or business is None:
        raise NotFound
    wish = Wish(business.code, "appointment", item_code=item.code, application_id=application.id)
    holder = Holder(application.citizen_id, slip=number)
    ticket, new = await take_ticket(session, rules, wish, holder, now=now)
    if not new and ticket.application_id not in (None, application.id):
        raise HasAnotherTicket
    return ticket


async def _todays(
    session: AsyncSession, rules: QueueRules, number: str, now: datetime
) -> Appointment | None:
    found = await session.scalars(
        select(Appointment)
        .where(
            Appointment.hall == rules.hall,
            Appointment.number == number,
            Appointment.state.in_(_STANDING),
        )
        .with_for_update()
    )
    return next((one for one in found if china_date(one.slot_at) == china_date(now)), None)


async def _waiting(session: AsyncSession, application_id: str | None) -> Application | None:
    """The application, if it is a finished draft that only lacks the person at the window."""
    if application_id is None:
        return None
    found = await session.get(Application, application_id)
    return found if found is not None and waits_for_person(found) else None


async def _seat(session: AsyncSession, rules: QueueRules, booking: Appointment) -> None:
    """Give the booking a free place; one that somebody else takes at this moment is tried anew."""
    for _ in range(rules.numbers.appointments.places):
        place = await _free_place(session, rules, booking)
        if place is None:
            break
        booking.place = place
        try:
            async with session.begin_nested():
                session.add(booking)
        except IntegrityError:
            continue
        return
    raise SlotTaken


async def _free_place(session: AsyncSession, rules: QueueRules, booking: Appointment) -> int | None:
    taken = set(
        await session.scalars(
            select(Appointment.place).where(
                Appointment.hall == rules.hall,
                Appointment.slot_at == booking.slot_at,
                Appointment.business == booking.business,
                Appointment.state.in_(_STANDING),
            )
        )
    )
    places = range(1, rules.numbers.appointments.places + 1)
    return next((one for one in places if one not in taken), None)


async def bookings_on(
    session: AsyncSession, rules: QueueRules, *, now: datetime
) -> list[Appointment]:
    """The day's bookings in the order of their slots, for the counter."""
    slots = rules.slots_on(china_date(now))
    if not slots:
        return []
    found = await session.scalars(
        select(Appointment)
        .where(
            Appointment.hall == rules.hall,
            Appointment.slot_at.between(slots[0], slots[-1]),
            Appointment.state.in_(_STANDING),
        )
        .order_by(Appointment.slot_at, Appointment.place)
    )
    return list(found)


async def _own_number(session: AsyncSession, rules: QueueRules, now: datetime) -> str:
    """`YY` + day + running number: looks like a case number and cannot be one."""
    day = china_date(now)
    count = await next_number(session, rules.hall, day, _SERIES)
    return f"YY{day:%Y%m%d}{count:04d}"
