"""A head's side of a delegation: grant, sign, suspend, revoke, look at.

Granting writes the limits down; only signing, over the hash of rule and limits and with a second
factor, lets the robot decide. Stopping needs neither, so that it is quick.
"""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.audit.services import record
from backoffice.canonical import canonical
from backoffice.clock import china_date
from backoffice.crypto import keyed_hash
from backoffice.delegation.models import (
    Delegation,
    DelegationState,
    Outcome,
    RobotDecision,
    Stopped,
)
from backoffice.delegation.rules import LONGEST, PERSON_WITHIN, Terms, basis, hash_of
from backoffice.errors import CitizenError, NotFound
from backoffice.identity.policy import Policy
from backoffice.logs import log
from backoffice.staff.models import Role, StaffUser
from catalogue.loader import Catalogue
from catalogue.schema import ServiceItem

SYSTEM = "system"
_STEPS = {
    DelegationState.SUSPENDED: frozenset({DelegationState.LIVE}),
    DelegationState.REVOKED: frozenset(
        {DelegationState.DRAFT, DelegationState.LIVE, DelegationState.SUSPENDED}
    ),
    DelegationState.LIVE: frozenset({DelegationState.DRAFT, DelegationState.SUSPENDED}),
}
"""State → from which states it can be reached."""


class TermsWrong(CitizenError):
    """The limits are not complete, or beyond what may be granted."""

    code = "delegation.terms_wrong"


class NotPossibleNow(CitizenError):
    """The delegation's state does not allow the step."""

    code = "delegation.not_possible_now"
    status = 409


class OtherLive(CitizenError):
    """Another delegation of the item is live; at most one is."""

    code = "delegation.other_live"
    status = 409


class RuleMoved(CitizenError):
    """The rule is not what was shown when it was to be signed."""

    code = "delegation.rule_moved"
    status = 409


@dataclass(frozen=True)
class Rulebook:
    """What the rules are read from; the same in every process after a publication."""

    catalogue: Catalogue
    policy: Policy

    def item(self, code: str) -> ServiceItem | None:
        """The item, when it is decided at once."""
        item = self.catalogue.find(code)
        return item if item is not None and item.instant else None

    def rule(self, code: str) -> str | None:
        """The item's rule in canonical form; None when it is not decided at once (any more)."""
        item = self.item(code)
        if item is None:
            return None
        return canonical(basis(item, self.catalogue.checks, self.policy))

    def hash(self, code: str) -> str | None:
        """The hash of the rule as it is now."""
        rule = self.rule(code)
        return None if rule is None else hash_of(json.loads(rule))


def terms_of(delegation: Delegation) -> Terms:
    """The limits as granted."""
    return Terms.model_validate_json(canonical(delegation.terms))


def standing(delegation: Delegation, now: datetime) -> str:
    """The state for people's eyes: a live one past its last day is `expired`."""
    if delegation.state == DelegationState.LIVE and terms_of(delegation).expired(now):
        return "expired"
    return str(delegation.state)


def seal_stands(delegation: Delegation) -> bool:
    """Whether what was signed is what is there."""
    return delegation.seal is not None and hmac.compare_digest(delegation.seal, _seal(delegation))


async def delegation_of(
    session: AsyncSession, id: str, *, staff: StaffUser, locked: bool = False
) -> Delegation:
    """The only way to a delegation for staff. Raises NotFound, also for another department's."""
    query = select(Delegation).where(Delegation.id == id)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(query)
    if found is None or not staff.handles(found.department):
        raise NotFound
    return found


async def delegations_for(session: AsyncSession, staff: StaffUser) -> list[Delegation]:
    """All delegations of this person's departments, newest first."""
    rows = await session.scalars(select(Delegation).order_by(Delegation.granted_at.desc()))
    return [one for one in rows if staff.handles(one.department)]


async def grant(
    session: AsyncSession,
    *,
    item_code: str,
    given: object,
    staff: StaffUser,
    rulebook: Rulebook,
    now: datetime,
) -> Delegation:
    """Write down what the robot shall be allowed; nothing is allowed before it is signed.

    Args:
        given: the limits, in the form of `Terms`.

    Raises:
        NotFound: no such item, not decided at once, another department's, or not a head.
        TermsWrong: the limits.
    """
    item = rulebook.item(item_code)
    if item is None or staff.role != Role.HEAD or not staff.handles(item.department):
        raise NotFound
    terms = _checked(given, item, now)
    row = Delegation(
        item_code=item.code,
        department=item.department,
        terms=terms.stored(),
        state=DelegationState.DRAFT,
        granted_by=staff.id,
        granted_at=now,
    )
    session.add(row)
    await session.flush()
    await _record(session, row, "granted", staff.actor, now)
    return row


async def sign(
    session: AsyncSession,
    id: str,
    *,
    shown_hash: str,
    staff: StaffUser,
    rulebook: Rulebook,
    now: datetime,
) -> Delegation:
    """Let the robot decide from now on. The caller has seen password and second factor.

    Args:
        shown_hash: the rule's hash on the page that was signed.

    Raises:
        NotFound, NotPossibleNow, OtherLive: as they say.
        RuleMoved: the rule was changed between showing and signing.
        TermsWrong: its last day is over.
    """
    row = await delegation_of(session, id, staff=staff, locked=True)
    _step(row, DelegationState.LIVE)
    rule = rulebook.rule(row.item_code)
    if rule is None or hash_of(json.loads(rule)) != shown_hash:
        raise RuleMoved
    if terms_of(row).expired(now):
        raise TermsWrong
    row.rule, row.rule_hash = rule, shown_hash
    row.signed_by, row.signed_at = staff.id, now
    row.stopped_at = row.stopped_by = row.stopped_why = None
    row.seal = _seal(row)
    try:
        await session.flush()
    except IntegrityError as exc:
        raise OtherLive from exc
    await _record(session, row, "signed", staff.actor, now)
    return row


async def suspend(session: AsyncSession, id: str, *, staff: StaffUser, now: datetime) -> Delegation:
    """Stop it at once; it can be signed again. Raises NotFound, NotPossibleNow."""
    row = await delegation_of(session, id, staff=staff, locked=True)
    await stop(session, row, why=Stopped.HEAD, by=staff.actor, now=now)
    return row


async def revoke(session: AsyncSession, id: str, *, staff: StaffUser, now: datetime) -> Delegation:
    """End it at once and for good. Raises NotFound, NotPossibleNow."""
    row = await delegation_of(session, id, staff=staff, locked=True)
    _step(row, DelegationState.REVOKED)
    row.stopped_at, row.stopped_by, row.stopped_why = now, staff.actor, Stopped.HEAD
    await session.flush()
    await _record(session, row, "revoked", staff.actor, now)
    return row


async def stop(
    session: AsyncSession, row: Delegation, *, why: Stopped, by: str, now: datetime
) -> None:
    """Suspend a live delegation; the caller holds its lock. Raises NotPossibleNow."""
    _step(row, DelegationState.SUSPENDED)
    row.stopped_at, row.stopped_by, row.stopped_why = now, by, why
    await session.flush()
    log("delegation").warning("delegation.suspended", delegation=row.id, why=str(why))
    await _record(session, row, "suspended", by, now)


async def suspend_changed(
    session: AsyncSession, rulebook: Rulebook, *, now: datetime
) -> Sequence[str]:
    """The clock's step: whatever was signed over another rule than today's is suspended."""
    live = select(Delegation).where(Delegation.state == DelegationState.LIVE)
    rows = await session.scalars(live.with_for_update().execution_options(populate_existing=True))
    stopped = []
    for row in list(rows):
        if row.rule_hash != rulebook.hash(row.item_code):
            await stop(session, row, why=Stopped.RULE_CHANGED, by=SYSTEM, now=now)
            stopped.append(row.id)
    return stopped


async def is_live(session: AsyncSession, item_code: str, *, now: datetime) -> bool:
    """Whether the robot looks at what is handed in now, as far as its delegation alone says."""
    row = await session.scalar(
        select(Delegation).where(
            Delegation.item_code == item_code, Delegation.state == DelegationState.LIVE
        )
    )
    if row is None:
        return False
    terms = terms_of(row)
    return terms.open_at(now) and not terms.expired(now)


async def stopped_by_itself(session: AsyncSession, staff: StaffUser) -> list[Delegation]:
    """What was suspended by no head and nobody has acted upon: heads are told on every page."""
    rows = await session.scalars(
        select(Delegation).where(
            Delegation.state == DelegationState.SUSPENDED, Delegation.stopped_why != Stopped.HEAD
        )
    )
    return [one for one in rows if staff.handles(one.department)]


async def counts(
    session: AsyncSession, item_code: str, *, person: str | None, now: datetime
) -> tuple[int, int]:
    """Approvals by the robot: of the item today, and for this person within a year.

    Of all its delegations: revoking and granting anew does not begin the counting anew.
    """
    approved = (RobotDecision.item_code == item_code, RobotDecision.outcome == Outcome.APPROVED)
    today = await session.scalar(
        select(func.count())
        .select_from(RobotDecision)
        .where(*approved, RobotDecision.day == china_date(now))
    )
    if person is None:
        return int(today or 0), 0
    mine = await session.scalar(
        select(func.count())
        .select_from(RobotDecision)
        .where(*approved, RobotDecision.person == person, RobotDecision.at > now - PERSON_WITHIN)
    )
    return int(today or 0), int(mine or 0)


def _checked(given: object, item: ServiceItem, now: datetime) -> Terms:
    try:
        terms = Terms.parse(given)
    except ValidationError as exc:
        raise TermsWrong from exc
    today = china_date(now)
    if not today <= terms.until <= today + LONGEST:
        raise TermsWrong
    for slug, options in terms.only.items():
        field = item.field(slug)
        known = {one.value for one in field.options} if field is not None else set()
        if not options or not known.issuperset(options):
            raise TermsWrong
    return terms


def _step(row: Delegation, to: DelegationState) -> None:
    if row.state not in _STEPS[to]:
        raise NotPossibleNow
    row.state = to


def _seal(row: Delegation) -> str:
    signed_at = row.signed_at.astimezone(UTC).isoformat() if row.signed_at else None
    content = [row.id, row.item_code, row.terms, row.rule, row.rule_hash, row.signed_by, signed_at]
    return keyed_hash("delegations.seal", canonical(content))


async def _record(
    session: AsyncSession, row: Delegation, what: str, actor: str, now: datetime
) -> None:
    await record(
        session,
        actor=actor,
        action=f"delegation.{what}",
        subject=f"delegation:{row.id}",
        detail={
            "item": row.item_code,
            "rule": row.rule_hash,
            "seal": row.seal,
            "why": str(row.stopped_why) if row.stopped_why else None,
        },
        now=now,
    )
