"""The common base of everything a trainer writes: misspelt keys and wrong types are errors."""

import json
from datetime import date
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, StringConstraints


class Strict(BaseModel):
    """Frozen, no unknown keys, no silent conversion ("1" is not 1)."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, serialize_by_alias=True
    )

    @classmethod
    def parse(cls, data: Any) -> Self:
        """Validate what a YAML file held (lists, dates and all).

        Goes through JSON, because pydantic's strict mode takes a list for a tuple and text for a
        date only there.

        Raises:
            pydantic.ValidationError: with all faults.
        """
        return cls.model_validate_json(json.dumps(data, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not a plain value: {type(value).__name__}")


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A name for machines: lower-case letters, digits, underscore."""

OptionValue = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,63}$")]
"""What is stored for a choice; may begin with a digit (a grade, a year), always text."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
"""Words for people; never empty."""
