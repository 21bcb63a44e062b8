"""What the items teach the bot: their names.

The output is a plain list, not Rasa's format: `bot/` turns it into its own training data. Its keys
must never be nlu, responses, stories or rules: Rasa takes a file with such a line for its own.
"""

from collections.abc import Iterator
from pathlib import Path

import yaml

from catalogue.loader import Catalogue

Example = dict[str, str | None]


def examples(catalogue: Catalogue) -> list[Example]:
    """`{text, act, item}`, sorted by item, no text twice for one item.

    The bare name of an item means that the person wants it (`apply_item`). The sentences that
    people say about it stand in `data/nlu/items/`.
    """
    found: list[Example] = []
    for code, item in sorted(catalogue.items.items()):
        names = [item.name, *([item.short_name] if item.short_name else []), *item.aliases]
        names += [wrong.text for wrong in item.wrong_names]
        found += [
            {"text": text, "act": "apply_item", "item": code} for text in dict.fromkeys(names)
        ]
    return found


def conflicts(catalogue: Catalogue) -> Iterator[str]:
    """Names that stand in two items, in words for the trainer."""
    owner: dict[str, str] = {}
    for one in examples(catalogue):
        text, item = str(one["text"]), str(one["item"])
        if owner.setdefault(text, item) != item:
            yield f"“{text}”是 {owner[text]} 的叫法，也是 {item} 的叫法，请只留在一个事项里"


def write_training(catalogue: Catalogue, path: Path) -> int:
    """Write the examples to `path` and return how many there are."""
    lines = examples(catalogue)
    path.parent.mkdir(parents=True, exist_ok=True)
    header = "# Generated from data/items/ by `python -m catalogue training`; do not edit.\n"
    path.write_text(
        header + yaml.safe_dump(lines, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return len(lines)
