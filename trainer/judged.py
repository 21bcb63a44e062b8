"""Sentences with what was understood of them, and what is right about it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from trainer.questions import NONE, OTHER, Question

#: Below this probability the bot should rather ask back than act (see the reliability diagram).
CLARIFY_BELOW = 0.5
OUT_OF_SCOPE = "out_of_scope"
_ABOUT_ITEM = frozenset(
    "apply_item ask_what ask_conditions ask_materials ask_fee ask_time ask_process ask_amount"
    " ask_validity describe_need".split()
)


@dataclass(frozen=True)
class Judged:
    """One sentence, judged. `item` is the best code, or `none`, or `other`."""

    text: str
    gold_act: str | None
    gold_items: tuple[str, ...]
    act: str
    item: str
    items: tuple[str, ...]
    confidence: float
    source: str
    style: str | None = None
    pair: str | None = None

    @property
    def act_right(self) -> bool:
        return self.gold_act is None or self.act == self.gold_act

    @property
    def item_right(self) -> bool:
        return not self.gold_items or self.item in self.gold_items

    @property
    def among_three(self) -> bool:
        """Whether a right item is offered at all."""
        return self.item_right or bool(set(self.items[:3]) & set(self.gold_items))

    @property
    def right(self) -> bool:
        return self.act_right and self.item_right

    @property
    def key(self) -> tuple[str, str, str | None, tuple[str, ...]]:
        """The same question in another evaluation has the same key."""
        return self.source, self.text, self.gold_act, self.gold_items

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Judged":
        tuples = {"gold_items": tuple(row["gold_items"]), "items": tuple(row["items"])}
        return cls(**(row | tuples))


def judged(question: Question, understood: dict[str, Any]) -> Judged:
    """The question with the model's answer."""
    items = tuple(understood["items"])
    return Judged(
        text=question.text,
        gold_act=question.act,
        gold_items=question.items,
        act=understood["act"],
        item=OTHER if understood.get("other") else items[0] if items else NONE,
        items=items,
        confidence=float(understood["confidence"]),
        source=question.source,
        style=question.style,
        pair=question.pair,
    )


def own(rows: Sequence[dict[str, Any]]) -> list[Judged]:
    """The cross-validation's lines (`bot_server.crossval`)."""
    return [
        judged(Question(row["text"], row["gold_act"], (row["gold_item"],), "own"), row)
        for row in rows
    ]


def decision(understood: dict[str, Any]) -> str:
    """`answer`, `clarify` or `reject` for a sentence without a conversation around it."""
    act = understood["act"]
    if act == OUT_OF_SCOPE:
        return "reject"
    if float(understood["confidence"]) < CLARIFY_BELOW:
        return "clarify"
    named = understood["items"] or understood.get("other")
    return "clarify" if act in _ABOUT_ITEM and not named else "answer"
