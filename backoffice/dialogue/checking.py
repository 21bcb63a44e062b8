"""Asking the registers between two transactions of a turn, and what is told of their answers."""

from collections.abc import Mapping

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
    told = {True: "checks_eligible", False: None, None: "checks_to_clerk"}
    code: str | None = "checks_for_clerk_only"
    if identity_shown(draft, signed_in=talk.signed_in):
        code = told[verified(draft).holds]
    if code is not None:
        results = [*talk.prepared.get("results", []), {"code": code, "params": {}}]
        talk.turn.prepared = {**talk.prepared, "results": results}
