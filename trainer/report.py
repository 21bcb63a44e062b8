"""Reports for trainers: HTML in one file, nothing fetched from elsewhere, printable."""

from base64 import b64encode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader

from catalogue.loader import Catalogue

_HERE = Path(__file__).resolve().parent


@cache
def _acts() -> dict[str, str]:
    return dict(yaml.safe_load((_HERE / "acts.yml").read_text("utf-8")))


def act_name(act: str | None) -> str:
    """What an act is called in a report."""
    return _acts().get(act or "", act or "")


def namer(catalogue: Catalogue) -> Callable[[str], str]:
    """What an item is called in a report."""

    def name(code: str) -> str:
        return _acts().get(code) or catalogue.name_of(code) or code

    return name


def embedded(png: bytes) -> str:
    """A picture as an address that carries it."""
    return "data:image/png;base64," + b64encode(png).decode("ascii")


def _percent(figure: dict[str, Any]) -> str:
    return "–" if figure["share"] is None else f"{100 * figure['share']:.1f} %"


def render(template: str, catalogue: Catalogue, **content: Any) -> str:
    """One report."""
    environment = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
    item_name = namer(catalogue)
    environment.filters["item_name"] = item_name
    environment.filters["act_name"] = act_name
    environment.filters["percent"] = _percent
    names = {"act_name": act_name, "item_name": item_name, "plain": str}
    return environment.get_template(template).render(**names, **content)
