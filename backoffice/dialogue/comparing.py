"""Rules of one answer against another of the same draft: a later day, an unusually large number.

What a value must be by itself is `understanding.check`'s business; here both answers are needed.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from backoffice.applications.draft import Draft
from backoffice.dates import day_text
from backoffice.understanding.types import Fault
from catalogue.form import FormField
from catalogue.repeats import in_same_round

_DOUBTED = "doubted"


def broken_by(draft: Draft, slug: str, value: Any) -> Fault | None:
    """Why this answer does not go with the others, or None.

    A number that is only unusual is doubted once: given again (or said to be right, see
    `doubted`) it is taken.
    """
    field = draft.item.field(slug)
    if field is None:
        return None
    if field.type == "date":
        return _wrong_order(draft, field, _day(value))
    if field.type == "number" and _is_unusual(draft, field, value):
        return _doubt(draft, field, value)
    return None


def upset_by(draft: Draft, slug: str) -> Iterator[tuple[str, Fault]]:
    """Answers given earlier that a new answer to `slug` contradicts, each with the reason."""
    for field in draft.item.fields:
        if slug not in _compared_with(field) or field.slug not in draft.answers:
            continue
        fault = _wrong_order(draft, field, _day(draft.answers[field.slug]))
        if fault is not None:
            yield field.slug, fault


def doubted(draft: Draft, slug: str) -> Any:
    """The unusual number that waits for a yes, or None."""
    return draft.progress.get(_DOUBTED, {}).get(slug)


def forget_doubt(draft: Draft, slug: str) -> None:
    """The number is settled, or was wrong."""
    left = {k: v for k, v in draft.progress.get(_DOUBTED, {}).items() if k != slug}
    draft.remember(**{_DOUBTED: left or None})


def _compared_with(field: FormField) -> set[str]:
    rules = field.validation
    named = (one for one in (rules.after, rules.before) if isinstance(one, str))
    return {in_same_round(field.slug, one) for one in named}


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _wrong_order(draft: Draft, field: FormField, day: date | None) -> Fault | None:
    """The day must be later than `after`, earlier than `before`; the same day is neither."""
    if day is None:
        return None
    rules = field.validation
    if rules.after is not None:
        other = draft.item.field(in_same_round(field.slug, rules.after))
        bound = _day(draft.answers.get(other.slug)) if other is not None else None
        if other is not None and bound is not None and day <= bound:
            return Fault("fault.date.not_after", {"label": field.label, "other": other.label})
    if isinstance(rules.before, date):
        if day >= rules.before:
            return Fault("fault.date.not_before_day", {"latest": day_text(rules.before)})
    elif rules.before is not None:
        other = draft.item.field(in_same_round(field.slug, rules.before))
        bound = _day(draft.answers.get(other.slug)) if other is not None else None
        if other is not None and bound is not None and day >= bound:
            return Fault("fault.date.not_before", {"label": field.label, "other": other.label})
    return None


def _is_unusual(draft: Draft, field: FormField, value: Any) -> bool:
    rule = field.validation.warn_over
    if rule is None or not isinstance(value, int | float):
        return False
    other = draft.answers.get(in_same_round(field.slug, rule.field))
    return isinstance(other, int | float) and value > rule.times * other


def _doubt(draft: Draft, field: FormField, value: Any) -> Fault | None:
    rule = field.validation.warn_over
    assert rule is not None  # `_is_unusual` has looked
    if doubted(draft, field.slug) == value:
        forget_doubt(draft, field.slug)
        return None
    draft.remember(**{_DOUBTED: {**draft.progress.get(_DOUBTED, {}), field.slug: value}})
    other = draft.item.field(in_same_round(field.slug, rule.field))
    return Fault(
        "fault.number.unusual",
        {"label": field.label, "other": other.label if other else "", "times": f"{rule.times:g}"},
    )
