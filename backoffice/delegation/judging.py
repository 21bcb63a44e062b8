"""Whether the robot may approve this case: by the item's instant rule, its facts and the limits.

Pure and deterministic. There are two answers: everything is a certain yes, or a clerk decides, with
the first reason found. A certain no is a reason for a clerk as well: the robot never refuses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backoffice.applications.draft import Draft
from backoffice.delegation.rules import Terms
from backoffice.dialogue.eligibility import declared, verified
from backoffice.identity.policy import Means
from backoffice.staff.window import unanswered
from catalogue.schema import ServiceItem
from integrations.ports import Answer, RegisterAnswer

_CLOCKS_DIFFER = timedelta(hours=1)
AT_WINDOW = "window"
"""The answer of a field that is given at the window."""


class Reason(StrEnum):
    """Why a case goes to a clerk; words in `data/messages/delegation.yml`."""

    NO_DELEGATION = "no_delegation"
    STOPPED = "stopped"
    EXPIRED = "expired"
    RULE_CHANGED = "rule_changed"
    TAMPERED = "tampered"
    HOURS = "hours"
    DAY_FULL = "day_full"
    PERSON_FULL = "person_full"
    IDENTITY_OPEN = "identity_open"
    RELATION_OPEN = "relation_open"
    SIGNATURE_OPEN = "signature_open"
    INCOMPLETE = "incomplete"
    PAPER_TO_COME = "paper_to_come"
    PAPER_UNSEEN = "paper_unseen"
    CLERK_RULE = "clerk_rule"
    RULE_UNMET = "rule_unmet"
    EXCLUDED = "excluded"
    PROOF_MISSING = "proof_missing"
    NOT_CONNECTED = "not_connected"
    CHECK_NO = "check_no"
    CHECK_UNKNOWN = "check_unknown"
    CHECK_OLD = "check_old"
    CONDITION_NO = "condition_no"
    CONDITION_OPEN = "condition_open"


@dataclass(frozen=True)
class Stop:
    """What stands in the way. `about`: the check, condition, field or paper; empty when none."""

    reason: Reason
    about: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that is looked at.

    Attributes:
        draft: answers, papers and proofs as handed in.
        said: named check → what the register says now.
        identity_open: a person still has to look at who the applicant is.
        signatures_stand: every signature that is asked for is there, under what is there now.
        today, person: approvals of this item today, and for this person within a year.
        now: the moment of the decision.
    """

    draft: Draft
    said: Mapping[str, RegisterAnswer]
    identity_open: bool
    signatures_stand: bool
    today: int
    person: int
    now: datetime

    @property
    def item(self) -> ServiceItem:
        """The item with the rounds of its repeated fields."""
        return self.draft.item

    def means(self) -> frozenset[Means]:
        """By what the person proved who they are."""
        return frozenset(one.means for one in self.draft.evidence)


def judge(facts: Facts, terms: Terms) -> Stop | None:
    """None: the robot approves. Otherwise the first thing that stands in the way.

    What the registers said while the form was filled in does not count: they were asked again.
    """
    facts.draft.checks = {
        name: "unknown" if is_old(said, terms, facts.now) else said.answer.value
        for name, said in facts.said.items()
    }
    return next(_stops(facts, terms), None)


def checks_of(item: ServiceItem) -> tuple[str, ...]:
    """The named checks that a decision asks: those of the instant rule and of the conditions."""
    rule = item.instant_rule
    names = [one.name for one in rule.auto_checks if one.name] if rule else []
    names += [one.check.name for one in item.applicants.conditions if one.check.name]
    return tuple(dict.fromkeys(names))


def _stops(facts: Facts, terms: Terms) -> Iterator[Stop]:
    yield from _limits(facts, terms)
    yield from _person(facts)
    yield from _completeness(facts, terms)
    yield from _rule(facts, terms)
    yield from _registers(facts, terms)
    yield from _conditions(facts)


def _limits(facts: Facts, terms: Terms) -> Iterator[Stop]:
    if terms.expired(facts.now):
        yield Stop(Reason.EXPIRED)
    if not terms.open_at(facts.now):
        yield Stop(Reason.HOURS)
    if facts.today >= terms.per_day:
        yield Stop(Reason.DAY_FULL)
    if facts.person >= terms.per_person:
        yield Stop(Reason.PERSON_FULL)


def _person(facts: Facts) -> Iterator[Stop]:
    if facts.identity_open or facts.draft.application.identity_way is None:
        yield Stop(Reason.IDENTITY_OPEN)
    if not facts.signatures_stand:
        yield Stop(Reason.SIGNATURE_OPEN)


def _completeness(facts: Facts, terms: Terms) -> Iterator[Stop]:
    draft = facts.draft
    for one in unanswered(draft):
        yield Stop(Reason.INCOMPLETE, one.slug)
    for asked in draft.open_fields():
        if draft.answers.get(asked.slug) == AT_WINDOW:
            yield Stop(Reason.PAPER_TO_COME, asked.slug)
        elif asked.validation.clerk_rule and draft.answers.get(asked.slug) not in (None, "", []):
            yield Stop(Reason.CLERK_RULE, asked.slug)
    for paper in draft.needed_materials():
        state = draft.materials.get(paper.slug)
        if draft.vouched(paper) or state in ("seen", "waived"):
            continue
        if state == "bring":
            yield Stop(Reason.PAPER_TO_COME, paper.slug)
        elif state is None:
            yield Stop(Reason.INCOMPLETE, paper.slug)
        elif not terms.photographed_papers:
            yield Stop(Reason.PAPER_UNSEEN, paper.slug)


def _rule(facts: Facts, terms: Terms) -> Iterator[Stop]:
    rule = facts.draft.written.instant_rule
    if rule is None or rule.when.holds(facts.draft.answers) is not True:
        yield Stop(Reason.RULE_UNMET)
        return
    excluded = terms.excluded(facts.draft.answers)
    if excluded is not None:
        yield Stop(Reason.EXCLUDED, excluded)
    for check in rule.auto_checks:
        if check.proof is not None and Means(check.proof) not in facts.means():
            yield Stop(Reason.PROOF_MISSING, check.proof)
        elif check.proof is None and check.name is None:
            yield Stop(Reason.NOT_CONNECTED)


def _registers(facts: Facts, terms: Terms) -> Iterator[Stop]:
    rule = facts.draft.written.instant_rule
    for check in rule.auto_checks if rule else ():
        if check.name is None:
            continue
        said = facts.said.get(check.name)
        if said is None or said.answer is Answer.UNKNOWN:
            yield Stop(Reason.CHECK_UNKNOWN, check.name)
        elif said.answer is Answer.NO:
            yield Stop(Reason.CHECK_NO, check.name)
        elif is_old(said, terms, facts.now):
            yield Stop(Reason.CHECK_OLD, check.name)


def is_old(said: RegisterAnswer, terms: Terms, now: datetime) -> bool:
    """Whether an answer is too old to decide by; one of unknown age, or from the future, is."""
    if said.as_of is None:
        return True
    return not -_CLOCKS_DIFFER <= now - said.as_of <= timedelta(days=terms.fact_days)


def _conditions(facts: Facts) -> Iterator[Stop]:
    """The applicant's conditions by today's answers; those for a clerk's eyes go to a clerk."""
    draft = facts.draft
    for verdict in (declared(draft), verified(draft)):
        if verdict.holds is False:
            yield Stop(Reason.CONDITION_NO, verdict.condition or "")
    if verified(draft).holds is None:
        yield Stop(Reason.CONDITION_OPEN, next(iter(verified(draft).to_ask), ""))
    for one in draft.item.applicants.conditions:
        if one.check.kind == "clerk" and one.alternative_to is None:
            yield Stop(Reason.CONDITION_OPEN, one.id)
