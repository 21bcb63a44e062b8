"""Reads the whole catalogue once; either all of it is right or nothing is loaded."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from catalogue.checks import Surroundings, cross_check
from catalogue.faults import CatalogueError, Fault, schema_faults
from catalogue.figures import Figure, Window, load_figures, load_windows
from catalogue.guides import Elsewhere, Guides, load_guides
from catalogue.named_checks import NamedCheck, load_named_checks
from catalogue.names import Names, names_of
from catalogue.parameters import (
    Department,
    PlannedItem,
    load_departments,
    load_planned,
    load_sources,
)
from catalogue.schema import ApplicantCondition, ServiceItem
from catalogue.shared import SharedParts, expanded, load_shared
from catalogue.yaml_files import read_yaml

__all__ = ["Catalogue", "CatalogueError", "load_catalogue"]


@dataclass(frozen=True)
class Catalogue:
    """All items that can be asked about and applied for. Immutable."""

    items: Mapping[str, ServiceItem]
    planned: Mapping[str, str]
    """Code → name of items of the hall's list that have no file yet."""
    planned_also: Mapping[str, tuple[str, ...]]
    """Code → what people call such an item."""
    departments: Mapping[str, str]
    """Code → name."""
    fingerprint: str
    """SHA-256 (hex) over the contents of the item files: changes when any of them does."""
    checks: Mapping[str, NamedCheck] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    guides: Guides = Guides()
    """What leads people to the right item."""
    names: Names = Names({})
    """Which items a text names."""

    def find(self, code: str) -> ServiceItem | None:
        """The item with this code, or None."""
        return self.items.get(code)

    def name_of(self, code: str) -> str | None:
        """The name to tell a citizen, also of an item that is not in the catalogue yet."""
        item = self.items.get(code)
        return item.title if item else self.planned.get(code)

    def only_elsewhere(self, text: str) -> Elsewhere | None:
        """Other government business, when the text asks for it and for nothing else.

        Short texts only: in a longer one such a name is mostly a paper or a part of the story.
        """
        if self.names.named_in(text) or self.guides.situation_in(text) is not None:
            return None
        return self.guides.wanted_elsewhere(text)


def load_catalogue(folder: Path) -> Catalogue:
    """Read `folder` (`data/items`) with what stands beside it.

    That is: `sources.yml`, `parameters/`, `shared/`, `checks/`, and the guides (`near/` …).

    Raises:
        CatalogueError: with all faults of all files.
    """
    items: dict[str, ServiceItem] = {}
    digest = hashlib.sha256()
    paths = sorted(folder.glob("*.yml"))
    shared, faults = load_shared(folder.parent / "shared")
    if not paths:
        faults.append(Fault(folder.name, "", "文件夹里没有事项文件（*.yml）"))
    faults += [
        Fault(path.name, "", "文件名要以 .yml 结尾，请改名")
        for path in sorted(folder.glob("*.yaml"))
    ]
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        item, found = _read_item(path, shared)
        faults += found
        if item is not None:
            items[path.name] = item
    around, found = _surroundings(folder.parent)
    faults += found
    faults += cross_check(items, around)
    guides, found = load_guides(folder.parent, {one.code for one in items.values()})
    faults += found
    if faults:
        raise CatalogueError(faults)
    return Catalogue(
        items=MappingProxyType({one.code: _resolved(one, around) for one in items.values()}),
        planned=MappingProxyType(dict(around.planned)),
        planned_also=MappingProxyType(dict(around.planned_also)),
        departments=MappingProxyType(dict(around.departments)),
        fingerprint=digest.hexdigest(),
        checks=MappingProxyType(dict(around.checks)),
        figures=MappingProxyType(dict(around.figures)),
        windows=MappingProxyType(dict(around.windows)),
        guides=guides,
        names=Names({one.code: names_of(one) for one in items.values()}),
    )


def _read_item(path: Path, shared: SharedParts) -> tuple[ServiceItem | None, list[Fault]]:
    data, faults = read_yaml(path)
    if faults:
        return None, faults
    data, faults = expanded(data, shared, path.name)
    if faults:
        return None, faults
    try:
        return ServiceItem.parse(data), []
    except ValidationError as exc:
        return None, schema_faults(path.name, data, exc)


def _resolved(item: ServiceItem, around: Surroundings) -> ServiceItem:
    """The item with the definitions of the checks that its conditions name."""

    def defined(condition: ApplicantCondition) -> ApplicantCondition:
        named = around.checks.get(condition.check.name or "")
        if named is None:
            return condition
        if named.window:
            named = named.model_copy(update={"opening": around.windows[named.window]})
        check = condition.check.model_copy(update={"definition": named})
        return condition.model_copy(update={"check": check})

    conditions = tuple(defined(one) for one in item.applicants.conditions)
    applicants = item.applicants.model_copy(update={"conditions": conditions})
    return item.model_copy(update={"applicants": applicants})


def _surroundings(data: Path) -> tuple[Surroundings, list[Fault]]:
    faults: list[Fault] = []
    parameters = data / "parameters"
    sources: frozenset[str] = frozenset()
    departments: tuple[Department, ...] = ()
    planned: tuple[PlannedItem, ...] = ()
    try:
        sources = frozenset(load_sources(data / "sources.yml"))
    except CatalogueError as exc:
        faults += exc.faults
    try:
        departments = load_departments(parameters / "departments.yml")
    except CatalogueError as exc:
        faults += exc.faults
    try:
        planned = load_planned(parameters / "planned_items.yml")
    except CatalogueError as exc:
        faults += exc.faults
    checks, wrong_checks = load_named_checks(data / "checks")
    figures, wrong_figures = load_figures(parameters / "figures")
    windows, wrong_windows = load_windows(parameters / "windows.yml")
    return Surroundings(
        sources=sources,
        departments={one.code: one.name for one in departments},
        planned={one.code: one.name for one in planned},
        planned_also={one.code: one.also for one in planned},
        checks=checks,
        figures=figures,
        windows=windows,
    ), faults + wrong_checks + wrong_figures + wrong_windows
