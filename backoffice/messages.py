"""Texts for people, read from `data/messages/*.yml`.

A text is a string, or a mapping `{text, buttons: [{title, value, act?, item?}]}`. `{name}` stands
for a parameter. One key lives in one file only. `act` and `item` say what a button stands for
wherever it is pressed; without them its value answers what was asked.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "data" / "messages"


class TextMissing(KeyError):
    """A key without a text: a fault of ours, found by the tests over the repository."""


@cache
def _texts() -> Mapping[str, Any]:
    texts: dict[str, Any] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        for key, value in (yaml.safe_load(path.read_text("utf-8")) or {}).items():
            if key in texts:
                raise ValueError(f"{path.name}: {key} 已在另一个文件里定义")
            texts[key] = value
    return texts


def has_text(key: str) -> bool:
    """Whether there is a text of this key."""
    return key in _texts()


def text(key: str, **params: object) -> str:
    """The text of `key` with its parameters filled in.

    Raises:
        TextMissing: no such key.
    """
    value = _entry(key)
    template = value["text"] if isinstance(value, dict) else value
    return str(template).strip().format(**params)


def buttons(key: str, **params: object) -> list[dict[str, str]]:
    """The buttons that belong to `key`; empty when it has none."""
    value = _entry(key)
    found = value.get("buttons", []) if isinstance(value, dict) else []
    return [
        {part: str(button[part]).format(**params) for part in ("title", "value")}
        for button in found
    ]


def all_buttons() -> list[Mapping[str, str]]:
    """Every button of every text as written, with its `act` and `item`."""
    return [
        button
        for value in _texts().values()
        if isinstance(value, dict)
        for button in value.get("buttons", [])
    ]


def _entry(key: str) -> Any:
    try:
        return _texts()[key]
    except KeyError as exc:
        raise TextMissing(key) from exc
