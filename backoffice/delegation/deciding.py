"""The robot's decision on one case: asked outside any transaction, made inside one.

`question_for` says what is to be asked, `consider` decides. Limits are counted and the delegation's
state is read under its lock, so that no moment's delay lets one case more through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from backoffice.applications.decisions import Bench, approve
from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import Application
from backoffice.applications.readiness import require_ready
from backoffice.applications.states import State
from backoffice.audit.services import record
from backoffice.canonical import canonical
from backoffice.clock import china_date
from backoffice.crypto import keyed_hash
from backoffice.delegation.judging import Facts, Reason, Stop, checks_of, judge
from backoffice.delegation.models import (
    Delegation,
    DelegationState,
    Outcome,
    RobotDecision,
    Stopped,
)
from backoffice.delegation.rules import is_drawn
from backoffice.delegation.services import (
    SYSTEM,
    Rulebook,
    counts,
    seal_stands,
    stop,
    terms_of,
)
from backoffice.errors import Busy
from backoffice.identity.evidence import subject_hash
from backoffice.identity.policy import Policy
from backoffice.identity.settling import unsettled
from backoffice.messages import text
from backoffice.outbox import services as outbox
from backoffice.representation.services import RelationUnsettled
from backoffice.signatures.services import SignatureBroken, Standing, standings
from backoffice.tasks.models import TaskKind
from backoffice.tasks.services import open_task
from catalogue.schema import ServiceItem
from integrations.ports import RegisterAnswer

ROBOT = "robot"
"""The actor of a case handed over without a delegation."""


@dataclass(frozen=True)
class Question:
    """What has to be asked before one case can be decided.

    Attributes:
        version: of the application when it was looked at; decided is that one or none.
        names: named checks; empty when nobody delegated the item, so that nothing is asked in vain.
    """

    application_id: str
    version: int
    names: tuple[str, ...]
    answers: Mapping[str, Any]
    delegation_id: str | None

    def __repr__(self) -> str:
        return f"Question({self.application_id})"


async def question_for(
    session: AsyncSession, application_id: str, *, rulebook: Rulebook, now: datetime
) -> Question | None:
    """What to ask; None when the robot has nothing (more) to do with the case."""
    application = await session.get(Application, application_id)
    item = rulebook.item(application.item_code) if application is not None else None
    if application is None or item is None or application.state != State.SUBMITTED:
        return None
    if await decision_on(session, application_id) is not None:
        return None
    live = await _live(session, item.code)
    if live is None:
        return Question(application_id, application.version, (), {}, None)
    draft = await load_draft(session, application, item, on=china_date(now))
    names = checks_of(item)
    return Question(application_id, application.version, names, dict(draft.answers), live.id)


async def consider(
    bench: Bench, question: Question, said: Mapping[str, RegisterAnswer], *, policy: Policy
) -> RobotDecision | None:
    """Approve the case, or hand it to a clerk with the reason; exactly once.

    Args:
        said: what the registers answered to the question.

    Returns:
        None when somebody else was first: decided before, accepted by a clerk, withdrawn.

    Raises:
        Busy: the case changed since it was asked about; ask anew.
    """
    session = bench.session
    delegation = await _locked(session, question.delegation_id)
    if await decision_on(session, question.application_id) is not None:
        return None
    application = await session.scalar(
        select(Application)
        .where(Application.id == question.application_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if application is None or application.state != State.SUBMITTED:
        return None
    if application.version != question.version:
        raise Busy
    item = bench.item(application)
    facts = await _facts(bench, application, item, said)
    rulebook = Rulebook(bench.catalogue, policy)
    halted = await _halt(session, delegation, rulebook, item, bench.now)
    halted = halted or await _not_ready(bench, application)
    if halted is None and delegation is not None:
        halted = judge(facts, terms_of(delegation))
    row = _row(facts, delegation, halted, _person(facts.draft))
    row.used = frozen(facts, delegation, rulebook)
    row.seal = _seal(row)
    try:
        await _carry_out(bench, application, item, delegation, row)
    except StaleDataError as exc:
        raise Busy from exc
    return row


async def decision_on(session: AsyncSession, application_id: str) -> RobotDecision | None:
    """What the robot did with a case, if it did anything."""
    found: RobotDecision | None = await session.scalar(
        select(RobotDecision).where(RobotDecision.application_id == application_id)
    )
    return found


def frozen(facts: Facts, delegation: Delegation | None, rulebook: Rulebook) -> dict[str, Any]:
    """What a decision rests on, as it is kept: whoever reads it later needs nothing else.

    `rule`, `terms`, `signed_by`, `signed_at` as signed (without a delegation today's rule alone),
    `catalogue` its fingerprint, `answers` of the application, `checks` with source and age,
    `identity` by which way and means, `papers` with their states, and how much of the limits was
    used up.
    """
    application = facts.draft.application
    signed: dict[str, Any] = {"rule": rulebook.rule(application.item_code)}
    if delegation is not None:
        signed = {
            "rule": delegation.rule,
            "terms": delegation.terms,
            "signed_by": delegation.signed_by,
            "signed_at": _moment(delegation.signed_at),
        }
    return {
        **signed,
        "catalogue": rulebook.catalogue.fingerprint,
        "answers": dict(facts.draft.answers),
        "sources": dict(facts.draft.sources),
        "papers": dict(facts.draft.materials),
        "checks": [
            {
                "name": name,
                "text": _text_of(rulebook, name),
                "answer": said.answer.value,
                "source": said.source,
                "as_of": _moment(said.as_of),
                "asked_at": _moment(facts.now),
            }
            for name, said in facts.said.items()
        ],
        "identity": {
            "way": application.identity_way,
            "means": sorted(str(one) for one in facts.means()),
        },
        "today": facts.today,
        "person": facts.person,
    }


def seal_holds(row: RobotDecision) -> bool:
    """Whether the record is as it was written."""
    return row.seal == _seal(row)


async def _live(session: AsyncSession, item_code: str) -> Delegation | None:
    return await session.scalar(
        select(Delegation).where(
            Delegation.item_code == item_code, Delegation.state == DelegationState.LIVE
        )
    )


async def _locked(session: AsyncSession, id: str | None) -> Delegation | None:
    if id is None:
        return None
    query = select(Delegation).where(Delegation.id == id).with_for_update()
    found: Delegation | None = await session.scalar(query.execution_options(populate_existing=True))
    return found


async def _halt(
    session: AsyncSession,
    delegation: Delegation | None,
    rulebook: Rulebook,
    item: ServiceItem,
    now: datetime,
) -> Stop | None:
    """Why nothing may be decided under this delegation, whatever the case; it is stopped then."""
    if delegation is None:
        return Stop(Reason.NO_DELEGATION)
    if delegation.state != DelegationState.LIVE:
        return Stop(Reason.STOPPED)
    if not seal_stands(delegation):
        await stop(session, delegation, why=Stopped.TAMPERED, by=SYSTEM, now=now)
        return Stop(Reason.TAMPERED)
    if delegation.rule_hash != rulebook.hash(item.code):
        await stop(session, delegation, why=Stopped.RULE_CHANGED, by=SYSTEM, now=now)
        return Stop(Reason.RULE_CHANGED)
    return None


async def _not_ready(bench: Bench, application: Application) -> Stop | None:
    """What stands before every approval, whoever gives it."""
    try:
        await require_ready(bench.session, application, bench.item(application))
    except RelationUnsettled:
        return Stop(Reason.RELATION_OPEN)
    except SignatureBroken:
        return Stop(Reason.SIGNATURE_OPEN)
    return None


async def _facts(
    bench: Bench,
    application: Application,
    item: ServiceItem,
    said: Mapping[str, RegisterAnswer],
) -> Facts:
    session, now = bench.session, bench.now
    draft = await load_draft(session, application, item, on=china_date(now))
    asked = [one.slug for one in draft.open_fields() if one.type == "signature" and one.required]
    worth = await standings(session, application, draft.answers, asked)
    today, mine = await counts(session, item.code, person=_person(draft), now=now)
    return Facts(
        draft=draft,
        said=said,
        identity_open=await unsettled(session, application) is not None,
        signatures_stand=all(worth.get(one) == Standing.STANDS for one in asked),
        today=today,
        person=mine,
        now=now,
    )


def _person(draft: Draft) -> str | None:
    """Whose approvals are counted: the applicant's, whoever typed."""
    number = draft.answers.get("id_no")
    return subject_hash(str(number)) if number else None


def _row(
    facts: Facts, delegation: Delegation | None, stopped: Stop | None, person: str | None
) -> RobotDecision:
    application = facts.draft.application
    approved = stopped is None
    share = terms_of(delegation).recheck_percent if delegation is not None else 0
    return RobotDecision(
        application_id=application.id,
        delegation_id=delegation.id if delegation is not None else None,
        item_code=application.item_code,
        outcome=Outcome.APPROVED if approved else Outcome.HANDED,
        reason=None if stopped is None else str(stopped.reason),
        about=(stopped.about or None) if stopped is not None else None,
        person=person,
        day=china_date(facts.now),
        at=facts.now,
        drawn=approved and is_drawn(application.id, share),
    )


async def _carry_out(
    bench: Bench,
    application: Application,
    item: ServiceItem,
    delegation: Delegation | None,
    row: RobotDecision,
) -> None:
    session, now = bench.session, bench.now
    actor = delegation.actor if delegation is not None else ROBOT
    if row.outcome == Outcome.APPROVED:
        await approve(bench, application, actor=actor)
    elif delegation is not None:
        key, told = f"handed:{application.id}", {"application_id": application.id, "kind": "handed"}
        await outbox.put(session, kind="notice.send", key=key, payload=told, now=now)
    session.add(row)
    await session.flush()
    if row.drawn:
        await open_task(
            session,
            kind=TaskKind.RECHECK,
            conversation_id=None,
            application_id=application.id,
            item_code=item.code,
            phone=None,
            summary=text("task.recheck", number=application.number or ""),
            now=now,
            calendar=bench.calendar,
            key=f"recheck:{application.id}",
        )
    await record(
        session,
        actor=actor,
        action=f"robot.{row.outcome}",
        subject=f"application:{application.id}",
        detail={
            "item": item.code,
            "rule": delegation.rule_hash if delegation is not None else None,
            "reason": row.reason,
            "about": row.about,
            "seal": row.seal,
            "drawn": row.drawn,
        },
        now=now,
    )


def _seal(row: RobotDecision) -> str:
    content = [
        row.application_id, row.delegation_id, str(row.outcome), row.reason, row.about,
        row.person, row.day.isoformat(), _moment(row.at), row.drawn, row.used,
    ]  # fmt: skip
    return keyed_hash("robot_decisions.seal", canonical(content))


def _text_of(rulebook: Rulebook, name: str) -> str:
    check = rulebook.catalogue.checks.get(name)
    return check.text if check is not None else name


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if value is not None else None
