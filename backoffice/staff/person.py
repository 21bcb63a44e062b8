"""Who stands at the window: the card is seen, and that person's matters are open while it lasts.

A number on a screen proves nothing of who comes to the window. So a called ticket opens nobody's
drafts by itself: the clerk looks at person and identity card first. What is found then is found by
the card's number, not by the ticket; it stays open while this ticket is served at this window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.states import State
from backoffice.audit.services import record
from backoffice.clock import china_date
from backoffice.errors import BadRequest, CitizenError, NotFound
from backoffice.identity.accounts import id_hash
from backoffice.identity.models import Citizen
from backoffice.queue.calling import at_window, desk_of
from backoffice.queue.models import Ticket
from backoffice.queue.rules import QueueRules
from backoffice.queue.states import TicketState
from backoffice.representation.visibility import authority_ended, may_see
from backoffice.staff.models import StaffUser
from backoffice.staff.window import PersonNotSeen
from backoffice.understanding.identity_numbers import fault_code
from catalogue.loader import Catalogue
from catalogue.schema import ServiceItem

_LOOKED_THROUGH = 40
"""Applications of one person, newest first."""
_WHO_ACTS = ("filed_by", "id_no", "proxy_id_no")
"""Fields that say whose draft it is: the applicant's, or of who fills it in for them."""


class NobodyServed(CitizenError):
    """No ticket is being served at this clerk's window."""

    code = "window.nobody_served"
    status = 409


class NumberWrong(CitizenError):
    """This is no identity number."""

    code = "window.number_wrong"


class NotIdentified(CitizenError):
    """Nobody's card was seen yet at this window."""

    code = "window.not_identified"
    status = 409


@dataclass(frozen=True)
class Matter:
    """One application of the person at the window.

    Attributes:
        open: this clerk handles it.
        person: keyed hash of the number on the card that was seen.
    """

    application: Application
    item: ServiceItem
    open: bool
    person: str

    @property
    def fillable(self) -> bool:
        """A draft; with a number it waits for exactly this moment, and is handed in as a case."""
        return self.application.state == State.DRAFT and self.application.number is None


@dataclass(frozen=True)
class AtWindow:
    """Who is served now.

    Attributes:
        identified: the card was seen; else nothing is shown.
        others: drafts of the ticket's own account that no card's number stands in: whose they are
            is not known, so they stay closed.
    """

    ticket: Ticket
    identified: bool
    matters: Sequence[Matter] = ()
    others: int = 0


async def served(
    session: AsyncSession, rules: QueueRules, *, staff: StaffUser, now: datetime
) -> Ticket | None:
    """The ticket that this clerk is serving."""
    desk = await desk_of(session, rules, staff=staff, now=now)
    if desk is None:
        return None
    ticket = await at_window(session, rules, window=desk.window, now=now)
    return ticket if ticket is not None and ticket.state == TicketState.SERVING else None


async def identify(
    session: AsyncSession,
    rules: QueueRules,
    *,
    id_no: str,
    seen: bool,
    staff: StaffUser,
    now: datetime,
) -> Ticket:
    """The clerk has the person and the card in front of them; the look is audited.

    Raises:
        NobodyServed, NumberWrong
        PersonNotSeen: person or card was not looked at.
    """
    ticket = await served(session, rules, staff=staff, now=now)
    if ticket is None:
        raise NobodyServed
    number = "".join(id_no.split()).upper()
    if fault_code(number, today=china_date(now)) is not None:
        raise NumberWrong
    if not seen:
        raise PersonNotSeen
    ticket.person = id_hash(number)
    await record(
        session,
        actor=staff.actor,
        action="window.card_seen",
        subject=f"ticket:{ticket.id}",
        detail={"window": ticket.window},
        now=now,
    )
    return ticket


async def set_topic(
    session: AsyncSession,
    rules: QueueRules,
    catalogue: Catalogue,
    *,
    topic: str,
    staff: StaffUser,
    now: datetime,
) -> Ticket:
    """What somebody came for that the catalogue does not have, so that it is counted.

    Args:
        topic: a name of `data/elsewhere.yml`; empty when none of them fits, or it was a mistake.

    Raises:
        NobodyServed
        BadRequest: no such name.
    """
    ticket = await served(session, rules, staff=staff, now=now)
    if ticket is None:
        raise NobodyServed
    if topic and catalogue.guides.elsewhere_named(topic) is None:
        raise BadRequest
    ticket.topic = topic or None
    await session.flush()
    return ticket


async def who_is_there(
    session: AsyncSession,
    rules: QueueRules,
    catalogue: Catalogue,
    *,
    staff: StaffUser,
    now: datetime,
) -> AtWindow | None:
    """Who is served now, and once the card was seen, that person's matters; None: nobody."""
    ticket = await served(session, rules, staff=staff, now=now)
    if ticket is None or ticket.person is None:
        return AtWindow(ticket, identified=False) if ticket is not None else None
    account = await _account(session, ticket.person)
    visible = await _visible(session, account, now)
    candidates = await _of_ticket(session, ticket, visible)
    numbers = await _acting(session, [one.id for one in candidates])
    matters, others = [], 0
    for one in [*visible, *candidates]:
        item = catalogue.find(one.item_code)
        if item is None:
            continue
        if one in visible or numbers.get(one.id) == ticket.person:
            matters.append(Matter(one, item, staff.handles(item.department), ticket.person))
        elif one.state == State.DRAFT and one.id not in numbers:
            others += 1
    return AtWindow(ticket, True, matters, others)


async def draft_here(
    session: AsyncSession,
    rules: QueueRules,
    catalogue: Catalogue,
    id: str,
    *,
    staff: StaffUser,
    now: datetime,
) -> Matter:
    """The only way to a draft that nobody has handed in, on a clerk's behalf.

    Raises:
        NotIdentified: nobody is served, or no card was seen.
        NotFound: it is not this person's, no draft any more, or another department's.
    """
    there = await who_is_there(session, rules, catalogue, staff=staff, now=now)
    if there is None or not there.identified:
        raise NotIdentified
    for one in there.matters:
        if one.application.id == id and one.open and one.fillable:
            return one
    raise NotFound


async def look_at_draft(
    session: AsyncSession,
    rules: QueueRules,
    catalogue: Catalogue,
    id: str,
    *,
    staff: StaffUser,
    now: datetime,
) -> tuple[Matter, Draft]:
    """As `draft_here`, with all that is in it; the look is audited."""
    matter = await draft_here(session, rules, catalogue, id, staff=staff, now=now)
    draft = await load_draft(session, matter.application, matter.item, on=china_date(now))
    await record(
        session,
        actor=staff.actor,
        action="case.viewed",
        subject=f"application:{matter.application.id}",
        detail={"item": matter.item.code},
        now=now,
    )
    return matter, draft


async def _account(session: AsyncSession, person: str) -> str | None:
    found: str | None = await session.scalar(select(Citizen.id).where(Citizen.id_hash == person))
    return found


async def _visible(session: AsyncSession, account: str | None, now: datetime) -> list[Application]:
    """What the person would see in the account of the card's number."""
    if account is None:
        return []
    found = await session.scalars(
        select(Application)
        .where(may_see(account, now), Application.state != State.CANCELLED)
        .order_by(Application.created_at.desc())
        .limit(_LOOKED_THROUGH)
    )
    return list(found)


async def _of_ticket(
    session: AsyncSession, ticket: Ticket, besides: Sequence[Application]
) -> list[Application]:
    """Drafts of the account and the visit that the ticket was taken in; whose they are is open."""
    whose = [Application.id == ticket.application_id]
    if ticket.citizen_id is not None:
        whose.append(Application.citizen_id == ticket.citizen_id)
    if ticket.conversation_id is not None:
        whose.append(Application.conversation_id == ticket.conversation_id)
    found = await session.scalars(
        select(Application)
        .where(
            or_(*whose),
            Application.state == State.DRAFT,
            Application.id.not_in([one.id for one in besides]),
            ~authority_ended(Application.id),
        )
        .order_by(Application.created_at.desc())
        .limit(_LOOKED_THROUGH)
    )
    return list(found)


async def _acting(session: AsyncSession, ids: Sequence[str]) -> dict[str, str]:
    """By draft: the keyed hash of the number of whoever fills it in, where it is answered."""
    rows = await session.scalars(
        select(AnswerRow).where(AnswerRow.application_id.in_(ids), AnswerRow.field.in_(_WHO_ACTS))
    )
    answers: dict[str, dict[str, str]] = {}
    for row in rows:
        answers.setdefault(row.application_id, {})[row.field] = str(row.value or "")
    found = {}
    for id, given in answers.items():
        number = given.get("proxy_id_no" if given.get("filed_by") == "proxy" else "id_no")
        if number:
            found[id] = id_hash(number)
    return found
