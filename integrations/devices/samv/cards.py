"""Invented chips for the simulator: the demo people's cards, and some of other kinds."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from integrations.devices.samv import texts

DEMO = Path(__file__).parents[3] / "data" / "demo"
_PHOTO_SIZE = 1024


@dataclass(frozen=True, repr=False)
class Chip:
    """What a simulated chip holds.

    Attributes:
        text: the 256 bytes.
        photo: not a real WLT: the simulator has no such picture.
        address: the address added later, if any.
    """

    text: bytes
    photo: bytes = field(default=b"WLf" + bytes(_PHOTO_SIZE - 3))
    fingers: bytes = b""
    address: str | None = None


class NoSuchCard(LookupError):
    """No invented card of this name."""


def demo_chip(name: str, folder: Path = DEMO) -> Chip:
    """The invented card of this name: of `people.yml`, or of `chips.yml`.

    Args:
        name: may also be the path of the card's picture, whose file is named after the person.

    Raises:
        NoSuchCard: and the names that there are.
    """
    name = Path(name).stem
    chips, people = _read(folder)
    if (given := chips["cards"].get(name)) is not None:
        return Chip(texts.join(given["fields"], given["letter"]))
    person = next((one for one in people if one["name"] == name), None)
    if person is None:
        raise NoSuchCard(", ".join(demo_names(folder)))
    return Chip(texts.join(_fields(person) | chips["defaults"]))


def demo_names(folder: Path = DEMO) -> list[str]:
    """Names of all invented cards."""
    chips, people = _read(folder)
    return [*chips["cards"], *(one["name"] for one in people)]


def _read(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    chips = yaml.safe_load((folder / "chips.yml").read_text("utf-8"))
    return chips, yaml.safe_load((folder / "people.yml").read_text("utf-8"))["people"]


def _fields(person: dict[str, Any]) -> dict[str, str]:
    codes = texts.load_codes()
    return {
        "name": person["name"],
        "sex": _code(codes.sex, person["sex"]),
        "ethnicity": _code(codes.ethnicity, person["ethnicity"]),
        "birth": person["id_no"][6:14],
        "address": person["hukou_address"],
        "number": person["id_no"],
    }


def _code(words: Any, word: str) -> str:
    return next((code for code, one in words.items() if one == word), "")
