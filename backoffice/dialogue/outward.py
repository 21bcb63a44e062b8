"""What a turn has to ask outside, between two of its transactions: the police, the registers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from backoffice.applications.draft import Draft
from backoffice.clock import Clock
from backoffice.dialogue.agenda import Kind
from backoffice.dialogue.eligibility import keep_answers, verified
from backoffice.dialogue.registers import ask_registers
from backoffice.dialogue.talk import Talk
from backoffice.identity.proofs import record_police_answer
from backoffice.logs import log
from catalogue.loader import Catalogue
from integrations.ports import (
    Answer,
    IntegrationError,
    PoliceAnswer,
    PoliceCheck,
    RegisterAnswer,
    Registers,
)


class Outside(Protocol):
    """Whom to ask."""

    @property
    def clock(self) -> Clock: ...

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def registers(self) -> Registers: ...

    @property
    def police(self) -> PoliceCheck: ...


@dataclass(frozen=True)
class PoliceQuestion:
    """Whether name and number belong together; `key` makes a repeated turn the same question."""

    name: str
    id_no: str
    key: str

    def __repr__(self) -> str:
        return "PoliceQuestion(…)"


@dataclass(frozen=True)
class RegisterQuestions:
    """Named checks, and the answers of the draft that they need."""

    names: tuple[str, ...]
    answers: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"RegisterQuestions({self.names})"


Outward = PoliceQuestion | RegisterQuestions
Found = PoliceAnswer | dict[str, RegisterAnswer]


def outward_question(talk: Talk, *, asked: Outward | None = None) -> Outward | None:
    """What is due now: everything before it is done. Never the same kind twice in a turn."""
    draft = talk.filling
    step = talk.step() if talk.focus is None else None
    if draft is None or step is None:
        return None
    if step.kind == Kind.POLICE and asked is None:
        name = str(draft.answers.get(f"{draft.acting}name") or "")
        id_no = draft.acting_id_no or ""
        return PoliceQuestion(name, id_no, f"{draft.application.id}:{talk.turn.turn_id}")
    if step.kind == Kind.CHECKS and not isinstance(asked, RegisterQuestions):
        return RegisterQuestions(verified(draft).to_ask, dict(draft.answers))
    return None


async def ask_outward(question: Outward, outside: Outside) -> Found:
    """Ask. No transaction may be open. An outage is an unknown, never a yes or no."""
    now = outside.clock.now()
    if isinstance(question, PoliceQuestion):
        return await _ask_police(question, outside.police, now)
    return await ask_registers(
        question.names,
        question.answers,
        checks=outside.catalogue.checks,
        registers=outside.registers,
        now=now,
    )


async def _ask_police(question: PoliceQuestion, police: PoliceCheck, now: datetime) -> PoliceAnswer:
    try:
        return await police.verify(name=question.name, id_no=question.id_no, key=question.key)
    except IntegrationError as exc:
        log("identity").warning("police.unavailable", error=type(exc).__name__)
        return PoliceAnswer(Answer.UNKNOWN, None, "", now)


async def keep_outward(talk: Talk, question: Outward, found: Found) -> None:
    """Store what was answered; a repeated turn stores nothing twice."""
    draft = talk.filling
    if draft is None:
        return
    if isinstance(question, PoliceQuestion):
        assert isinstance(found, PoliceAnswer)
        if draft.police is None:
            await record_police_answer(
                talk.session,
                conversation_id=talk.conversation.id,
                id_no=question.id_no,
                answer=found,
                application_id=draft.application.id,
                citizen_id=talk.conversation.citizen_id,
                now=talk.now,
            )
            await talk.proof_given()
        return
    assert isinstance(found, dict)
    if not any(name in draft.checks for name in found):
        keep_answers(talk.session, draft, found, now=talk.now)
        told = _told(talk, draft)
        if told is not None:
            results = [*talk.prepared.get("results", []), told]
            talk.turn.prepared = {**talk.prepared, "results": results}


def _told(talk: Talk, draft: Draft) -> dict[str, Any] | None:
    """What is said of the answers: only what was really looked up and found to be so."""
    if not draft.proven:
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
