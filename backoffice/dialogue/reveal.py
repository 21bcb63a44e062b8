"""Personal values travel as placeholders `⟦field⟧`; here they become what the citizen is shown."""

import re
from datetime import date
from typing import Any

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.conversations.services import Bubble
from backoffice.dates import day_text
from backoffice.understanding import mask_value
from catalogue.form import FormField

_PLACEHOLDER = re.compile(r"⟦(before:|partial:)?([a-z0-9_]+)⟧")
_NAME = "姓名"
_LONG_NUMBER = re.compile(r"\d{12,}")
"""A card's or bank account's number, or an identity number inside another one (残疾人证号)."""


def placeholder(field: str) -> str:
    """What stands for the field's answer until the reply is shown."""
    return f"⟦{field}⟧"


def before(field: str) -> str:
    """What stands for the answer that the field had before."""
    return f"⟦before:{field}⟧"


def partial(field: str) -> str:
    """What stands for half an answer that is still to be completed."""
    return f"⟦partial:{field}⟧"


def reveal(bubbles: list[Bubble], draft: Draft | None) -> list[Bubble]:
    """The bubbles with every placeholder replaced by the masked value."""
    return [{**one, "text": reveal_words(one["text"], draft)} for one in bubbles]


def reveal_words(text: str, draft: Draft | None) -> str:
    """One text with its placeholders replaced."""

    def value(match: re.Match[str]) -> str:
        earlier, slug = match.groups()
        field = draft.item.field(slug) if draft is not None else None
        if draft is None or field is None:
            return ""
        known = draft.progress.get(earlier.rstrip(":"), {}) if earlier else draft.answers
        return shown(field, known.get(slug))

    return _PLACEHOLDER.sub(value, text)


def shown(field: FormField, value: Any) -> str:
    """An answer as the citizen may see it: identifiers masked, choices by their label."""
    if value is None or value == "":
        return messages.text("value.none")
    if field.type == "choice":
        chosen = value if isinstance(value, list) else [value]
        labels = [option.label for one in chosen if (option := field.option(str(one)))]
        return "、".join(labels)
    if field.type in ("photo", "document", "signature"):
        return messages.text("value.at_window" if value == "window" else "value.uploaded")
    if field.type == "date":
        return day_text(date.fromisoformat(str(value)))
    return mask_value(_kind(field, str(value)), value)


def _kind(field: FormField, text: str) -> str:
    """As what a value is masked: texts that are names or long numbers are not shown whole."""
    if field.type != "text":
        return field.type
    if _NAME in field.label:
        return "name"
    return "id_number" if _LONG_NUMBER.search(text) else "text"
