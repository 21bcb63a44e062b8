"""Asking the registers between two transactions of a turn, and what is told of their answers."""

from collections.abc import Mapping
from typing import Any

from backoffice.applications.draft import Draft
from backoffice.dialogue.agenda import Kind, identity_shown
from backoffice.dialogue.eligibility import keep_answers, verified
from backoffice.dialogue.talk import Talk
from integrations.ports import RegisterAnswer


def pending_checks(talk: Talk) -> tuple[str, ...]:
    """The named checks that are due now: everything before them is done."""
    step = talk.step() if talk.focus is None else None
    if step is None or step.kind != Kind.CHECKS or talk.filling is None:
        return ()
    return verified(talk.filling).to_ask


def keep_checks(talk: Talk, found: Mapping[str, RegisterAnswer]) -> None:
    """Store the answers; what is said of them depends on whether the asker is known."""
    draft = talk.filling
    if draft is None or any(name in draft.checks for name in found):
        return  # a repeated turn
    keep_answers(talk.session, draft, found, now=talk.now)
    told = _told(talk, draft)
    if told is not None:
        results = [*talk.prepared.get("results", []), told]
        talk.turn.prepared = {**talk.prepared, "results": results}


def _told(talk: Talk, draft: Draft) -> dict[str, Any] | None:
    """What is said of the answers: only what was really looked up and found to be so."""
    if not identity_shown(draft, signed_in=talk.signed_in):
        return {"code": "checks_for_clerk_only", "params": {}}
    holds = verified(draft).holds
    if holds is False:
        return None  # `ask.not_eligible` says which condition and what to do
    confirmed = [
        one.text
        for name, answer in draft.checks.items()
        if answer == "yes" and (one := talk.knowledge.catalogue.checks.get(name)) is not None
    ]
    if not confirmed:
        return {"code": "checks_to_clerk", "params": {}}
    lines = "\n".join(f"· {one}" for one in confirmed)
    code = "checks_eligible" if holds else "checks_partly"
    return {"code": code, "params": {"lines": lines}}
