"""The catalogue's facts in words that promise no more than their status allows."""

import re
from collections.abc import Mapping
from datetime import date

from backoffice import messages
from backoffice.applications.draft import Draft
from catalogue.figures import Figure
from catalogue.form import Material
from catalogue.parameters import Hall
from catalogue.schema import ServiceItem

_PROMISABLE = "verified"
_FIGURE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def hedged(words: str, status: str | None) -> str:
    """The words as they are when verified; otherwise with 以公告为准."""
    if status == _PROMISABLE:
        return words
    if "\n" in words:
        return messages.text("fact.hedged_list", words=words)
    return messages.text("fact.hedged", words=words.rstrip("。"))


def promised_time(item: ServiceItem) -> str:
    """How long it takes, hedged by status; both limits when both are known."""
    promised, statutory = item.time.promised, item.time.statutory
    parts = [hedged(limit.text, limit.status) for limit in (promised, statutory) if limit.text]
    return "\n".join(parts) or messages.text("fact.unknown")


def conditions(item: ServiceItem) -> str:
    """Who may apply: the conditions, alternatives indented under what they stand in for."""
    lines = []
    for condition in item.applicants.conditions:
        if not condition.spoken:
            continue
        mark = "    · " if condition.alternative_to else "· "
        lines.append(mark + condition.text)
    words = f"{item.applicants.summary}。\n" + "\n".join(lines)
    return hedged(words, item.facts.conditions.status)


def materials(item: ServiceItem, known: Mapping[str, object], draft: Draft | None) -> str:
    """The papers that fit what is known of the person; the rest with "when"."""
    always, depends = [], []
    for material in item.materials:
        fits = True if material.when is None else material.when.holds(known)
        if fits is False or material.form == ("form",):
            continue
        if fits:
            always.append("· " + _paper(material, draft))
        else:
            depends.append(f"· {material.when_text or ''}：{material.name}")
    words = messages.text("consult.materials_always", lines="\n".join(always))
    if depends:
        words += "\n" + messages.text("consult.materials_depends", lines="\n".join(depends))
    return hedged(words, item.facts.materials.status)


def _paper(material: Material, draft: Draft | None) -> str:
    if draft is not None and material.slug in draft.materials:
        return messages.text("consult.paper_given", name=material.name)
    return material.name


def place(hall: Hall) -> str:
    """Where the hall is; what is not known is said not to be known."""
    address = hall.address.value or messages.text("fact.unknown")
    words = messages.text("consult.place", hall=hall.name, address=address)
    words = hedged(words, hall.address.status)
    hours = hall.hours.value
    if hours:
        words += "\n" + hedged(messages.text("consult.hours", hours=hours), hall.hours.status)
    else:
        words += "\n" + messages.text("consult.hours_unknown")
    return words


def amounts(item: ServiceItem, figures: Mapping[str, Figure], on: date) -> str | None:
    """What the citizen receives or pays; None when no money is involved."""
    if not item.amounts:
        return None
    lines = []
    for name in item.amounts:
        figure = figures[name]
        lines.append(messages.text("consult.amount", what=figure.what, value=spoken(figure, on)))
    return "\n".join(lines)


def with_figures(words: str, figures: Mapping[str, Figure], on: date) -> str:
    """Texts of the catalogue with each `{figure}` spoken as what it is worth today."""

    def fill(found: re.Match[str]) -> str:
        figure = figures.get(found[1])
        return found[0] if figure is None else spoken(figure, on)

    filled = _FIGURE.sub(fill, words)
    return filled if filled == words else hedged_once(filled)


def hedged_once(words: str) -> str:
    """以公告为准 said once: around a figure it says nothing new where the whole is hedged."""
    mark = messages.text("fact.mark")
    if "公告为准" in words.replace(mark, ""):
        return words.replace(mark, "")
    if words.count(mark) < 2:
        return words
    last = words.rfind(mark)
    return words[:last].replace(mark, "") + words[last:]


def spoken(figure: Figure, on: date) -> str:
    """A figure in words; one that is outdated or was never found is not spoken as a fact."""
    if not _is_current(figure, on):
        return messages.text("fact.figure_unknown")
    words = f"{figure.value:f}{figure.unit}"
    if figure.status == _PROMISABLE:
        return words
    return messages.text("fact.figure_hedged", words=words)


def _is_current(figure: Figure, on: date) -> bool:
    return figure.value is not None and figure.in_force(on)
