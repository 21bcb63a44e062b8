"""Acknowledging answers: what was taken, changed, half answered, or differs from the card."""

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.dialogue.reveal import before, partial, placeholder
from backoffice.dialogue.talk import Talk


def say_taken(
    talk: Talk, draft: Draft, taken: list[str], changed: list[str], partly: list[str]
) -> None:
    """Acknowledge what was answered, and what is half answered and will be completed."""
    focus = talk.focus or {}
    if focus.get("kind") == "confirm_card":
        _say_conflicts(talk, draft, focus.get("conflicts", []))
        return
    fields = [field for field in draft.item.fields if field.slug in taken]
    key = "heard.changed" if set(taken) & set(changed) else "heard.noted"
    if len(fields) == 1 and fields[0].type == "choice" and not partly:
        talk.say(f"{key}_choice", value=placeholder(fields[0].slug))
        return
    lines = [f"{field.label}：{placeholder(field.slug)}" for field in fields]
    for field in draft.item.fields:
        if field.slug in partly:
            lines.append(
                messages.text("heard.partly", label=field.label, value=partial(field.slug))
            )
    if lines:
        talk.say(f"{key}_one" if len(lines) == 1 else key, lines="\n".join(lines))


def _say_conflicts(talk: Talk, draft: Draft, fields: list[str]) -> None:
    for slug in fields:
        field = draft.item.field(slug)
        if field is not None:
            talk.say(
                "heard.card_differs",
                label=field.label,
                before=before(slug),
                now=placeholder(slug),
            )
