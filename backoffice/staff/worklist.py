"""The work list: which cases wait, the most urgent first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.opinions import waiting_for_second
from backoffice.applications.states import State
from backoffice.calendar import CalendarMissing, WorkCalendar
from backoffice.staff.models import CASE_ROLES, StaffUser
from backoffice.tasks.services import reminder_working_days
from catalogue.loader import Catalogue
from catalogue.schema import ServiceItem

PAGE = 50
WAITING = frozenset({State.DRAFT, State.SUBMITTED, State.ACCEPTED, State.SUPPLEMENT_DUE})
"""States in which somebody has something to do."""
_PREFIX = "SW"
Light = Literal["red", "amber", "green", "none"]


@dataclass(frozen=True)
class CaseLine:
    """One row of the work list; `due_on` is the next day that matters."""

    application: Application
    item: ServiceItem
    applicant: str
    due_on: date | None
    light: Light
    awaits_second: bool = False


async def list_cases(
    session: AsyncSession,
    *,
    staff: StaffUser,
    catalogue: Catalogue,
    calendar: WorkCalendar,
    today: date,
    states: Sequence[State] = (),
    number: str = "",
    page: int = 0,
) -> list[CaseLine]:
    """The work list: never another department's.

    What waits for somebody comes with the most urgent first; what is over with the last touched
    first. A draft is in it only when it has a number: it waits for the person at the window.

    Args:
        states: none means all.
        number: a case number's beginning (`SW20261123`, or from the year on); any other part of it
            finds what is not over yet.
    """
    codes = _codes(staff, catalogue)
    query = select(Application).where(
        Application.number.is_not(None), Application.item_code.in_(codes)
    )
    if states:
        query = query.where(Application.state.in_(states))
    if number.strip():
        query = query.where(_numbered(number.strip().upper()))
    urgent = bool(number.strip()) or (bool(states) and WAITING.issuperset(states))
    if urgent:
        query = query.order_by(
            Application.act_by.is_(None),
            Application.act_by,
            Application.submitted_at,
            Application.id,
        )
    else:  # two years of cases: only what an index has in order can be listed at once
        query = query.order_by(Application.updated_at.desc(), Application.id)
    rows = list(await session.scalars(query.limit(PAGE).offset(page * PAGE)))
    names = await _applicants(session, [row.id for row in rows])
    seconds = await waiting_for_second(session, [row.id for row in rows])
    return [
        CaseLine(
            row,
            catalogue.items[row.item_code],
            names.get(row.id, ""),
            row.act_by,
            light(row.act_by, today, calendar),
            row.id in seconds,
        )
        for row in rows
    ]


def _numbered(given: str) -> ColumnElement[bool]:
    """A beginning is found by the index; for another part all of what waits is looked through."""
    beginning = given if given.startswith(_PREFIX) else f"{_PREFIX}{given}"
    if not re.fullmatch(rf"{_PREFIX}20\d*", beginning):
        part = Application.number.contains(given, autoescape=True)
        return and_(Application.state.in_(WAITING), part)
    return and_(Application.number >= beginning, Application.number < f"{beginning}:")


async def count_by_state(
    session: AsyncSession, *, staff: StaffUser, catalogue: Catalogue
) -> Mapping[str, int]:
    """How many cases that this person can see wait in each state; of what is over nobody asks."""
    rows = await session.execute(
        select(Application.state, func.count())
        .where(
            Application.state.in_(WAITING),
            Application.number.is_not(None),
            Application.item_code.in_(_codes(staff, catalogue)),
        )
        .group_by(Application.state)
    )
    return {str(state): count for state, count in rows}


def light(due: date | None, today: date, calendar: WorkCalendar) -> Light:
    """Traffic light of a last day: red is over, amber is so near that staff are reminded."""
    if due is None:
        return "none"
    if today > due:
        return "red"
    try:
        return (
            "amber"
            if calendar.working_days_between(today, due) <= reminder_working_days()
            else "green"
        )
    except CalendarMissing:
        return "none"


def masked_name(name: str) -> str:
    """A name for lists that many eyes see: the first character only."""
    return name[:1] + "*" * (len(name) - 1)


def _codes(staff: StaffUser, catalogue: Catalogue) -> list[str]:
    if staff.role not in CASE_ROLES:
        return []
    return [code for code, item in catalogue.items.items() if staff.handles(item.department)]


async def _applicants(session: AsyncSession, ids: Sequence[str]) -> dict[str, str]:
    rows = await session.scalars(
        select(AnswerRow).where(AnswerRow.application_id.in_(ids), AnswerRow.field == "name")
    )
    return {row.application_id: masked_name(str(row.value or "")) for row in rows}
