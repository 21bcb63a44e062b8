"""From the catalogue's fields to what understanding looks for."""

from backoffice.applications.draft import Draft
from backoffice.understanding import Option, Person, Wanted
from catalogue import form
from catalogue.form import FormField
from catalogue.schema import ServiceItem

_PEOPLE: dict[str, Person] = {
    "proxy": "proxy",
    "landlord": "landlord",
    "host": "host",
    "child": "child",
    "baby": "child",
    "spouse": "spouse",
    # asked of one parent about the other one
    "mother": "spouse",
    "father": "spouse",
}
_VOLUNTEERED = frozenset({"text", "id_number", "phone", "address"})


def wanted_field(
    field: FormField, *, awaited: bool = False, filled: bool = False, current: object = None
) -> Wanted:
    """One field as `understanding.extract` wants it."""
    return Wanted(
        key=field.slug,
        kind=field.type,
        label=field.label,
        cues=field.cues,
        names=(*field.names, field.label),
        options=tuple(_option(one) for one in field.options),
        rules=field.validation.model_dump(exclude_defaults=True),
        awaited=awaited,
        filled=filled,
        person=_PEOPLE.get(field.slug.split("_")[0], "applicant"),
        multiple=field.multiple,
        current=current,
        other_topics=field.other_topics.words if field.other_topics else (),
        other_topics_reply=field.other_topics.say if field.other_topics else "",
    )


def _option(option: form.Option) -> Option:
    lasting = option.lasting
    return Option(
        option.value,
        option.label,
        option.synonyms,
        option.short_answers,
        topics=option.topics,
        at_least_months=lasting.at_least_months if lasting else None,
        less_than_months=lasting.less_than_months if lasting else None,
        also_after=lasting.also_after if lasting else (),
        assumed=option.assumed,
        outweighs=option.outweighs,
    )


def wanted_of(draft: Draft, awaited: str | None) -> list[Wanted]:
    """All fields of the draft that apply or may yet apply, in the order of asking."""
    partial = draft.progress.get("partial", {})
    return [
        wanted_field(
            field,
            awaited=field.slug == awaited,
            filled=field.slug in draft.answers,
            current=draft.answers.get(field.slug, partial.get(field.slug)),
        )
        for field in draft.item.fields
        if draft.applies(field) is not False
    ]


def volunteered(item: ServiceItem) -> list[Wanted]:
    """What people tell of themselves before they are asked."""
    return [wanted_field(one) for one in item.fields if one.type in _VOLUNTEERED]


def asked(key: str, kind: str, label: str) -> list[Wanted]:
    """A single thing asked for outside a form, for instance the phone of a call-back."""
    return [Wanted(key=key, kind=kind, label=label, awaited=True)]  # type: ignore[arg-type]
