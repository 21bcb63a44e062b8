"""What the authority decides about an application: each decision is one transaction.

State, history, audit and the notice to the citizen change together or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from backoffice.applications.clocks import history_of, set_clocks
from backoffice.applications.draft import load_draft
from backoffice.applications.models import (
    Application,
    StepNotAllowed,
    SupplementRow,
)
from backoffice.applications.opinions import HeadNeeded, SecondPersonNeeded, agreed, lapse
from backoffice.applications.readiness import require_ready
from backoffice.applications.states import AT_THE_AUTHORITY, State, Step
from backoffice.applications.supplements import asked_too_late
from backoffice.audit.services import record
from backoffice.calendar import WorkCalendar
from backoffice.errors import Busy, CitizenError, NotFound
from backoffice.identity.settling import How, settle_to_approve
from backoffice.messages import text
from backoffice.outbox import services as outbox
from backoffice.staff.models import CASE_ROLES, StaffUser
from backoffice.tasks.services import close_clock_tasks
from catalogue.loader import Catalogue
from catalogue.schema import ServiceItem


class ReasonMissing(CitizenError):
    """A refusal must give its reason (行政许可法 第三十八条第二款)."""

    code = "decision.reason_missing"


class NothingWanted(CitizenError):
    """A correction request that names nothing, or a reason that is empty."""

    code = "decision.nothing_wanted"


class LateReasonMissing(CitizenError):
    """A further correction asks for what could have been asked the first time. Params: parts."""

    code = "decision.late_reason_missing"


class WantedUnknown(CitizenError):
    """A correction request names a field or paper that the item does not have."""

    code = "decision.wanted_unknown"


class Decision(StrEnum):
    """What a clerk may decide."""

    ACCEPT = "accept"
    REQUEST_SUPPLEMENT = "request_supplement"
    APPROVE = "approve"
    REFUSE = "refuse"
    NOT_ACCEPT = "not_accept"


CONCLUDING = frozenset({Decision.APPROVE, Decision.REFUSE, Decision.NOT_ACCEPT})
"""What ends the case; two people are needed for it where the item says so."""


@dataclass(frozen=True)
class Wanted:
    """One thing to be corrected: a field or a paper, and why."""

    reason: str
    field: str | None = None
    material: str | None = None

    def stored(self) -> dict[str, str]:
        """As kept in `SupplementRow.wanted`."""
        kind, slug = ("field", self.field) if self.field else ("material", self.material)
        return {kind: str(slug), "reason": self.reason.strip()}


@dataclass(frozen=True)
class Bench:
    """Where decisions are made: the session, the rules in force, and the moment."""

    session: AsyncSession
    catalogue: Catalogue
    calendar: WorkCalendar
    now: datetime

    def item(self, application: Application) -> ServiceItem:
        """The application's item. Raises NotFound when it left the catalogue."""
        item = self.catalogue.find(application.item_code)
        if item is None:
            raise NotFound
        return item


async def case_of(
    session: AsyncSession, *, id: str, staff: StaffUser, catalogue: Catalogue
) -> Application:
    """The only way to a case on a clerk's behalf, by id or number.

    Raises:
        NotFound: there is none, it was never submitted, or it is another department's.
    """
    found = await session.scalar(
        select(Application).where(
            (Application.id == id) | (Application.number == id), Application.number.is_not(None)
        )
    )
    item = catalogue.find(found.item_code) if found is not None else None
    if found is None or item is None or staff.role not in CASE_ROLES:
        raise NotFound
    if not staff.handles(item.department):
        raise NotFound
    return found


async def decide(
    bench: Bench,
    application: Application,
    decision: Decision,
    *,
    staff: StaffUser,
    reason: str = "",
    wanted: Sequence[Wanted] = (),
    version: int | None = None,
    identity: How | None = None,
    late_reason: str = "",
) -> Application:
    """Carry out a clerk's decision; where the item wants two people, the first one's is kept.

    Then the case is still open afterwards (`opinions.opinion_on`).

    Args:
        late_reason: why a further correction asks for what could have been asked before.
        version: the version the clerk was looking at, when known.
        identity: how the clerk made sure of who the person is, for an approval that needs it.

    Raises:
        IdentityUnsettled: an approval before anybody made sure of who the person is.
        SignatureBroken: an approval of what was changed after it was signed.
        RelationUnsettled: an approval before anybody made sure that who acts may act.
        Busy: somebody else changed the case meanwhile.
        StepNotAllowed: the case's state does not allow the decision.
        ReasonMissing, NothingWanted, WantedUnknown, LateReasonMissing: the decision is not
            complete.
        SecondPersonNeeded, HeadNeeded: see `opinions.agreed`.
    """
    if version is not None and version != application.version:
        raise Busy
    if decision == Decision.APPROVE:
        await settle_to_approve(
            bench.session, application, identity, actor=staff.actor, now=bench.now
        )
        await require_ready(bench.session, application, bench.item(application))
    try:
        if not await _two_agree(bench, application, decision, reason, staff):
            return application
        if decision == Decision.REQUEST_SUPPLEMENT:
            await request_supplement(
                bench, application, wanted, actor=staff.actor, late_reason=late_reason
            )
        else:
            await _carry_out(bench, application, decision, staff.actor, reason)
    except StaleDataError as exc:  # whichever statement noticed that somebody else was first
        raise Busy from exc
    return application


async def _two_agree(
    bench: Bench, application: Application, decision: Decision, reason: str, staff: StaffUser
) -> bool:
    """Whether the decision may be carried out now; the item may want a second person's word."""
    rule = bench.item(application).second_look
    if rule is None or decision not in CONCLUDING:
        return True
    if decision not in possible(application):
        raise StepNotAllowed
    if decision != Decision.APPROVE:
        _with_appeal(reason)  # a refusal without a reason is no opinion either
    if decision != Decision.NOT_ACCEPT and application.state == State.SUBMITTED:
        await accept(bench, application, actor=staff.actor)
    return await agreed(
        bench.session, application, rule, decision, reason=reason, staff=staff, now=bench.now
    )


async def _carry_out(
    bench: Bench,
    application: Application,
    decision: Decision,
    actor: str,
    reason: str,
) -> None:
    if decision == Decision.ACCEPT:
        await accept(bench, application, actor=actor)
    elif decision == Decision.APPROVE:
        await approve(bench, application, actor=actor)
    elif decision == Decision.REFUSE:
        await refuse(bench, application, reason, actor=actor)
    else:
        await not_accept(bench, application, reason, actor=actor)


async def accept(bench: Bench, application: Application, *, actor: str) -> None:
    """受理: from here the promised time runs."""
    await start_clock(bench, application, Step.ACCEPT, actor=actor, at=bench.now)
    await conclude(bench, application, "accepted", actor)


async def request_supplement(
    bench: Bench,
    application: Application,
    wanted: Sequence[Wanted],
    *,
    actor: str,
    late_reason: str = "",
) -> SupplementRow:
    """一次告知补正: ask at once for everything that is missing or wrong.

    Raises:
        NothingWanted: nothing is named, or something without a reason.
        WantedUnknown: a field or paper that the item does not have.
        LateReasonMissing: it could have been asked for the first time, and nobody says why not.
    """
    draft = await load_draft(bench.session, application, bench.item(application))
    item = draft.item
    if not wanted or not all(one.reason.strip() for one in wanted):
        raise NothingWanted
    for one in wanted:
        known = item.field(one.field) if one.field else item.material(one.material or "")
        if known is None or (one.field and one.material):
            raise WantedUnknown
    stored = [one.stored() for one in wanted]
    late = await asked_too_late(bench.session, draft, stored)
    if late and not late_reason.strip():
        raise LateReasonMissing(parts="、".join(late))
    await lapse(bench.session, application.id, now=bench.now)
    row = SupplementRow(
        application_id=application.id,
        wanted=stored,
        late_reason=late_reason.strip() if late else None,
        requested_by=actor,
        requested_at=bench.now,
    )
    _take(bench, application, Step.REQUEST_SUPPLEMENT, actor=actor)
    bench.session.add(row)
    detail = {"wanted": [one.field or one.material or "" for one in wanted], "late": bool(late)}
    await conclude(bench, application, "supplement", actor, detail)
    return row


async def approve(bench: Bench, application: Application, *, actor: str) -> None:
    """准予; straight from 收件 it is accepted and approved in one go. Then the result is made."""
    if application.state == State.SUBMITTED:
        await start_clock(bench, application, Step.ACCEPT, actor=actor, at=bench.now)
        await bench.session.flush()
    _take(bench, application, Step.APPROVE, actor=actor)
    application.decided_at = bench.now
    await conclude(bench, application, "approved", actor)
    await outbox.put(
        bench.session,
        kind="result.issue",
        key=f"result:{application.id}",
        payload={"application_id": application.id},
        now=bench.now,
    )


async def refuse(bench: Bench, application: Application, reason: str, *, actor: str) -> None:
    """不予许可, with the reason and how to appeal; from 收件 it is accepted first."""
    note = _with_appeal(reason)
    if application.state == State.SUBMITTED:
        await start_clock(bench, application, Step.ACCEPT, actor=actor, at=bench.now)
        await bench.session.flush()
    _take(bench, application, Step.REFUSE, actor=actor, note=note)
    application.decided_at = bench.now
    await conclude(bench, application, "refused", actor)


async def not_accept(bench: Bench, application: Application, reason: str, *, actor: str) -> None:
    """不予受理, with the reason and how to appeal."""
    _take(bench, application, Step.NOT_ACCEPT, actor=actor, note=_with_appeal(reason))
    application.decided_at = bench.now
    await conclude(bench, application, "not_accepted", actor)


async def start_clock(
    bench: Bench, application: Application, step: Step, *, actor: str, at: datetime
) -> None:
    """Accept, from `at` on; the caller writes notice and audit (`conclude`)."""
    item = bench.item(application)
    _take(bench, application, step, actor=actor)
    # Accepted before, then corrected: the first acceptance counts and the pause is added.
    application.accepted_at = application.accepted_at or at
    history = await history_of(bench.session, application)
    set_clocks(application, item, bench.calendar, history)
    if item.own_system is not None:
        await outbox.put(
            bench.session,
            kind="department.hand",
            key=f"department:{application.id}:{application.version}",
            payload={"application_id": application.id},
            now=bench.now,
        )


def _take(
    bench: Bench, application: Application, step: Step, *, actor: str, note: str | None = None
) -> None:
    bench.session.add(application.take(step, actor=actor, at=bench.now, note=note))


async def conclude(
    bench: Bench,
    application: Application,
    kind: str,
    actor: str,
    detail: Mapping[str, Any] | None = None,
    *,
    notice: str | None = None,
) -> None:
    """Write the change, then the notice and the audit; the version decides who was first.

    Args:
        notice: the notice's kind, where it says something else than the audit trail.
    """
    if application.state != State.ACCEPTED:
        set_clocks(application, bench.item(application), bench.calendar, ())
    await bench.session.flush()
    await close_clock_tasks(bench.session, application.id, now=bench.now)
    await outbox.put(
        bench.session,
        kind="notice.send",
        key=f"{kind}:{application.id}:{application.version}",
        payload={"application_id": application.id, "kind": notice or kind},
        now=bench.now,
    )
    await record(
        bench.session,
        actor=actor,
        action=f"case.{kind}",
        subject=f"application:{application.id}",
        detail={"item": application.item_code, "version": application.version, **(detail or {})},
        now=bench.now,
    )


def _with_appeal(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return f"{reason.strip()}\n\n{text('decision.appeal')}"


def possible(application: Application) -> list[Decision]:
    """What may be decided now, for the page's forms."""
    if application.state not in AT_THE_AUTHORITY:
        return []
    if application.state == State.SUBMITTED:
        return list(Decision)
    return [Decision.REQUEST_SUPPLEMENT, Decision.APPROVE, Decision.REFUSE]


__all__ = [
    "Bench", "CONCLUDING", "Decision", "HeadNeeded", "LateReasonMissing", "NothingWanted",
    "ReasonMissing", "SecondPersonNeeded", "StepNotAllowed", "Wanted", "WantedUnknown", "accept",
    "approve", "case_of", "conclude", "decide", "not_accept", "possible", "refuse",
    "request_supplement", "start_clock",
]  # fmt: skip
