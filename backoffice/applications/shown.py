"""Answers in people's words."""

from datetime import date
from typing import Any

from backoffice.dates import day_text
from catalogue.form import FormField


def shown_value(asked: FormField, value: Any) -> str:
    """An answer in people's words: a choice by its label, a date in full, several joined."""
    if isinstance(value, list):
        return "、".join(shown_value(asked, one) for one in value)
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part)
    if asked.type == "date":
        return day_text(date.fromisoformat(str(value)))
    option = asked.option(str(value)) if asked.type == "choice" else None
    return option.label if option else str(value)
