"""The jobs the worker repeats; each opens its own transactions and survives its own failure."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from prometheus_client import Gauge

from backoffice.applications.decisions import Bench
from backoffice.applications.watching import (
    deem_accepted,
    escalate_promises,
    remind,
    wind_up,
    without_a_day,
)
from backoffice.calendar import CALENDAR_WARNING_DAYS
from backoffice.clock import china_date
from backoffice.delegation.services import Rulebook, suspend_changed
from backoffice.departments.services import note_status, to_ask
from backoffice.devices.services import forget_used
from backoffice.erasures.ledger import NAME, export
from backoffice.logs import log
from backoffice.outbox.services import deliver_due
from backoffice.queue.closing import close_days
from backoffice.queue.waits import tell, to_tell
from backoffice.remembering.services import (
    forget_expired,
    forget_what_was_not_finished,
    people_with_faces,
)
from backoffice.retention import forget_log_in_tries, forget_what_is_old
from backoffice.uploads.services import purge_expired, remove_orphans
from bootstrap.container import Office
from integrations.ports import IntegrationError
from worker.handlers import handlers

_CALENDAR_DAYS = Gauge("xz_calendar_days_left", "Days until the list of holidays ends")
_PEOPLE_WITH_FACES = Gauge("xz_people_with_faces", "People of whom any picture or template is kept")


def _survives(job: Callable[["Jobs"], Awaitable[Any]]) -> Callable[["Jobs"], Awaitable[None]]:
    @wraps(job)
    async def run(self: "Jobs") -> None:
        try:
            await job(self)
        except Exception as exc:  # the next round tries again; the log says that this one failed
            log("worker").error("job.failed", job=job.__name__, error=type(exc).__name__)

    return run


class Jobs:
    """The worker's jobs for one installation."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._handlers = handlers(office)

    @_survives
    async def deliver(self) -> None:
        """Deliver the outbox; follow-ups of what was delivered go out in the same round."""
        while await deliver_due(
            self._office.sessions, self._handlers, now=self._office.clock.now()
        ):
            pass

    @_survives
    async def clock_steps(self) -> None:
        """Silence past the fifth working day accepts; what is due soon or over is told to staff."""
        office = self._office
        for step in (wind_up, deem_accepted, remind, escalate_promises):
            async with office.sessions.begin() as session:
                now = office.clock.now()
                await step(Bench(session, office.catalogue, office.calendar, now))

    @_survives
    async def watch_calendar(self) -> None:
        """Warn while the holiday list ends soon: days beyond it are never guessed."""
        office = self._office
        left = office.calendar.days_left(china_date(office.clock.now()))
        _CALENDAR_DAYS.set(left)
        if left < CALENDAR_WARNING_DAYS:
            async with office.sessions.read() as session:
                waiting = await without_a_day(session, office.catalogue)
            log("worker").warning("calendar.ends_soon", days_left=left, cases_without_a_day=waiting)

    @_survives
    async def watch_delegations(self) -> None:
        """Suspend what was signed over another rule than today's, before a case notices."""
        office = self._office
        rulebook = Rulebook(office.catalogue, office.knowledge.policy)
        async with office.sessions.begin() as session:
            await suspend_changed(session, rulebook, now=office.clock.now())

    @_survives
    async def ask_departments(self) -> None:
        """Ask the departments' own systems how far they are with what they were given."""
        office = self._office
        if office.departments is None:
            return
        async with office.sessions.read() as session:
            waiting = await to_ask(session, now=office.clock.now())
        for row in waiting:
            try:
                said = await office.departments.status(row.system, row.reference or "")
            except IntegrationError as exc:
                log("worker").warning("department.unasked", error=type(exc).__name__)
                said = None
            async with office.sessions.begin() as session:
                now = office.clock.now()
                bench = Bench(session, office.catalogue, office.calendar, now)
                await note_status(bench, row.application_id, said)

    @_survives
    async def watch_queue(self) -> None:
        """Tell who has come near; nothing is written, and no call waits, while nobody has."""
        office, now = self._office, self._office.clock.now()
        async with office.sessions.read() as session:
            found = await to_tell(session, office.queue, now=now)
        if found:
            async with office.sessions.begin() as session:
                await tell(session, found, now=now)

    @_survives
    async def close_queue(self) -> None:
        """End what is left over of earlier days, and delete what is past its time."""
        async with self._office.sessions.begin() as session:
            await close_days(session, self._office.queue, now=self._office.clock.now())

    @_survives
    async def keep_ledger(self) -> None:
        """Write down outside the database what was deleted, for a restore."""
        office = self._office
        async with office.sessions.begin() as session:
            ledger = office.settings.backups_dir / NAME
            await export(session, ledger, now=office.clock.now())

    @_survives
    async def short_lived(self) -> None:
        """Delete what lives for minutes only."""
        async with self._office.sessions.begin() as session:
            now = self._office.clock.now()
            await forget_used(session, now=now, wall_clock=datetime.now(UTC))
            await forget_what_was_not_finished(session, now=now)

    @_survives
    async def count_faces(self) -> None:
        """Say of how many people a face is stored, before the law asks for it to be filed."""
        rules = self._office.knowledge.face_rules
        async with self._office.sessions.read() as session:
            people = await people_with_faces(session)
        _PEOPLE_WITH_FACES.set(people)
        if rules is not None and people >= rules.warn_from:
            log("worker").warning("faces.to_be_filed", people=people, from_=rules.filing_from)

    @_survives
    async def retention(self) -> None:
        """Delete what is past its time."""
        office, folder = self._office, self._office.settings.uploads_dir
        now = office.clock.now()
        async with office.sessions.begin() as session:
            await purge_expired(session, folder, now=now)
            await remove_orphans(session, folder, wall_clock=datetime.now(UTC))
        async with office.sessions.begin() as session:
            await forget_expired(session, now=now)
        async with office.sessions.begin() as session:
            await forget_what_is_old(session, now=now)
            await forget_log_in_tries(session, wall_clock=datetime.now(UTC))
