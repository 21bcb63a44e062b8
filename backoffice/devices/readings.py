"""The form of a card's reading as a device sends it. Pure.

The server believes a device's signature, not its arithmetic: numbers are checked here as on
photographed cards. Templates of fingers and the raw photo are not taken: nothing could use them.
"""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from backoffice.understanding import ethnic_group
from backoffice.understanding.identity_numbers import birth_date, fault_code
from integrations.ports import CardKind

_Short = Annotated[str, Field(max_length=70)]


class CardContent(BaseModel):
    """The parts of `integrations.ports.ChipCard` that a form can use."""

    model_config = ConfigDict(extra="forbid")

    kind: CardKind
    name: _Short
    number: Annotated[str, Field(min_length=1, max_length=18, pattern=r"^[0-9A-Z]+$")]
    sex: _Short | None = None
    ethnicity: _Short | None = None
    birth: date | None = None
    address: _Short | None = None
    authority: _Short | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    long_term: bool = False
    english_name: Annotated[str, Field(max_length=120)] | None = None
    nationality: Annotated[str, Field(max_length=3)] | None = None
    pass_number: Annotated[str, Field(max_length=9)] | None = None
    issues: int | None = None

    def kept(self) -> dict[str, Any]:
        """As stored: plain values, nothing that is not known."""
        return self.model_dump(mode="json", exclude_none=True)


def as_card(content: dict[str, Any]) -> dict[str, str | None]:
    """The parts under the names that a photographed card's reading has."""
    return {
        "name": content["name"] or content.get("english_name"),
        "sex": content.get("sex"),
        "ethnicity": ethnic_group(content.get("ethnicity")),
        "birth": content.get("birth"),
        "address": content.get("address"),
        "id_no": content["number"],
    }


def number_fault(content: dict[str, Any], today: date) -> str | None:
    """`birth_mismatch`, or what the number's own check says: then it is in no form's field."""
    card = CardContent.model_validate(content)
    fault = fault_code(card.number, today=today)
    if fault is None and card.birth is not None and birth_date(card.number) != card.birth:
        return "birth_mismatch"
    return fault


def validity_fault(content: dict[str, Any], today: date) -> str | None:
    """`expired`, `not_yet_valid` or `no_validity`: the card proves nobody, though it can be read."""
    card = CardContent.model_validate(content)
    if card.valid_to is None and not card.long_term:
        return "no_validity"
    if card.valid_to is not None and card.valid_to < today:
        return "expired"
    if card.valid_from is not None and card.valid_from > today:
        return "not_yet_valid"
    return None
