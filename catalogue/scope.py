"""Which fields and papers an application needs, given the answers so far.

A field whose condition is false does not apply: for every later condition it counts as asked and
left empty, so that "如果租房，才问房东" settles everything that hangs on the landlord.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from catalogue.conditions import Condition
from catalogue.form import FormField, Material
from catalogue.schema import ServiceItem


def settled(item: ServiceItem, answers: Mapping[str, object]) -> dict[str, object]:
    """`answers`, with None for every field that certainly does not apply.

    An answer once given to a field that no longer applies is left out of account in the same way.
    """
    known = dict(answers)
    changed = True
    while changed:  # a condition may look at a field that is asked later
        changed = False
        for field in item.fields:
            if field.when is None or (field.slug in known and known[field.slug] is None):
                continue
            if field.when.holds(known) is False:
                known[field.slug] = None
                changed = True
    return known


def applies(
    when: Condition | None, item: ServiceItem, answers: Mapping[str, object]
) -> bool | None:
    """Whether something with this condition is needed; None while that is still open."""
    return True if when is None else when.holds(settled(item, answers))


def fields_to_ask(item: ServiceItem, answers: Mapping[str, object]) -> list[FormField]:
    """Fields that certainly apply, answered or not, in the order of asking."""
    known = settled(item, answers)
    return [field for field in item.fields if field.when is None or field.when.holds(known) is True]


def materials_needed(item: ServiceItem, answers: Mapping[str, object]) -> list[Material]:
    """Papers that certainly apply, whether already supplied or not."""
    known = settled(item, answers)
    return [paper for paper in item.materials if paper.when is None or paper.when.holds(known)]


def still_open(item: ServiceItem, answers: Mapping[str, object]) -> list[Material]:
    """Papers of which it is not known yet whether they are needed."""
    known = settled(item, answers)
    return [
        paper
        for paper in item.materials
        if paper.when is not None and paper.when.holds(known) is None
    ]


@dataclass(frozen=True)
class Survey:
    """All of an item's scope for one set of answers, worked out once.

    Attributes:
        applies: field slug → whether it is to be asked; None while that is still open.
        materials: papers that certainly apply.
    """

    applies: Mapping[str, bool | None]
    materials: tuple[Material, ...]


def survey(item: ServiceItem, answers: Mapping[str, object]) -> Survey:
    """The same as `applies` for every field and `materials_needed`, at the price of one."""
    known = settled(item, answers)

    def holds(when: Condition | None) -> bool | None:
        return True if when is None else when.holds(known)

    return Survey(
        {field.slug: holds(field.when) for field in item.fields},
        tuple(paper for paper in item.materials if holds(paper.when)),
    )
