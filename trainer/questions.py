"""Sentences to measure with: the files' shapes, and what of a sentence reaches the model.

A sentence goes the way of the first turn of a visit: closed words and crises are decided before
the model, personal data are masked (`backoffice.dialogue.prepare`).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from backoffice.dialogue.wanted import volunteered
from backoffice.understanding import closed_act, extract, mask, normalise
from backoffice.understanding.alarm import alarm_in, refusal_in
from backoffice.understanding.clauses import requests_in, without_halt
from catalogue.loader import Catalogue

NONE, OTHER = "none", "other"


class QuestionsUnusable(Exception):
    """A file of sentences is not of a known shape; the message is for the trainer."""


@dataclass(frozen=True)
class Question:
    """A sentence and what it means.

    Attributes:
        act: None when only the item is known.
        items: any of these codes is right; `none` and `other` are labels too; empty: not judged.
        source: the file.
        style: how it is said, where the file tells.
        pair: sentences with one pair differ only in the detail that decides.
        also: what else is asked in the same sentence.
    """

    text: str
    act: str | None
    items: tuple[str, ...]
    source: str
    style: str | None = None
    pair: str | None = None
    also: tuple[dict[str, Any], ...] = ()
    given: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)


def read_questions(paths: Iterable[Path]) -> list[Question]:
    """All sentences of JSON-lines files and of the YAML files that `tests/bot` keeps.

    Raises:
        QuestionsUnusable: names file and line or entry.
    """
    found: list[Question] = []
    for path in paths:
        if not path.is_file():
            raise QuestionsUnusable(f"{path}：没有这个文件")
        try:
            rows = _lines(path) if path.suffix == ".jsonl" else _entries(path)
            found += [_question(path.stem, row) for row in rows]
        except (ValueError, KeyError, TypeError, yaml.YAMLError) as exc:
            raise QuestionsUnusable(f"{path}：{exc}") from exc
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                raise ValueError(f"第 {number} 行要有 text")
            rows.append(row)
    return rows


def _entries(path: Path) -> list[dict[str, Any]]:
    content = yaml.safe_load(path.read_text("utf-8"))
    if isinstance(content, list):
        return [row for one in content for row in _voice(one)]
    return [
        {"act": act, "items": [item], "text": text}
        for act, items in content.items()
        for item, texts in items.items()
        for text in texts
    ]


def _voice(one: dict[str, Any]) -> list[dict[str, Any]]:
    """One sentence by itself, or one imagined person's (`voice`, `says`)."""
    if "says" not in one:
        return [one]
    return [_entry(said, one.get("style")) for said in one["says"]]


def _entry(said: Any, style: str | None) -> dict[str, Any]:
    """`[act, item, text]`, or a mapping as in a JSON line."""
    row = (
        dict(said)
        if isinstance(said, dict)
        else dict(zip(("act", "item", "text"), said, strict=True))
    )
    return {"style": style, **row} if style else row


def _question(source: str, row: dict[str, Any]) -> Question:
    items = row.get("items", [row["item"]] if row.get("item") else None)
    act = row.get("act")
    if items is None:
        judged: tuple[str, ...] = ()
    else:
        judged = tuple(items) or (NONE,)
    pair = row.get("pair")
    return Question(
        text=str(row["text"]),
        act=act,
        items=judged,
        source=source,
        style=row.get("style"),
        pair=f"{source}:{pair}" if pair is not None else None,
        also=tuple(row.get("also") or ()),
        given=row,
    )


def as_said_first(text: str, catalogue: Catalogue, today: date) -> dict[str, Any]:
    """`{text, hint, clauses}` for the model: the sentence as the first of a visit."""
    said = normalise(text)
    act = closed_act(said)
    alarm = alarm_in(said)
    outright = (alarm is not None and alarm.sure) or refusal_in(said)
    if outright or (act is None and catalogue.only_elsewhere(said) is not None):
        return {"text": mask(said), "hint": {"act": "out_of_scope", "item": None}}
    about = next(iter(catalogue.items.values()), None)
    safe = mask(said)
    if act is None and about is not None:
        found = extract(said, volunteered(about), today=today)
        safe = found.rest if found.found and found.rest.strip() else found.safe_text
    safe = without_halt(safe) if act is None else safe
    clauses = requests_in(safe) if act is None else []
    return {"text": safe or said, "hint": {"act": act, "item": None}, "clauses": clauses}
