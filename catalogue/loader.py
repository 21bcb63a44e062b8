"""Reads the whole catalogue once; either all of it is right or nothing is loaded."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from catalogue.checks import Surroundings, cross_check
from catalogue.faults import CatalogueError, Fault, schema_faults
from catalogue.parameters import load_departments, load_planned, load_sources
from catalogue.schema import ServiceItem
from catalogue.vocabulary import NAMED_CHECKS
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

    def find(self, code: str) -> ServiceItem | None:
        """The item with this code, or None."""
        return self.items.get(code)

    def name_of(self, code: str) -> str | None:
        """The name to tell a citizen, also of an item that is not in the catalogue yet."""
        item = self.items.get(code)
        return item.title if item else self.planned.get(code)


def load_catalogue(folder: Path) -> Catalogue:
    """Read `folder` (`data/items`) with `sources.yml` and `parameters/` beside it.

    Raises:
        CatalogueError: with all faults of all files.
    """
    items: dict[str, ServiceItem] = {}
    faults: list[Fault] = []
    digest = hashlib.sha256()
    paths = sorted(folder.glob("*.yml"))
    if not paths:
        faults.append(Fault(folder.name, "", "文件夹里没有事项文件（*.yml）"))
    faults += [
        Fault(path.name, "", "文件名要以 .yml 结尾，请改名")
        for path in sorted(folder.glob("*.yaml"))
    ]
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        item, found = _read_item(path)
        faults += found
        if item is not None:
            items[path.name] = item
    surroundings, found = _surroundings(folder.parent)
    faults += found
    faults += cross_check(items, surroundings)
    if faults:
        raise CatalogueError(faults)
    return Catalogue(
        items=MappingProxyType({item.code: item for item in items.values()}),
        planned=MappingProxyType(dict(surroundings.planned)),
        planned_also=MappingProxyType(dict(surroundings.planned_also)),
        departments=MappingProxyType(dict(surroundings.departments)),
        fingerprint=digest.hexdigest(),
    )


def _read_item(path: Path) -> tuple[ServiceItem | None, list[Fault]]:
    data, faults = read_yaml(path)
    if faults:
        return None, faults
    try:
        return ServiceItem.parse(data), []
    except ValidationError as exc:
        return None, schema_faults(path.name, data, exc)


def _surroundings(data: Path) -> tuple[Surroundings, list[Fault]]:
    faults: list[Fault] = []
    known: dict[str, Mapping[str, str]] = {"sources": {}, "departments": {}, "planned": {}}
    try:
        known["sources"] = {
            key: source.gave for key, source in load_sources(data / "sources.yml").items()
        }
    except CatalogueError as exc:
        faults += exc.faults
    parameters = data / "parameters"
    also: dict[str, tuple[str, ...]] = {}
    try:
        departments = load_departments(parameters / "departments.yml")
        known["departments"] = {one.code: one.name for one in departments}
    except CatalogueError as exc:
        faults += exc.faults
    try:
        planned = load_planned(parameters / "planned_items.yml")
        known["planned"] = {one.code: one.name for one in planned}
        also = {one.code: one.also for one in planned}
    except CatalogueError as exc:
        faults += exc.faults
    return Surroundings(
        sources=frozenset(known["sources"]),
        departments=known["departments"],
        planned=known["planned"],
        planned_also=also,
        named_checks=frozenset(NAMED_CHECKS),
    ), faults
