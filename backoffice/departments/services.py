"""Handing a case over to a department's own system, and following it there.

What the system says is shown to the clerk and never decides here: a case that is over there becomes
a task to conclude it here.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.decisions import Bench
from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import Application, MaterialRow
from backoffice.applications.shown import shown_value
from backoffice.applications.states import AT_THE_AUTHORITY
from backoffice.audit.services import record
from backoffice.clock import china_date
from backoffice.departments.models import DepartmentCase
from backoffice.messages import text
from backoffice.tasks.models import TaskKind
from backoffice.tasks.services import open_task
from backoffice.uploads.models import Upload
from catalogue.form import FormField
from integrations.ports import DeptCase, DeptField, DeptState, DeptStatus

ASK_EVERY = timedelta(minutes=30)
SYSTEM = "system"
_PICTURES = frozenset({"photo", "document", "signature"})
_AT_ONCE = 50


@dataclass(frozen=True)
class Page:
    """One page to hand over; its content is read when its turn comes."""

    upload_id: str
    title: str
    mime: str


@dataclass(frozen=True)
class Parcel:
    """A case ready for a department's system."""

    system: str
    case: DeptCase
    pages: tuple[Page, ...] = field(default=())


async def parcel_for(bench: Bench, application_id: str) -> Parcel | None:
    """What is to be handed over; None when the case is no longer with the authority."""
    application = await bench.session.get(Application, application_id)
    if application is None or application.number is None:
        return None
    item = bench.item(application)
    if item.own_system is None:
        return None
    draft = await load_draft(bench.session, application, item, on=china_date(bench.now))
    fields = tuple(
        DeptField(asked.slug, asked.label, value) for asked, value in plain_answers(draft) if value
    )
    case = DeptCase(application.number, item.code, fields)
    return Parcel(item.department, case, tuple(await _pages(bench.session, draft)))


def plain_answers(draft: Draft) -> list[tuple[FormField, str]]:
    """Every field that applies, with its answer in people's words; empty for a picture or none."""
    found = []
    for asked in draft.open_fields():
        value = draft.answers.get(asked.slug)
        if asked.type in _PICTURES:
            continue
        found.append((asked, "" if value in (None, "", []) else shown_value(asked, value)))
    return found


async def case_there(session: AsyncSession, application_id: str) -> DepartmentCase | None:
    """What is known of the case in the department's system."""
    return await session.get(DepartmentCase, application_id)


async def note_handed(
    session: AsyncSession, application_id: str, *, system: str, reference: str, now: datetime
) -> DepartmentCase:
    """The case and all its pages arrived; from now on their status is asked for."""
    row = await session.get(DepartmentCase, application_id)
    if row is None:
        row = DepartmentCase(application_id=application_id, system=system)
        session.add(row)
    row.reference, row.handed_at, row.ask_at = reference, now, now
    await session.flush()
    await record(
        session,
        actor=SYSTEM,
        action="department.handed",
        subject=f"application:{application_id}",
        detail={"system": system, "reference": reference},
        now=now,
    )
    return row


async def to_ask(session: AsyncSession, *, now: datetime) -> list[DepartmentCase]:
    """Cases whose status is to be asked for now."""
    rows = await session.scalars(
        select(DepartmentCase)
        .where(DepartmentCase.ask_at <= now, DepartmentCase.reference.is_not(None))
        .order_by(DepartmentCase.ask_at, DepartmentCase.application_id)
        .limit(_AT_ONCE)
    )
    return list(rows)


async def note_status(bench: Bench, application_id: str, said: DeptStatus | None) -> None:
    """Keep what their system said; what is over there and open here becomes a clerk's task.

    Args:
        said: None when nothing was learnt: it did not answer, or knows of no such case.
    """
    session, now = bench.session, bench.now
    row = await session.get(DepartmentCase, application_id, with_for_update=True)
    application = await session.get(Application, application_id)
    if row is None or application is None:
        return
    row.asked_at, row.ask_at = now, now + ASK_EVERY
    if said is None:
        return
    changed = said.state != row.state
    row.state, row.as_of, row.reason = said.state, said.as_of, said.reason
    if said.state.over or application.state not in AT_THE_AUTHORITY:
        row.ask_at = None
    if not changed:
        return
    await session.flush()
    if said.state in _FOR_A_CLERK and application.state in AT_THE_AUTHORITY:
        await open_task(
            session,
            kind=TaskKind.REVIEW,
            conversation_id=None,
            application_id=application.id,
            item_code=application.item_code,
            phone=None,
            summary=text(f"task.department.{said.state}", number=application.number or ""),
            now=now,
            calendar=bench.calendar,
            key=f"department:{application.id}:{said.state}:{said.as_of.isoformat()}"[:120],
        )
    await record(
        session,
        actor=SYSTEM,
        action="department.said",
        subject=f"application:{application.id}",
        detail={"system": row.system, "state": str(said.state)},
        now=now,
    )


_FOR_A_CLERK = frozenset({DeptState.CORRECTION, DeptState.APPROVED, DeptState.REFUSED})


async def _pages(session: AsyncSession, draft: Draft) -> list[Page]:
    rows = await session.scalars(
        select(MaterialRow)
        .where(
            MaterialRow.application_id == draft.application.id,
            MaterialRow.upload_id.is_not(None),
        )
        .order_by(MaterialRow.id)
    )
    wanted = [(str(row.upload_id), _title(draft, row.material)) for row in rows]
    for asked in draft.open_fields():
        value = draft.answers.get(asked.slug)
        if asked.type in _PICTURES and value not in (None, "", []):
            values = value if isinstance(value, list) else [value]
            wanted += [(str(one), asked.label) for one in values]
    found = []
    for id, title in dict(wanted).items():
        upload = await session.get(Upload, id)
        if upload is not None:
            found.append(Page(id, title, upload.mime))
    return found


def _title(draft: Draft, material: str) -> str:
    found = draft.item.material(material)
    return found.name if found is not None else material
