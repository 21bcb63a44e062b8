"""`data/identity/remembering.yml`, read strictly."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from catalogue.parameters import load_strict
from catalogue.strict import Strict, Text

FILE = Path("identity") / "remembering.yml"
"""Below the data folder."""

_Positive = Annotated[int, Field(gt=0)]


class Rules(Strict):
    """How long templates are kept, and how careful the search is; the file's head explains each.

    Sources: 个人信息保护法 第十九条 (no longer than needed); 人脸识别技术应用安全管理办法 (2025) 第十五条
    (filing from 100,000 people on).
    """

    text_version: Text
    keep_days: _Positive
    longest_days: _Positive
    seen_minutes: Annotated[int, Field(gt=0, le=120)]
    youngest_years: Annotated[int, Field(ge=14)]
    looks: Annotated[int, Field(gt=0, le=20)]
    finger_tries: Annotated[int, Field(gt=0, le=5)]
    margin: Annotated[float, Field(ge=0, lt=1)]
    warn_from: _Positive
    filing_from: Annotated[int, Field(gt=0, le=100_000)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.longest_days < self.keep_days or self.warn_from >= self.filing_from:
            raise ValueError("longest_days 不能少于 keep_days；warn_from 要少于 filing_from")
        return self

    def until(self, *, agreed_at: datetime, used_at: datetime) -> datetime:
        """When templates are deleted that were agreed to and last used then."""
        return min(
            agreed_at + timedelta(days=self.longest_days), used_at + timedelta(days=self.keep_days)
        )


def load_rules(path: Path) -> Rules:
    """Read `data/identity/remembering.yml`. Raises CatalogueError with all faults."""
    return load_strict(path, Rules)
