"""A delegation, and a decision under it, in words for people."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.decisions import case_of
from backoffice.applications.models import Application
from backoffice.applications.shown import shown_value
from backoffice.audit.services import record
from backoffice.dates import day_text
from backoffice.delegation.deciding import decision_on, seal_holds
from backoffice.delegation.models import Delegation, DelegationState, RobotDecision
from backoffice.delegation.reasons import reason_words
from backoffice.delegation.rules import Terms, hash_of
from backoffice.delegation.services import Rulebook, counts, seal_stands, standing, terms_of
from backoffice.errors import NotFound
from backoffice.messages import text
from backoffice.results.masking import mask_name
from backoffice.staff.models import StaffUser
from catalogue.conditions import Condition
from catalogue.loader import Catalogue
from catalogue.schema import ServiceItem

_UNDER_WAY = (DelegationState.DRAFT, DelegationState.LIVE, DelegationState.SUSPENDED)


@dataclass(frozen=True)
class RuleInWords:
    """The rule and the limits, line by line."""

    when: str
    facts: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True)
class DelegationView:
    """One delegation as its head sees it.

    Attributes:
        standing: the state, or `expired`.
        rule_hash: of today's rule; None when the item is not decided at once any more.
        moved: it was signed over another rule than today's.
        whole: what was signed is what is there.
    """

    row: Delegation
    title: str
    standing: str
    words: RuleInWords | None
    rule_hash: str | None
    moved: bool
    whole: bool

    @property
    def may_sign(self) -> bool:
        """Whether a signature would make it live."""
        open_ = self.row.state in (DelegationState.DRAFT, DelegationState.SUSPENDED)
        return open_ and self.rule_hash is not None

    @property
    def may_suspend(self) -> bool:
        """Whether there is something to stop."""
        return self.row.state == DelegationState.LIVE

    @property
    def may_revoke(self) -> bool:
        """Whether it is not over yet."""
        return self.row.state in _UNDER_WAY


def shown(row: Delegation, rulebook: Rulebook, now: datetime) -> DelegationView:
    """The delegation in words, beside today's rule."""
    item, terms = rulebook.item(row.item_code), terms_of(row)
    today = rulebook.hash(row.item_code)
    words = None
    if item is not None and item.instant_rule is not None:
        facts = tuple(one.text for one in item.instant_rule.auto_checks)
        words = RuleInWords(
            condition_words(item, item.instant_rule.when), facts, limit_lines(item, terms)
        )
    return DelegationView(
        row=row,
        title=rulebook.catalogue.name_of(row.item_code) or row.item_code,
        standing=standing(row, now),
        words=words,
        rule_hash=today,
        moved=row.rule_hash is not None and row.rule_hash != today,
        whole=row.seal is None or seal_stands(row),
    )


def condition_words(item: ServiceItem, condition: Condition) -> str:
    """A condition as a sentence, in the words of the item's own form."""
    if condition.not_ is not None:
        return text("condition.not", part=condition_words(item, condition.not_))
    parts = condition.all_ or condition.any_
    if parts:
        joint = text("condition.all" if condition.all_ else "condition.any")
        return joint.join(condition_words(item, one) for one in parts)
    field = item.field(condition.field or "")
    label = field.label if field is not None else condition.field
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    named = [shown_value(field, one) if field is not None else str(one) for one in values]
    return text(f"condition.{condition.op}", label=label, values="、".join(named))


def limit_lines(item: ServiceItem, terms: Terms) -> tuple[str, ...]:
    """The limits, one line each."""
    hours = text("delegation.always")
    if terms.hours is not None:
        begin, end = terms.hours.begin, terms.hours.end
        hours = text("delegation.hours", begin=f"{begin:%H:%M}", end=f"{end:%H:%M}")
    papers = "papers_also" if terms.photographed_papers else "papers_not"
    lines = [
        text("delegation.until", day=day_text(terms.until)),
        text("delegation.counts", day=terms.per_day, person=terms.per_person),
        hours,
        text("delegation.fact_days", days=terms.fact_days),
        text(f"delegation.{papers}"),
        text("delegation.share", percent=terms.recheck_percent),
    ]
    for slug, options in terms.only.items():
        field = item.field(slug)
        if field is not None:
            named = "、".join(shown_value(field, one) for one in options)
            lines.append(text("delegation.only", label=field.label, values=named))
    return tuple(lines)


async def used_up(session: AsyncSession, row: Delegation, now: datetime) -> int:
    """How many approvals of today's there are."""
    today, _ = await counts(session, row.item_code, person=None, now=now)
    return today


@dataclass(frozen=True)
class Explanation:
    """Why the robot approved a case, or did not: everything that it looked at.

    Attributes:
        holder: the applicant's name, masked.
        reason: why it went to a clerk, in words; empty for an approval.
        answers: label and answer of the fields that rule and limits look at.
        whole: the record is as it was written.
        rule_hash: of the rule that was applied.
        may_recheck: this person may say whether it was right.
    """

    application: Application
    item: ServiceItem
    decision: RobotDecision
    delegation: Delegation | None
    holder: str
    reason: str
    words: RuleInWords | None
    answers: tuple[tuple[str, str], ...]
    checks: tuple[Mapping[str, Any], ...]
    rule_hash: str
    whole: bool
    signer: str
    rechecker: str
    may_recheck: bool


async def explained(
    session: AsyncSession,
    case_id: str,
    *,
    staff: StaffUser,
    catalogue: Catalogue,
    now: datetime,
) -> Explanation:
    """The page "why was this approved?"; the look is audited.

    Raises:
        NotFound: no such case for this person, or the robot has done nothing with it.
    """
    case = await case_of(session, id=case_id, staff=staff, catalogue=catalogue)
    decision = await decision_on(session, case.id)
    if decision is None:
        raise NotFound
    item, used = catalogue.items[case.item_code], decision.used
    delegation = await session.get(Delegation, decision.delegation_id or "")
    rule = json.loads(used["rule"])
    terms = Terms.parse(used["terms"]) if used.get("terms") else None
    await record(
        session,
        actor=staff.actor,
        action="robot.explained",
        subject=f"application:{case.id}",
        detail={"item": case.item_code},
        now=now,
    )
    return Explanation(
        application=case,
        item=item,
        decision=decision,
        delegation=delegation,
        holder=mask_name(str(used["answers"].get("name") or "")),
        reason=reason_words(item, decision),
        words=_rule_words(item, rule, terms),
        answers=_looked_at(item, rule, terms, used["answers"]),
        checks=tuple(_check(one) for one in used["checks"]),
        rule_hash=hash_of(rule),
        whole=seal_holds(decision),
        signer=await _name(session, used.get("signed_by")),
        rechecker=await _name(session, decision.rechecked_by),
        may_recheck=decision.outcome == "approved"
        and decision.rechecked_at is None
        and staff.id != used.get("signed_by"),
    )


def _rule_words(item: ServiceItem, rule: Mapping[str, Any], terms: Terms | None) -> RuleInWords:
    facts = tuple(str(one["text"]) for one in rule["rule"]["auto_checks"])
    when = condition_words(item, Condition.parse(rule["rule"]["when"]))
    return RuleInWords(when, facts, limit_lines(item, terms) if terms is not None else ())


def _looked_at(
    item: ServiceItem, rule: Mapping[str, Any], terms: Terms | None, answers: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
    slugs = set(Condition.parse(rule["rule"]["when"]).fields())
    slugs |= set(terms.only) if terms is not None else set()
    for one in rule["conditions"]:
        if one.get("declared_by"):
            slugs |= Condition.parse(one["declared_by"]).fields()
    return tuple(
        (field.label, shown_value(field, answers[field.slug]))
        for field in item.fields
        if field.slug in slugs and answers.get(field.slug) not in (None, "", [])
    )


def _check(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    moments = {
        name: datetime.fromisoformat(kept[name]) if kept[name] else None
        for name in ("as_of", "asked_at")
    }
    return {**kept, **moments}


async def _name(session: AsyncSession, staff_id: str | None) -> str:
    found = await session.scalar(select(StaffUser.display_name).where(StaffUser.id == staff_id))
    return str(found or "")
