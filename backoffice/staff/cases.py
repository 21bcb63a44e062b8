"""One case as staff see it: everything the citizen gave, and what was made of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.clocks import (
    Suspension,
    history_of,
    received_at,
    silence_ends_on,
    suspensions_of,
)
from backoffice.applications.decisions import Decision, possible
from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import (
    AnswerRow,
    Application,
    CheckRow,
    HistoryRow,
    MaterialRow,
    SupplementRow,
)
from backoffice.applications.opinions import opinions_of
from backoffice.applications.shown import shown_value
from backoffice.applications.supplements import supplements_of
from backoffice.audit.services import record
from backoffice.calendar import WorkCalendar
from backoffice.clock import china_date
from backoffice.delegation.deciding import decision_on
from backoffice.delegation.models import RobotDecision
from backoffice.delegation.reasons import reason_words
from backoffice.departments.models import DepartmentCase
from backoffice.departments.services import case_there, plain_answers
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.proofs import FACE_CONSENT, consent_of, proofs_of
from backoffice.identity.settling import unsettled
from backoffice.results.models import Result
from backoffice.results.services import result_on
from backoffice.signatures.services import Standing, standings
from backoffice.staff.acting import ActingLine, acting_lines
from backoffice.staff.card_lines import CardLine, card_line
from backoffice.staff.face_lines import FaceLine, cards_of, differs, face_line
from backoffice.staff.models import StaffUser
from backoffice.staff.window import waits_for_person
from backoffice.staff.worklist import Light, light
from backoffice.uploads.models import Upload
from catalogue.form import FormField
from catalogue.schema import ApplicantCondition, ServiceItem

_PICTURE_FIELDS = frozenset({"photo", "document", "signature"})


@dataclass(frozen=True)
class AnswerLine:
    """One field as the citizen filled it; `pictures` are upload ids."""

    field: FormField
    value: Any
    shown: str
    source: str
    at: datetime
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaperLine:
    """One paper that fits this applicant, with its pages; state `missing` when nothing is here."""

    slug: str
    name: str
    state: str
    pictures: tuple[str, ...]
    note: str | None


@dataclass(frozen=True)
class CheckLine:
    """What a register said."""

    name: str
    title: str
    answer: str
    source: str
    as_of: datetime | None
    asked_at: datetime


@dataclass(frozen=True)
class ConditionLine:
    """One condition on the applicant: by the registers, by the applicant's word, or for the clerk."""

    text: str
    kind: str
    said: bool | None
    checked: str | None
    alternative: bool


@dataclass(frozen=True)
class HistoryLine:
    """One step, with the name of who took it (empty for citizen, clock and robot)."""

    at: datetime
    step: str
    kind: str
    who: str
    note: str | None


@dataclass(frozen=True)
class OpinionLine:
    """One of two people's word: `agreed` is who said the same, `lapsed` whether it counts no more."""

    staff_id: str
    who: str
    by_head: bool
    decision: str
    reason: str | None
    at: datetime
    agreed: str
    lapsed: bool


@dataclass
class CaseView:
    """One case with everything that a clerk needs to decide it."""

    application: Application
    item: ServiceItem
    due_on: date | None
    lawful_on: date | None
    silence_ends_on: date | None
    light: Light
    possible: list[Decision]
    pauses: list[Suspension] = field(default_factory=list)
    answers: list[AnswerLine] = field(default_factory=list)
    unanswered: list[FormField] = field(default_factory=list)
    papers: list[PaperLine] = field(default_factory=list)
    checks: list[CheckLine] = field(default_factory=list)
    conditions: list[ConditionLine] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    card: CardLine | None = None
    card_differs: dict[str, str] = field(default_factory=dict)
    face: FaceLine | None = None
    face_refused: bool = False
    history: list[HistoryLine] = field(default_factory=list)
    supplements: list[SupplementRow] = field(default_factory=list)
    opinions: list[OpinionLine] = field(default_factory=list)
    department: DepartmentCase | None = None
    plain: list[tuple[FormField, str]] = field(default_factory=list)
    pictures: dict[str, Upload] = field(default_factory=dict)
    result: Result | None = None
    revoked_by: str = ""
    waits_for_person: bool = False
    signatures: dict[str, Standing] = field(default_factory=dict)
    acting: list[ActingLine] = field(default_factory=list)
    identity_open: str | None = None
    robot: RobotDecision | None = None
    robot_reason: str = ""

    @property
    def lacking(self) -> list[tuple[str, str]]:
        """What is not answered or not handed in: slug and name."""
        fields = [(one.slug, one.label) for one in self.unanswered]
        return fields + [(one.slug, one.name) for one in self.papers if one.state == "missing"]

    def answered(self, slug: str) -> str:
        """What was answered to a field, in people's words; empty when nothing was."""
        return next((one.shown for one in self.answers if one.field.slug == slug), "")

    @property
    def opinion(self) -> OpinionLine | None:
        """The one that waits for a second person."""
        open_ones = (one for one in self.opinions if not one.lapsed and not one.agreed)
        return next(open_ones, None)

    @property
    def originals(self) -> list[PaperLine]:
        """Papers whose originals a clerk at the window may see."""
        return [one for one in self.papers if one.state not in ("supplied", "waived")]


async def view_case(
    session: AsyncSession,
    application: Application,
    item: ServiceItem,
    *,
    staff: StaffUser,
    calendar: WorkCalendar,
    now: datetime,
) -> CaseView:
    """Everything of one case; the look is written to the audit trail."""
    history = await history_of(session, application)
    received = received_at(application, history)
    view = CaseView(
        application=application,
        item=item,
        due_on=application.due_on,
        lawful_on=application.lawful_on,
        silence_ends_on=silence_ends_on(calendar, china_date(received)) if received else None,
        light=light(application.act_by, china_date(now), calendar),
        pauses=suspensions_of(history),
        possible=possible(application),
        waits_for_person=waits_for_person(application),
    )
    view.identity_open = await unsettled(session, application)
    view.robot = await decision_on(session, application.id)
    view.robot_reason = reason_words(item, view.robot) if view.robot is not None else ""
    draft = await load_draft(session, application, item)
    view.acting = await acting_lines(session, application.id, item)
    signed = [one.slug for one in item.fields if one.type == "signature"]
    view.signatures = await standings(session, application, draft.answers, signed)
    await _fill_answers(session, view, draft)
    await _fill_papers(session, view, draft)
    await _fill_checks(session, view, draft)
    await _fill_identity(session, view, draft)
    view.pictures = await _uploads(session, _picture_ids(view))
    view.history = await _sentences(session, history)
    view.department = await case_there(session, application.id)
    view.plain = plain_answers(draft)
    view.opinions = await _opinions(session, application.id)
    view.result = await result_on(session, application_id=application.id)
    if view.result is not None and view.result.revoked_by:
        view.revoked_by = await _name_of(session, view.result.revoked_by)
    view.supplements = await supplements_of(session, application.id)
    await record(
        session,
        actor=staff.actor,
        action="case.viewed",
        subject=f"application:{application.id}",
        detail={"item": item.code},
        now=now,
    )
    return view


async def _fill_answers(session: AsyncSession, view: CaseView, draft: Draft) -> None:
    rows = await session.scalars(
        select(AnswerRow).where(AnswerRow.application_id == view.application.id)
    )
    given = {row.field: row for row in rows}
    for asked in draft.item.fields:
        row = given.get(asked.slug)
        if row is not None and row.value not in (None, "", []):
            pictures = _as_pictures(asked, row.value)
            shown = "" if pictures else shown_value(asked, row.value)
            view.answers.append(AnswerLine(asked, row.value, shown, row.source, row.at, pictures))
        elif draft.applies(asked) and asked.required:
            view.unanswered.append(asked)


def _as_pictures(asked: FormField, value: Any) -> tuple[str, ...]:
    if asked.type not in _PICTURE_FIELDS:
        return ()
    values = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in values if one != "window")


async def _fill_papers(session: AsyncSession, view: CaseView, draft: Draft) -> None:
    rows = list(
        await session.scalars(
            select(MaterialRow)
            .where(MaterialRow.application_id == view.application.id)
            .order_by(MaterialRow.id)
        )
    )
    needed = {one.slug for one in draft.needed_materials()}
    for material in view.item.materials:
        pages = [row for row in rows if row.material == material.slug]
        if not pages and material.slug not in needed:
            continue
        state = pages[-1].state if pages else "missing"
        if not pages and draft.supplied(material):
            state = "supplied"
        pictures = tuple(row.upload_id for row in pages if row.upload_id)
        view.papers.append(
            PaperLine(material.slug, material.name, state, pictures, material.when_text)
        )


async def _fill_checks(session: AsyncSession, view: CaseView, draft: Draft) -> None:
    rows = await session.scalars(
        select(CheckRow).where(CheckRow.application_id == view.application.id).order_by(CheckRow.id)
    )
    titles = {
        one.check.name: one.check.definition.text
        for one in view.item.applicants.conditions
        if one.check.definition is not None
    }
    for row in rows:
        title = titles.get(row.name, row.name)
        view.checks.append(
            CheckLine(row.name, title, row.answer, row.source, row.as_of, row.asked_at)
        )
    view.conditions = [_condition(one, draft) for one in view.item.applicants.conditions]


def _condition(condition: ApplicantCondition, draft: Draft) -> ConditionLine:
    said = condition.declared_by.holds(draft.answers) if condition.declared_by else None
    name = condition.check.name
    return ConditionLine(
        text=condition.text,
        kind=condition.check.kind,
        said=said,
        checked=draft.checks.get(name) if name else None,
        alternative=condition.alternative_to is not None,
    )


async def _fill_identity(session: AsyncSession, view: CaseView, draft: Draft) -> None:
    application = view.application
    view.proofs = await proofs_of(session, application.id)
    cards = cards_of(view.proofs, draft)
    if cards:
        view.card = await card_line(session, view.proofs, cards[-1])
        view.card_differs = differs(view.card.read or {}, draft)
    faces = [one for one in view.proofs if one.kind == ProofKind.FACE]
    if faces:
        view.face = face_line(faces[-1], view.card.front if view.card else None)
    if application.conversation_id or application.citizen_id:
        consent = await consent_of(
            session,
            kind=FACE_CONSENT,
            conversation_id=application.conversation_id,
            citizen_id=application.citizen_id,
        )
        view.face_refused = consent is not None and not consent.granted


def _picture_ids(view: CaseView) -> set[str]:
    ids = {one for line in view.answers for one in line.pictures}
    ids |= {one for paper in view.papers for one in paper.pictures}
    ids |= {one for line in view.acting for one in line.papers}
    ids |= {str(one) for proof in view.proofs for one in proof.upload_ids or []}
    return ids


async def _uploads(session: AsyncSession, ids: Iterable[str]) -> dict[str, Upload]:
    rows = await session.scalars(select(Upload).where(Upload.id.in_(list(ids))))
    return {row.id: row for row in rows}


async def _name_of(session: AsyncSession, actor: str) -> str:
    user = await session.get(StaffUser, actor.removeprefix("staff:"))
    return user.display_name if user is not None else ""


async def _opinions(session: AsyncSession, application_id: str) -> list[OpinionLine]:
    return [
        OpinionLine(
            row.staff_id,
            await _name_of(session, row.staff_id),
            row.by_head,
            row.decision,
            row.reason,
            row.at,
            await _name_of(session, row.agreed_by) if row.agreed_by else "",
            row.lapsed_at is not None,
        )
        for row in await opinions_of(session, application_id)
    ]


async def _sentences(session: AsyncSession, history: Sequence[HistoryRow]) -> list[HistoryLine]:
    staff_ids = {row.actor.split(":", 1)[1] for row in history if row.actor.startswith("staff:")}
    users = await session.scalars(select(StaffUser).where(StaffUser.id.in_(staff_ids)))
    names = {user.actor: user.display_name for user in users}
    return [
        HistoryLine(
            row.at, row.step, row.actor.split(":", 1)[0], names.get(row.actor, ""), row.note
        )
        for row in history
    ]
