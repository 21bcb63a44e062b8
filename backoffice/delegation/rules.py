"""What a head signs: the limits, and the rule itself in one canonical form. Pure.

The hash covers everything of item, checks and identity policy that bears on a decision, and none of
the words around it: a corrected FAQ stops nothing, a changed condition stops the robot.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from backoffice.canonical import canonical
from backoffice.clock import CHINA, china_date
from backoffice.crypto import keyed_hash
from backoffice.identity.policy import Policy
from catalogue.form import wrong
from catalogue.named_checks import NamedCheck
from catalogue.schema import ServiceItem
from catalogue.strict import OptionValue, Slug, Strict

LONGEST = timedelta(days=366)
"""A delegation ends by itself after a year at the latest, so that a head looks at it again."""
PERSON_WITHIN = timedelta(days=365)
"""The time over which one person's approvals are counted."""
_DRAW_OUT_OF = 1 << 64


class Hours(Strict):
    """From when to when in China's time of day; across midnight when it ends before it begins."""

    begin: time
    end: time

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.begin == self.end:
            raise wrong("begin 和 end 不能一样")
        return self


class Terms(Strict):
    """The limits of one delegation, as the head set them.

    Attributes:
        per_day: approvals of the item on one day in China.
        per_person: approvals of the item for one person within `PERSON_WITHIN`.
        until: last day, included.
        hours: the time of day in which it decides; None: day and night.
        only: choice field → the options with which it decides; all options where not named.
        fact_days: how old a register's answer may be.
        photographed_papers: also where a required paper is there only as a picture that nobody has
            looked at, and no register stands for it.
        recheck_percent: the share of approvals that a person looks at afterwards.
    """

    per_day: Annotated[int, Field(ge=1, le=10_000)]
    per_person: Annotated[int, Field(ge=1, le=100)]
    until: date
    hours: Hours | None = None
    only: Mapping[Slug, tuple[OptionValue, ...]] = Field(default_factory=dict)
    fact_days: Annotated[int, Field(ge=1, le=365)] = 30
    photographed_papers: bool = False
    recheck_percent: Annotated[int, Field(ge=1, le=100)] = 10

    def open_at(self, now: datetime) -> bool:
        """Whether this moment lies within the hours."""
        if self.hours is None:
            return True
        clock = now.astimezone(CHINA).time()
        begin, end = self.hours.begin, self.hours.end
        return begin <= clock < end if begin < end else clock >= begin or clock < end

    def expired(self, now: datetime) -> bool:
        """Whether the last day is over."""
        return china_date(now) > self.until

    def excluded(self, answers: Mapping[str, Any]) -> str | None:
        """A field whose answer is none of those it decides with; None when there is no such."""
        for field, allowed in self.only.items():
            given = answers.get(field)
            values = given if isinstance(given, list) else [given]
            if not values or any(one not in allowed for one in values):
                return field
        return None

    def stored(self) -> dict[str, Any]:
        """As kept in the database."""
        return self.model_dump(mode="json")


def basis(item: ServiceItem, checks: Mapping[str, NamedCheck], policy: Policy) -> dict[str, Any]:
    """Everything that bears on whether the robot approves an application for the item.

    Raises:
        ValueError: the item has no instant rule.
    """
    rule = item.instant_rule
    if not item.instant or rule is None:
        raise ValueError(f"{item.code} is not decided at once")
    names = [one.name for one in rule.auto_checks if one.name is not None]
    level = policy.levels[item.identity_level]
    document = item.result.document
    conditions = {"id", "check", "declared_by", "alternative_to"}
    fields = {"slug", "type", "required", "when", "validation"}
    acting = item.applicants.acting
    return {
        "item": item.code,
        "rule": _plain(rule, {"when", "auto_checks"}),
        "checks": {one: _plain(checks[one]) for one in names if one in checks},
        "conditions": [_plain(one, conditions) for one in item.applicants.conditions],
        "acting": None if acting is None else _plain(acting),
        "identity": {"level": item.identity_level, "policy": policy.version, **_plain(level)},
        "minutes": {str(means): count for means, count in policy.minutes.items()},
        "fields": [
            {**_plain(one, fields), "options": [option.value for option in one.options]}
            for one in item.fields
        ],
        "papers": [
            _plain(one, {"slug", "required", "when", "satisfied_by"}) for one in item.materials
        ],
        "result": None if document is None else _plain(document),
    }


def hash_of(rule: Mapping[str, Any]) -> str:
    """The rule's hash: what a head signs and what is compared before every decision."""
    return hashlib.sha256(canonical(rule).encode()).hexdigest()


def is_drawn(application_id: str, percent: int) -> bool:
    """Whether an approval is looked at afterwards.

    Drawn by a keyed hash of the case's id: nobody can foresee it, and an auditor with the keys
    comes to the same answer.
    """
    drawn = int(keyed_hash("delegation.recheck", application_id)[:16], 16)
    return drawn * 100 < percent * _DRAW_OUT_OF


def _plain(model: Strict, include: set[str] | None = None) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, include=include)
