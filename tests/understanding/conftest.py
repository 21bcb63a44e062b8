"""The fields of the residence permit, as the dialogue hands them to understanding."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backoffice.dialogue.wanted import wanted_field
from backoffice.understanding import Wanted
from catalogue.loader import load_catalogue

ROOT = Path(__file__).resolve().parents[2]
ITEM = load_catalogue(ROOT / "data/items").items["residence_permit_apply"]
TODAY = date(2026, 11, 23)


def fields(awaited: str | None = None, filled: Any = (), current: Any = None) -> list[Wanted]:
    """Every field of the item; `filled` are the slugs that have a value already."""
    known = current or {}
    return [
        wanted_field(
            field,
            awaited=field.slug == awaited,
            filled=field.slug in filled,
            current=known.get(field.slug),
        )
        for field in ITEM.fields
    ]


@pytest.fixture
def today() -> date:
    return TODAY
