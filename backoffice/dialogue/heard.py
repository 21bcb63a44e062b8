"""What was made of a turn before the engine sees it; kept with the turn."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass
class Heard:
    """The reading of one turn.

    Attributes:
        safe: the only form of the text that goes to the engine.
        act: the act when it is certain without a model; None leaves it to the model.
        taken: fields answered; `changed`: those of them that had another answer before.
        partly: fields half answered; the half is kept and completed when they are asked.
        refused: `{field, code, params}` of answers that cannot be taken.
        tentative: `{field, value}`: the whole sentence as an answer, if the model agrees.
        results: `{code, params}` of what else happened, to be said.
        named: fields that a correction or a question speaks of.
        then: what was to be done after signing in.
        item: the item that a pressed button names.
        pressed: the value of the button whose title was typed: what the turn's text stands for.
        asked: the question that this turn's answer decides ("which item?"), masked.
        also: `{act, items}` of further requests that wait for that decision.
        clauses: the safe text's single requests, when it holds several.
        refusal: the kind of attempt that the hall never follows.
        crisis: the kind of emergency that goes before everything.
        worry: the kind of emergency that it may be: the number is said beside the answer.
    """

    safe: str
    act: str | None = None
    taken: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    partly: list[str] = field(default_factory=list)
    tentative: dict[str, Any] | None = None
    results: list[dict[str, Any]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    then: str | None = None
    item: str | None = None
    pressed: str | None = None
    asked: str | None = None
    also: list[dict[str, Any]] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)
    refusal: str | None = None
    crisis: str | None = None
    worry: str | None = None

    def happened(self, code: str, **params: Any) -> Self:
        """Note something to be said; returns itself. It was an answer, so the act is `inform`."""
        self.results.append({"code": code, "params": params})
        self.act = self.act or "inform"
        return self

    def as_json(self) -> dict[str, Any]:
        """For keeping with the turn."""
        return asdict(self)
