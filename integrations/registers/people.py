"""The invented people of the demonstration, `data/demo/people.yml`."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

IdNumber = Annotated[str, Field(pattern=r"^[1-9]\d{16}[\dX]$")]


class DemoPolice(BaseModel):
    """What the sandbox police find.

    Attributes:
        unknown: they have no certain answer about this person.
        photo_score: how alike they would find a photo, 0 to 1.
        alike_from: the score from which they call it the same person.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    unknown: bool = False
    photo_score: float = Field(default=0.93, ge=0, le=1)
    alike_from: float = Field(default=0.8, ge=0, le=1)


class DemoPerson(BaseModel):
    """What the sandboxes know of one person.

    Attributes:
        answers: named check (`data/checks/`) → what the register says; others are unknown.
        police: what the police's check finds, where it is not the plain yes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sex: str
    ethnicity: str
    id_no: IdNumber
    hukou_address: str
    phone: str
    story: str
    answers: Mapping[str, Literal["yes", "no"]] = {}
    police: DemoPolice = DemoPolice()

    def __hash__(self) -> int:
        return hash(self.id_no)  # `answers` has no hash of its own


def load_people(file: Path) -> dict[str, DemoPerson]:
    """The people by their numbers.

    Raises:
        ValueError: a person twice, or a file not in this form (pydantic's errors are ValueErrors).
    """
    people = _read(file)
    found = {person.id_no: person for person in people}
    if len(found) != len(people):
        raise ValueError(f"{file.name}: 同一个身份证号出现了两次")
    return found


@cache
def _read(file: Path) -> tuple[DemoPerson, ...]:
    """Once: police, registers and relations all ask for them."""
    entries = yaml.safe_load(file.read_text("utf-8"))["people"]
    return tuple(DemoPerson.model_validate(entry) for entry in entries)


def is_id_number(id_no: str) -> bool:
    """Whether this has the form of a number, so that a register may be asked about it."""
    return re.fullmatch(r"[1-9]\d{16}[\dX]", id_no) is not None
