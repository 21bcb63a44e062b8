"""Departments' sign-offs: who stands for an item's facts, as they read, until when.

`data/signoffs.yml` holds one entry for each signed item. In production an item is applied for only
while its sign-off stands; otherwise citizens are told what is known and that the authority's
announcement counts.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import StringConstraints, model_validator

from catalogue.faults import CatalogueError, Fault
from catalogue.form import wrong
from catalogue.loader import Catalogue
from catalogue.parameters import load_file
from catalogue.schema import ServiceItem
from catalogue.strict import Slug, Strict, Text

FILE = "signoffs.yml"


class SignOff(Strict):
    """A department stands for an item's facts."""

    item: Slug
    department: Slug
    by: Text
    """Name and office of who signed."""
    on: date
    review: date
    """From this day on the facts must be looked at again."""
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _review_comes_later(self) -> Self:
        if self.review <= self.on:
            raise wrong("review（下次复核）要晚于 on（签字那天）")
        return self


class _File(Strict):
    signoffs: tuple[SignOff, ...] = ()


class Standing(StrEnum):
    """What a sign-off is worth today."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    CHANGED = "changed"
    """The facts are not those that were signed."""
    OVERDUE = "overdue"


def item_fingerprint(item: ServiceItem) -> str:
    """SHA-256 (hex) over the item's facts, with all shared parts in place."""
    facts = _without_definitions(item.model_dump(mode="json"))
    return hashlib.sha256(
        json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()


def _without_definitions(value: Any) -> Any:
    """How a register is asked belongs to the program, not to what the department signs."""
    if isinstance(value, dict):
        return {k: _without_definitions(v) for k, v in value.items() if k != "definition"}
    if isinstance(value, list):
        return [_without_definitions(one) for one in value]
    return value


def load_signoffs(path: Path, catalogue: Catalogue) -> Mapping[str, SignOff]:
    """Item code → its sign-off.

    Raises:
        CatalogueError: the file is faulty, or names items or departments that do not fit.
    """
    content, faults = load_file(path, _File)
    found: dict[str, SignOff] = {}
    for one in content.signoffs if content else ():
        item = catalogue.find(one.item)
        where = f"signoffs[{one.item}]"
        if item is None:
            faults.append(Fault(path.name, where, "没有这个事项，请检查代码，或删掉这一条"))
        elif item.department != one.department:
            faults.append(Fault(path.name, where, f"这个事项归 {item.department} 管，要由它来签字"))
        if one.item in found:
            faults.append(Fault(path.name, where, "写了两次，请只留最新的一条"))
        found[one.item] = one
    if faults:
        raise CatalogueError(faults)
    return found


def standing(item: ServiceItem, signoffs: Mapping[str, SignOff], today: date) -> Standing:
    """What the item's sign-off is worth on this day."""
    one = signoffs.get(item.code)
    if one is None:
        return Standing.UNSIGNED
    if one.fingerprint != item_fingerprint(item):
        return Standing.CHANGED
    return Standing.SIGNED if today < one.review else Standing.OVERDUE
