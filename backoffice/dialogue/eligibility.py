"""May this person apply? By their own word, and by what the registers say.

Named checks answer yes, no or unknown; unknown goes to a clerk, never to a refusal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.draft import Draft
from backoffice.applications.models import CheckRow
from catalogue.schema import ApplicantCondition
from integrations.ports import RegisterAnswer


@dataclass(frozen=True)
class Verdict:
    """What is known of the applicant's conditions.

    Attributes:
        holds: False when a condition and all its alternatives fail; None while undecided.
        condition: the condition that fails.
        to_ask: named checks not asked yet.
    """

    holds: bool | None
    condition: str | None = None
    to_ask: tuple[str, ...] = ()


def declared(draft: Draft) -> Verdict:
    """By the applicant's own words; a condition fails when it and all its alternatives do."""
    undecided = False
    for condition in _main(draft):
        group = (condition, *draft.item.alternatives(condition.id))
        said = [_own_word(draft, one) for one in group]
        if True in said:
            continue
        if None not in said:
            return Verdict(False, condition.id)
        undecided = True
    return Verdict(None if undecided else True)


def _own_word(draft: Draft, condition: ApplicantCondition) -> bool | None:
    if condition.declared_by is not None:
        return condition.declared_by.holds(draft.answers)
    named = condition.check.definition
    return named.derived(draft.answers, draft.on) if named else None


def verified(draft: Draft) -> Verdict:
    """By the registers' answers. What was declared or is a clerk's to judge is not decided here.

    An alternative that the applicant does not claim cannot help: a register that knows nothing of
    it leaves nothing open.
    """
    to_ask = tuple(
        one.check.name
        for one in draft.item.applicants.conditions
        if one.check.name is not None and one.check.name not in draft.checks
    )
    if to_ask:
        return Verdict(None, to_ask=to_ask)
    undecided = False
    for condition in _main(draft):
        if condition.check.name is None:
            continue
        group = (condition, *draft.item.alternatives(condition.id))
        said = [_answer(draft, one) for one in group]
        if True in said:
            continue
        if None not in said:
            claimed = (one.id for one in group if _own_word(draft, one) is True)
            return Verdict(False, next(claimed, condition.id))
        undecided = True
    return Verdict(None if undecided else True)


def _main(draft: Draft) -> list[ApplicantCondition]:
    return [one for one in draft.item.applicants.conditions if one.alternative_to is None]


def _answer(draft: Draft, condition: ApplicantCondition) -> bool | None:
    said = {"yes": True, "no": False}.get(draft.checks.get(condition.check.name or "", ""))
    if said is None and condition.alternative_to and _own_word(draft, condition) is False:
        return False
    return said


def keep_answers(
    session: AsyncSession, draft: Draft, found: Mapping[str, RegisterAnswer], *, now: datetime
) -> None:
    """Store what the registers said with source and age."""
    for name, said in found.items():
        draft.checks[name] = said.answer.value
        session.add(
            CheckRow(
                application_id=draft.application.id,
                name=name,
                answer=said.answer.value,
                source=said.source,
                as_of=said.as_of,
                asked_at=now,
            )
        )
