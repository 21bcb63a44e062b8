"""What is read back before it is handed in, and what a signature stands under."""

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.dialogue.acting import whom
from backoffice.dialogue.reveal import placeholder
from catalogue.form import FormField
from catalogue.repeats import asks_for_another

_OF_BOTH = ("name", "id_no", "phone")
"""What a form with a proxy holds of both people."""


def review_lines(draft: Draft, *, papers: bool = True) -> list[tuple[str, str]]:
    """Everything given, label and placeholder, in the order of the form; then the papers."""
    lines: list[tuple[str, str]] = []
    for field in draft.open_fields():
        if asks_for_another(field.slug):
            continue
        left = field.required and field.slug in draft.progress.get("skipped", [])
        if left:
            lines.append((field.label, messages.text("value.left_to_clerk")))
        elif field.slug in draft.answers and field.type != "signature":
            lines.append((_label(draft, field), placeholder(field.slug)))
    for material in draft.needed_materials():
        state = draft.materials.get(material.slug)
        if papers and state is not None:
            lines.append((material.name, messages.text(f"material.{state}")))
    return lines


def _label(draft: Draft, field: FormField) -> str:
    """A field's label; where two people are in the form, whose it is."""
    if draft.for_other and field.slug in _OF_BOTH:
        return messages.text("whose.person", whom=whom(draft)) + field.label
    return field.label
