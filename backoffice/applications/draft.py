"""A draft as the dialogue sees it: the application with its item, answers, papers and checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import (
    AnswerRow,
    Application,
    CheckRow,
    MaterialRow,
    SupplementRow,
)
from backoffice.applications.states import State
from backoffice.identity.evidence import evidence_of, subject_hash
from backoffice.identity.models import ProofKind
from backoffice.identity.policy import Evidence
from backoffice.identity.proofs import proofs_of
from backoffice.representation.models import Representation
from backoffice.representation.services import Pair, authority_for
from backoffice.signatures.services import GOOD, standings
from catalogue import scope
from catalogue.form import FormField, Material
from catalogue.repeats import with_rounds
from catalogue.schema import ServiceItem
from integrations.ports import Named


@dataclass
class Draft:
    """One application with all that is known of it.

    Attributes:
        written: the item as the catalogue has it; `item` has each round of repeated fields.
        on: today, for what hangs on the calendar.
        answers: field → value in normal form.
        sources: field → where the answer came from.
        materials: material → newest state (`given`, `bring`, `seen`, `waived`).
        checks: named check → `yes`, `no` or `unknown`.
        wanted: what a clerk asked to be corrected and is not yet answered.
        evidence: what the proofs on record say of whoever acts, for this application and visit.
        police: what the police said of this person's name and number, once asked.
        authority: by what who acts may act for the person; None while nobody has asked, and once
            it has ended or is about other people than the answers now name.
        unsigned: fields whose signature is no longer under what is there now.
        proven: whether who acts is proved, and may act, without a person having to look.
    """

    application: Application
    written: ServiceItem
    answers: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    materials: dict[str, str] = field(default_factory=dict)
    checks: dict[str, str] = field(default_factory=dict)
    wanted: list[dict[str, str]] = field(default_factory=list)
    on: date | None = None
    evidence: list[Evidence] = field(default_factory=list)
    police: str | None = None
    authority: Representation | None = None
    unsigned: set[str] = field(default_factory=set)
    proven: bool = False
    _surveyed: tuple[dict[str, Any], ServiceItem, scope.Survey] | None = field(
        default=None, repr=False
    )

    @property
    def progress(self) -> Mapping[str, Any]:
        """What the dialogue remembers beside the answers; change it with `remember`."""
        return self.application.progress or {}

    def remember(self, **facts: Any) -> None:
        """Set facts of the progress (None removes)."""
        merged = {**self.progress, **facts}
        self.application.progress = {k: v for k, v in merged.items() if v is not None}

    @property
    def supplementing(self) -> bool:
        """Whether a clerk sent it back for correction."""
        return self.application.state == State.SUPPLEMENT_DUE

    def applies(self, field: FormField) -> bool | None:
        """Whether the field is to be asked; None while its condition is undecided."""
        return self._survey().applies[field.slug]

    def open_fields(self) -> list[FormField]:
        """The fields that apply for certain, in the order of asking."""
        applies = self._survey().applies
        return [one for one in self.item.fields if applies[one.slug]]

    def needed_materials(self) -> list[Material]:
        """The papers that fit this applicant, whether already supplied or not."""
        return list(self._survey().materials)

    @property
    def item(self) -> ServiceItem:
        """The item, with as many rounds of its repeated fields as the answers call for."""
        return self._work_out()[1]

    def _survey(self) -> scope.Survey:
        return self._work_out()[2]

    def _work_out(self) -> tuple[dict[str, Any], ServiceItem, scope.Survey]:
        # Asked for every field of every turn; worked out again only when an answer changed.
        if self._surveyed is None or self._surveyed[0] != self.answers:
            item = with_rounds(self.written, self.answers)
            survey = scope.survey(item, self.answers)
            self._surveyed = (dict(self.answers), item, survey)
        return self._surveyed

    @property
    def for_other(self) -> bool:
        """Whether somebody else fills it in for the applicant."""
        return self.answers.get("filed_by") == "proxy"

    @property
    def person_proves(self) -> bool:
        """Whether the person it is about proves to be that person, whoever types."""
        rule = self.item.applicants.acting
        return rule is not None and rule.person_proves

    @property
    def acting(self) -> str:
        """What the field names of whoever has to prove who they are begin with.

        The proxy's, or the applicant's: also with a proxy, where the item demands the applicant.
        """
        return "proxy_" if self.for_other and not self.person_proves else ""

    @property
    def acting_id_no(self) -> str | None:
        """The identity number of whoever has to prove who they are, as far as it is known."""
        return self.answers.get(f"{self.acting}id_no")

    @property
    def pair(self) -> Pair | None:
        """Who says to act for whom; None without a proxy, or while one of the two is not known."""
        if not self.for_other:
            return None
        parts = [
            self.answers.get(one)
            for one in ("proxy_name", "proxy_id_no", "name", "id_no", "proxy_relation")
        ]
        if not all(parts):
            return None
        agent, agent_no, name, id_no, relation = (str(one) for one in parts)
        return Pair(Named(agent, agent_no), Named(name, id_no), relation)

    def supplied(self, material: Material) -> bool:
        """Whether the paper is here, promised, or replaced by something that is known."""
        return material.slug in self.materials or self.vouched(material)

    def vouched(self, material: Material) -> bool:
        """Whether something known stands for the paper, so that nobody need look at one."""
        return any(self._supplies(one.kind, one.name) for one in material.satisfied_by)

    def _supplies(self, kind: str, name: str | None) -> bool:
        if kind == "system":
            return True
        if kind == "field":
            return bool(name and self.answers.get(name))
        if kind == "check":
            # Leaving the paper out tells what the register says, so the asker must be known.
            return self.checks.get(name or "") == "yes" and self.proven
        # The proof of the card is settled by the identity steps, which come later and always ask.
        return True


async def load_draft(
    session: AsyncSession, application: Application, item: ServiceItem, *, on: date | None = None
) -> Draft:
    """Everything known of an application; `on` is today."""
    draft = Draft(application, item, on=on)
    id = application.id
    for row in await session.scalars(select(AnswerRow).where(AnswerRow.application_id == id)):
        draft.answers[row.field] = row.value
        draft.sources[row.field] = row.source
    papers = select(MaterialRow).where(MaterialRow.application_id == id).order_by(MaterialRow.id)
    for paper in await session.scalars(papers):
        draft.materials[paper.material] = paper.state
    for check in await session.scalars(select(CheckRow).where(CheckRow.application_id == id)):
        draft.checks[check.name] = check.answer
    draft.proven = application.identity_way is not None and application.identity_then is None
    await load_proofs(session, draft)
    signatures = [one.slug for one in item.fields if one.type == "signature"]
    found = await standings(session, application, draft.answers, signatures)
    draft.unsigned = {one for one, worth in found.items() if worth not in GOOD}
    if draft.supplementing:
        pending = await session.scalar(
            select(SupplementRow)
            .where(SupplementRow.application_id == id, SupplementRow.answered_at.is_(None))
            .order_by(SupplementRow.id.desc())
            .limit(1)
        )
        draft.wanted = list(pending.wanted) if pending is not None else []
    return draft


async def load_proofs(session: AsyncSession, draft: Draft) -> None:
    """Read what the proofs on record say; again after one was given or the number changed."""
    application = draft.application
    draft.authority = await authority_for(session, application.id, draft.pair, on=draft.on)
    proofs = await proofs_of(session, application.id)
    id_no = draft.acting_id_no
    draft.evidence = evidence_of(
        proofs,
        id_no=id_no,
        application_id=application.id,
        conversation_id=application.conversation_id or "",
        citizen_id=application.citizen_id,
    )
    whose = subject_hash(id_no) if id_no else None
    asked = [
        one.result for one in proofs
        if one.kind == ProofKind.POLICE and one.subject_hash == whose
    ]  # fmt: skip
    draft.police = asked[-1] if asked else None
