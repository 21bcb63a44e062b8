"""Groups of fields that are filled in several times: each member of a household.

The first round keeps the fields' own names; round n has `member_name__n`. How many rounds there
are follows from an answer (a number of people), or from asking "another one?" after each round.
"""

from collections.abc import Iterator, Mapping

from catalogue.conditions import Condition
from catalogue.form import FormField, Group
from catalogue.schema import ServiceItem

_MORE = "more"


def base_slug(slug: str) -> str:
    """`member_name__3` → `member_name`."""
    return slug.partition("__")[0]


def in_same_round(slug: str, other: str) -> str:
    """What `other` is called in the round of `slug`: `member_birth` → `member_birth__3`.

    Only right where both belong to the same group; outside of groups nothing changes.
    """
    _, mark, number = slug.partition("__")
    return f"{other}{mark}{number}"


def asks_for_another(slug: str) -> bool:
    """Whether this is the question "another one?" after a round: it steers, it says nothing."""
    return f"__{_MORE}_" in slug


def with_rounds(item: ServiceItem, answers: Mapping[str, object]) -> ServiceItem:
    """The item with as many rounds of its repeated fields as the answers call for.

    Unchanged (the same object) when it repeats nothing.
    """
    if not item.groups:
        return item
    fields: list[FormField] = []
    done: set[str] = set()
    for field in item.fields:
        name = field.group if field.repeat else None
        if name is None or name not in item.groups:
            fields.append(field)
        elif name not in done:
            done.add(name)
            fields += _rounds(name, item, answers)
    return item.model_copy(update={"fields": tuple(fields)})


def _rounds(name: str, item: ServiceItem, answers: Mapping[str, object]) -> Iterator[FormField]:
    group = item.groups[name]
    members = [field for field in item.fields if field.repeat and field.group == name]
    inside = {field.slug for field in members}
    counted = group.count_by is not None
    for number in range(1, group.max + 1):
        if counted and number > _wanted(group, answers):
            return
        for field in members:
            yield _in_round(field, group, number, inside)
        if counted or number == group.max:
            continue
        more = f"{name}__{_MORE}_{number}"
        yield _another(more, group, members[0])
        if answers.get(more) != "yes":
            return


def _wanted(group: Group, answers: Mapping[str, object]) -> int:
    said = answers.get(group.count_by or "")
    return min(int(said) - group.count_less, group.max) if isinstance(said, int | float) else 0


def _in_round(field: FormField, group: Group, number: int, inside: set[str]) -> FormField:
    label = group.each.format(n=number)
    change: dict[str, object] = {
        "label": f"{label}·{field.label}",
        "ask": f"{label}：{field.question()}",
        "ask_for_other": None,
    }
    if number > 1:
        change["slug"] = f"{field.slug}__{number}"
        change["names"] = ()
        change["cues"] = ()
        if field.when is not None:
            change["when"] = _of_round(field.when, number, inside)
    return field.model_copy(update=change)


def _of_round(when: Condition, number: int, inside: set[str]) -> Condition:
    """A condition on a field of the same group speaks of the same round."""

    def moved(part: Condition) -> Condition:
        return _of_round(part, number, inside)

    change: dict[str, object] = {
        "all_": when.all_ and tuple(map(moved, when.all_)),
        "any_": when.any_ and tuple(map(moved, when.any_)),
        "not_": when.not_ and moved(when.not_),
    }
    if when.field in inside:
        change["field"] = f"{when.field}__{number}"
    return when.model_copy(update=change)


def _another(slug: str, group: Group, first: FormField) -> FormField:
    return FormField(
        slug=slug,
        label=group.another,
        type="choice",
        required=True,
        ask=group.another,
        why=first.why,
        when=first.when,
        when_text=first.when_text,
        options=(group.more, group.enough),
    )
