"""The fields of the residence permit, as the dialogue hands them to understanding."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from backoffice.understanding import Option, Wanted

ROOT = Path(__file__).resolve().parents[2]
ITEM = yaml.safe_load((ROOT / "data/items/residence_permit_apply.yml").read_text("utf-8"))
TODAY = date(2026, 11, 23)
PEOPLE = {"proxy": "proxy", "landlord": "landlord", "host": "host"}


def fields(awaited: str | None = None, filled: Any = (), current: Any = None) -> list[Wanted]:
    """Every field of the item; `filled` are the slugs that have a value already."""
    result = []
    for field in ITEM["fields"]:
        slug = field["slug"]
        options = tuple(
            Option(
                o["value"],
                o["label"],
                tuple(o.get("synonyms", ())),
                tuple(o.get("short_answers", ())),
            )
            for o in field.get("options", ())
        )
        rules = {k: v for k, v in field.get("validate", {}).items() if k != "message"}
        result.append(
            Wanted(
                slug, field["type"], field["label"], tuple(field.get("cues", ())),
                (*field.get("names", ()), field["label"]), options, rules, slug == awaited, slug in filled,
                PEOPLE.get(slug.split("_")[0], "applicant"), current=(current or {}).get(slug),
            )
        )  # fmt: skip
    return result


@pytest.fixture
def today() -> date:
    return TODAY
