"""Tickets, the timed periods they consist of, running numbers, and who sits at which window."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.db import Base, Encrypted, Utc
from backoffice.queue.rules import label
from backoffice.queue.states import BookingState, PeriodKind, TicketState

_OPEN = text("state IN ('waiting', 'called', 'serving', 'held') AND holder IS NOT NULL")
_AT_WINDOW = text("state IN ('called', 'serving')")
_STANDING = text("state IN ('booked', 'arrived')")
_BOOKED = text("state = 'booked' AND holder IS NOT NULL")
_RUNNING = text("ended_at IS NULL")
_SITTING = text("closed_at IS NULL")


class Ticket(Base):
    """One number of one day.

    Attributes:
        day: the day in China for which it is; it is called on no other.
        series, number: what is printed, unique with hall and day.
        business: code of `data/queue/businesses.yml`.
        item_code: the item it is about, when that is known.
        priority: code of the priority, from what the person said.
        channel: `phone`, `kiosk`, `counter` or `appointment`.
        holder: keyed hash of who has it (an account, else a visit, else a phone); one open ticket
            for each holder and business. None for somebody at the counter who leaves nothing.
        phone: where a short message goes, when one was left.
        order_at: tickets are called in the order of this moment: when it was taken, earlier by the
            head start of a priority.
        window: where it was called last.
        only_window: after a transfer to a certain window.
        calls: how often it was called at this window.
        called_at: when it was called last; announcements follow it.
        topic: name of the business, where it is none of the catalogue's (`data/elsewhere.yml`), so
            that it is counted what the hall is asked for and does not have.
        person: keyed hash of the identity number on the card that the clerk saw; that person's
            matters are open at this window while the ticket is served, and then it is forgotten.
        estimate_s: the wait that was told when it was taken, in seconds; compared with the truth.
        version: optimistic lock.
    """

    __tablename__ = "queue_tickets"
    __table_args__ = (
        UniqueConstraint("hall", "day", "series", "number"),
        Index("ix_queue_tickets_order", "hall", "day", "state", "order_at", "id"),
        Index(
            "uq_queue_tickets_holder",
            *("hall", "day", "business", "holder"),
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "uq_queue_tickets_window",
            *("hall", "day", "window"),
            unique=True,
            sqlite_where=_AT_WINDOW,
            postgresql_where=_AT_WINDOW,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hall: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    series: Mapped[str] = mapped_column(String(2))
    number: Mapped[int]
    business: Mapped[str] = mapped_column(String(64))
    item_code: Mapped[str | None] = mapped_column(String(60))
    priority: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(16))
    holder: Mapped[str | None] = mapped_column(String(64), index=True)
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    citizen_id: Mapped[str | None] = mapped_column(String(32), index=True)
    application_id: Mapped[str | None] = mapped_column(String(32), index=True)
    phone: Mapped[Any | None] = mapped_column(Encrypted("queue_tickets.phone"))
    state: Mapped[TicketState] = mapped_column(String(10), default=TicketState.WAITING)
    order_at: Mapped[datetime] = mapped_column(Utc)
    window: Mapped[int | None]
    only_window: Mapped[int | None]
    calls: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[datetime] = mapped_column(Utc)
    called_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    topic: Mapped[str | None] = mapped_column(String(40))
    person: Mapped[str | None] = mapped_column(String(64))
    estimate_s: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def label(self) -> str:
        """What is printed: `A003`."""
        return label(self.series, self.number)


class QueuePeriod(Base):
    """One stretch of a ticket's time; they follow each other without a gap from taking to end.

    Attributes:
        step: what began it.
        window, staff_id: where and by whom, for time at a window.
    """

    __tablename__ = "queue_periods"
    __table_args__ = (
        Index(
            "uq_queue_periods_running",
            "ticket_id",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index("ix_queue_periods_ended", "kind", "ended_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("queue_tickets.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[PeriodKind] = mapped_column(String(10))
    step: Mapped[str] = mapped_column(String(12))
    window: Mapped[int | None]
    staff_id: Mapped[str | None] = mapped_column(String(32))
    began_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class QueueCounter(Base):
    """The last number given in a series of a day."""

    __tablename__ = "queue_counters"

    hall: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    series: Mapped[str] = mapped_column(String(2), primary_key=True)
    last: Mapped[int]


class Appointment(Base):
    """A place in a slot of a coming day. Taken by a number, like a draft that waits at the window.

    Attributes:
        number: by which it is found: the application's, where it is for one, else one of its own.
        slot_at: when the slot begins.
        place: 1 to `places`, unique in slot and business: a slot cannot be overfilled.
        holder: as with tickets; one open booking for each holder and business.
        ticket_id: the ticket that it became when the person came.
    """

    __tablename__ = "queue_appointments"
    __table_args__ = (
        Index(
            "uq_queue_appointments_place",
            *("hall", "slot_at", "business", "place"),
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        Index(
            "uq_queue_appointments_holder",
            *("hall", "business", "holder"),
            unique=True,
            sqlite_where=_BOOKED,
            postgresql_where=_BOOKED,
        ),
        Index("ix_queue_appointments_number", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hall: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(32))
    slot_at: Mapped[datetime] = mapped_column(Utc, index=True)
    business: Mapped[str] = mapped_column(String(64))
    place: Mapped[int]
    item_code: Mapped[str | None] = mapped_column(String(60))
    priority: Mapped[str | None] = mapped_column(String(64))
    holder: Mapped[str | None] = mapped_column(String(64))
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    citizen_id: Mapped[str | None] = mapped_column(String(32))
    application_id: Mapped[str | None] = mapped_column(String(32))
    phone: Mapped[Any | None] = mapped_column(Encrypted("queue_appointments.phone"))
    state: Mapped[BookingState] = mapped_column(String(10), default=BookingState.BOOKED)
    ticket_id: Mapped[int | None]
    booked_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Desk(Base):
    """A clerk sitting at a window; one clerk a window, one window a clerk."""

    __tablename__ = "queue_desks"
    __table_args__ = (
        Index(
            "uq_queue_desks_window",
            *("hall", "day", "window"),
            unique=True,
            sqlite_where=_SITTING,
            postgresql_where=_SITTING,
        ),
        Index(
            "uq_queue_desks_staff",
            *("hall", "day", "staff_id"),
            unique=True,
            sqlite_where=_SITTING,
            postgresql_where=_SITTING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hall: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    window: Mapped[int]
    staff_id: Mapped[str] = mapped_column(String(32))
    opened_at: Mapped[datetime] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
