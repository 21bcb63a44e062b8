"""The invented people of the demonstration, `data/demo/people.yml`."""

import re
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

IdNumber = Annotated[str, Field(pattern=r"^[1-9]\d{16}[\dX]$")]


class DemoPerson(BaseModel):
    """What the sandbox registers know of one person.

    Facts are relative to the day of asking, so that the demonstration does not grow old.

    Attributes:
        registered_months_ago: whole months since 居住登记; None: not registered.
        insured_months: whole months of 社会保险 paid within the last twelve; None: never insured.
        unknown_to: registers that have no certain answer about this person.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sex: str
    ethnicity: str
    id_no: IdNumber
    hukou_address: str
    phone: str
    story: str
    registered_months_ago: int | None = None
    insured_months: int | None = None
    unknown_to: frozenset[str] = frozenset()


def load_people(file: Path) -> dict[str, DemoPerson]:
    """The people by their numbers.

    Raises:
        ValueError: a person twice, or a file not in this form (pydantic's errors are ValueErrors).
    """
    entries = yaml.safe_load(file.read_text("utf-8"))["people"]
    people = [DemoPerson.model_validate(entry) for entry in entries]
    found = {person.id_no: person for person in people}
    if len(found) != len(people):
        raise ValueError(f"{file.name}: 同一个身份证号出现了两次")
    return found


def is_id_number(id_no: str) -> bool:
    """Whether this has the form of a number, so that a register may be asked about it."""
    return re.fullmatch(r"[1-9]\d{16}[\dX]", id_no) is not None
