"""What the items teach the bot: their names and the sentences people say about them.

The output is a plain list, not Rasa's format: `bot/` turns it into its own training data. Its keys
must never be nlu, responses, stories or rules: Rasa takes a file with such a line for its own.
"""

from collections.abc import Iterator
from pathlib import Path

import yaml

from catalogue.loader import Catalogue

Example = dict[str, str | None]


def examples(catalogue: Catalogue) -> list[Example]:
    """`{text, act, item}`, sorted by item, no text twice for one item and act.

    The bare name of an item means that the person wants it (`apply_item`). `utterances` carry no
    act (None): they teach only which item is meant. A sentence that also stands under `examples`
    is given once, with its act.
    """
    found: list[Example] = []
    for code, item in sorted(catalogue.items.items()):
        names = [item.name, *([item.short_name] if item.short_name else []), *item.aliases]
        names += [wrong.text for wrong in item.wrong_names]
        with_act = [(text, "apply_item") for text in names]
        with_act += [(text, act) for act, texts in item.examples.items() for text in texts]
        labelled = {text for text, _ in with_act}
        without = [(text, None) for text in item.utterances if text not in labelled]
        unique = dict.fromkeys([*with_act, *without])
        found += [{"text": text, "act": act, "item": code} for text, act in unique]
    return found


def conflicts(catalogue: Catalogue) -> Iterator[str]:
    """Sentences that teach two things at once, in words for the trainer."""
    taught: dict[str, tuple[str | None, str | None]] = {}
    for one in examples(catalogue):
        text, lesson = str(one["text"]), (one["item"], one["act"])
        if text in taught and taught[text] != lesson:
            yield f"“{text}”出现在两处（{taught[text]} 和 {lesson}），请只留一处"
        taught.setdefault(text, lesson)


def write_training(catalogue: Catalogue, path: Path) -> int:
    """Write the examples to `path` and return how many there are."""
    lines = examples(catalogue)
    path.parent.mkdir(parents=True, exist_ok=True)
    header = "# Generated from data/items/ by `python -m catalogue training`; do not edit.\n"
    path.write_text(
        header + yaml.safe_dump(lines, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return len(lines)
