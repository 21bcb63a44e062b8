"""The word lists of data/lexicon/, read once. Trainers edit them; a fault stops the start."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "data" / "lexicon"


@cache
def lexicon(name: str) -> Any:
    """The content of data/lexicon/<name>.yml."""
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8"))


@cache
def words(name: str, section: str) -> frozenset[str]:
    """One list of a lexicon file as a set."""
    return frozenset(str(word) for word in lexicon(name)[section])


def alternation(entries: Iterable[str]) -> str:
    """A regular-expression group matching any entry, longest first."""
    return (
        "(?:"
        + "|".join(re.escape(e) for e in sorted(set(entries), key=lambda e: (-len(e), e)))
        + ")"
    )


@cache
def any_of(name: str, *sections: str) -> re.Pattern[str]:
    """Compiled alternation over the given sections of a lexicon file."""
    return re.compile(alternation(word for section in sections for word in words(name, section)))
