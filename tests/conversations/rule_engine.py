"""The dialogue engine of the quick depth: it plays `data/rules`, and understands what it is told.

It has no model. The act comes from the hint, otherwise from the conversation file; the actions are
the real ones, called as the real action server calls them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from backoffice.errors import EngineDown
from bootstrap.settings import ROOT
from gateway.engine import Understood
from tests.conversations.script import Understood as Expected

_FORM = "application_form"
_ANSWERS = frozenset({"inform", "affirm", "deny"})
_ASK, _VALIDATE = "action_ask_application_answer", "validate_application_form"

Steps = Sequence[Mapping[str, Any]]


@dataclass
class _Mind:
    """What the engine's tracker holds of one conversation."""

    in_form: bool = False
    slots: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Turn:
    mind: _Mind
    tracker: Tracker
    bubbles: list[dict[str, Any]] = field(default_factory=list)


class RuleEngine:
    """Stands in for `gateway.engine.Engine`.

    Attributes:
        expected: what the file says is understood in the next turn.
        unexplained: whether a turn came whose act neither a hint nor the file gives.
    """

    def __init__(self, rules: Path = ROOT / "data" / "rules") -> None:
        self.expected: Expected | None = None
        self.unexplained = False
        self._rules = _read_rules(rules)
        self._minds: dict[str, _Mind] = {}
        self._done: dict[tuple[str, str], Understood] = {}
        executor = ActionExecutor()
        executor.register_package("actions")
        self._actions = executor.actions

    async def turn(
        self,
        *,
        conversation_id: str,
        turn_id: str,
        safe_text: str,
        act: str | None,
        item: str | None,
        clauses: Sequence[str] = (),
    ) -> Understood:
        """See `Engine.turn`."""
        if (conversation_id, turn_id) in self._done:
            return self._done[conversation_id, turn_id]
        told = self.expected if act is None else None
        act = act or (told.act if told else None)
        item = item or (self.expected.item if self.expected else None)
        if act is None:
            self.unexplained = True
            raise EngineDown
        mind = self._minds.setdefault(conversation_id, _Mind())
        also = (
            [{"act": o.act, "items": [o.item] if o.item else []} for o in told.also] if told else []
        )
        like = told.like if told else []
        turn = _Turn(mind, _tracker(conversation_id, turn_id, act, item, like, also))
        if mind.in_form and act in _ANSWERS:
            await self._form(turn, heard=True)
        else:
            await self._by_rule(turn, act)
        answer = Understood(act, [item] if item else [], turn.bubbles, also)
        self._done[conversation_id, turn_id] = answer
        return answer

    async def ready(self) -> bool:
        """See `Engine.ready`."""
        return True

    async def close(self) -> None:
        """See `Engine.close`."""

    async def _by_rule(self, turn: _Turn, act: str) -> None:
        rules = self._rules[turn.mind.in_form, act]
        at = 0
        while rules and at < max(len(one) for one in rules):
            steps = {str(one[at]) for one in rules if at < len(one)}
            step = next(one[at] for one in rules if at < len(one))
            if "slot_was_set" in step:
                rules = [one for one in rules if _holds(one[at]["slot_was_set"], turn.mind.slots)]
                assert len(rules) == 1, f"no single rule for {act} with {turn.mind.slots}"
            else:
                assert len(steps) == 1, f"rules for {act} part without a slot"
                if "action" in step:
                    await self._act(turn, step["action"])
            at += 1

    async def _act(self, turn: _Turn, name: str) -> None:
        if name == _FORM:
            await self._form(turn, heard=False)
        elif name == "action_deactivate_loop":
            turn.mind.in_form = False
        elif name != "action_listen":
            await self._run(turn, name)

    async def _form(self, turn: _Turn, *, heard: bool) -> None:
        """Rasa validates when the form is entered or was waiting, not after an interruption."""
        if heard or not turn.mind.in_form:
            turn.mind.in_form = True
            await self._run(turn, _VALIDATE)
        if turn.mind.slots.get("application_answer") is None:
            await self._run(turn, _ASK)
            return
        turn.mind.in_form = False
        await self._run(turn, "action_conclude_application")

    async def _run(self, turn: _Turn, name: str) -> None:
        dispatcher = CollectingDispatcher()
        turn.tracker.slots = dict(turn.mind.slots)
        events = await self._actions[name](dispatcher, turn.tracker, {})
        turn.bubbles += [one["custom"] for one in dispatcher.messages]
        turn.mind.slots.update({one["name"]: one["value"] for one in events})


def _holds(wanted: Any, slots: Mapping[str, Any]) -> bool:
    return all(slots.get(k) == v for one in wanted for k, v in one.items())


def _tracker(
    conversation_id: str,
    turn_id: str,
    act: str,
    item: str | None,
    like: Sequence[str],
    also: Sequence[Mapping[str, Any]],
) -> Tracker:
    """What the action server is sent. `like`: items that the model wavers between."""
    named = [item] if item else []
    sure = 0.45 if like else 0.98
    ranking = [{"value": one, "confidence": sure} for one in [*named, *like]]
    entities = [{"entity": "item", "value": item}] if item else []
    metadata = {"conversation_id": conversation_id, "turn_id": turn_id}
    said = {
        "intent": {"name": act},
        "entities": entities,
        "item_ranking": ranking,
        "also": list(also),
        "metadata": metadata,
    }
    return Tracker(
        conversation_id, {}, said, [{"event": "user", "metadata": metadata}], False, None, {}, None
    )


def _read_rules(folder: Path) -> dict[tuple[bool, str], list[Steps]]:
    """(in the form, act) → the steps after the act, of every rule for it."""
    found: dict[tuple[bool, str], list[Steps]] = {}
    for path in sorted(folder.glob("*.yml")):
        for rule in yaml.safe_load(path.read_text("utf-8"))["rules"]:
            in_form = {"active_loop": _FORM} in rule["condition"]
            first, *rest = rule["steps"]
            if "intent" in first:
                found.setdefault((in_form, first["intent"]), []).append(rest)
    return found
