"""Who may act for whom: `data/identity/representation.yml`, read strictly, and applied.

Pure. An item whose own facts say who may act (`applicants.acting`) goes before the default.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from backoffice.understanding.identity_numbers import age_by_number
from catalogue.form import wrong
from catalogue.parameters import load_strict
from catalogue.schema import ServiceItem
from catalogue.strict import Slug, Strict, Text
from integrations.ports import RelationRegister

FILE = Path("identity") / "representation.yml"
"""Below the data folder."""


class Step(StrEnum):
    """What whoever acts for another may do."""

    FILL = "fill"
    SIGN = "sign"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    SEE = "see"


_NEEDED = frozenset({Step.FILL, Step.SUBMIT})


class Relation(Strict):
    """One kind of relation; the file's head says what each part is."""

    label: Text
    registers: tuple[RelationRegister, ...] = ()
    archive_days: Annotated[int, Field(gt=0)] | None = None
    papers: Text
    covered_by: tuple[Slug, ...] = ()
    days: Annotated[int, Field(gt=0)]
    steps: tuple[Step, ...]
    for_child: bool = False


class ChildConsent(Strict):
    """Below which age a guardian consents first, to which wording, and which field asks the age.

    Source: 个人信息保护法 第三十一条; 儿童个人信息网络保护规定 第九条.
    """

    under: Annotated[int, Field(gt=0)]
    text_version: Text
    asked_by: Slug


class ActingRules(Strict):
    """The whole file."""

    version: Text
    consent: ChildConsent
    default: tuple[Slug, ...] = Field(min_length=1)
    relations: Mapping[Slug, Relation]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        faults = [
            f"default: 没有 {one} 这种关系" for one in self.default if one not in self.relations
        ]
        faults += [
            f"relations.{name}.steps: 至少要有 fill 和 submit"
            for name, one in self.relations.items()
            if not _NEEDED.issubset(one.steps)
        ]
        if not any(one.for_child for one in self.relations.values()):
            faults.append("relations: 没有一种关系可以替孩子同意（for_child）")
        if faults:
            raise wrong("；".join(faults))
        return self

    def allowed(self, item: ServiceItem) -> tuple[str, ...]:
        """The relations that may act in this item."""
        acting = item.applicants.acting
        return acting.relations if acting and acting.relations else self.default

    def labels(self, item: ServiceItem) -> str:
        """Who may act, in words: `监护人、配偶`."""
        return "、".join(self.relations[one].label for one in self.allowed(item))

    def good_until(self, relation: str, begun: date) -> date:
        """The last day on which the proof of such a relation, given on `begun`, counts."""
        return begun + timedelta(days=self.relations[relation].days)

    def is_child(self, answers: Mapping[str, Any], today: date) -> bool:
        """Whether the applicant is too young to consent: by the number if known, else as told."""
        age = age_by_number(str(answers.get("id_no") or ""), today)
        if age is not None:
            return age < self.consent.under
        return answers.get(self.consent.asked_by) == f"under_{self.consent.under}"


def load_rules(path: Path) -> ActingRules:
    """Read `data/identity/representation.yml`. Raises CatalogueError with all faults."""
    return load_strict(path, ActingRules)
