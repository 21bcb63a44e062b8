"""What a turn has to ask outside, between two of its transactions.

The police about whoever proves who they are; the registers about the relation of two people, and
about the person it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from backoffice.applications.draft import Draft
from backoffice.clock import Clock, china_date
from backoffice.dates import day_text
from backoffice.dialogue.acting import whom
from backoffice.dialogue.agenda import Kind
from backoffice.dialogue.eligibility import keep_answers, verified
from backoffice.dialogue.registers import ask_registers
from backoffice.dialogue.talk import Talk
from backoffice.identity.proofs import record_police_answer
from backoffice.logs import log
from backoffice.representation.services import Pair, keep_asked
from catalogue.loader import Catalogue
from integrations.ports import (
    Answer,
    IntegrationError,
    PoliceAnswer,
    PoliceCheck,
    RegisterAnswer,
    Registers,
    RelationAnswer,
    RelationQuestion,
    RelationRegister,
    RelationRegisters,
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

    @property
    def relations(self) -> RelationRegisters: ...


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


@dataclass(frozen=True)
class RelationQuestions:
    """Whether two people are what one of them says; the registers are asked one after the other."""

    pair: Pair
    registers: tuple[RelationRegister, ...]
    key: str

    def __repr__(self) -> str:
        return f"RelationQuestions({self.registers})"


@dataclass(frozen=True)
class RelationsFound:
    """What each register that was asked said."""

    answers: Mapping[RelationRegister, RelationAnswer]


Outward = PoliceQuestion | RelationQuestions | RegisterQuestions
Found = PoliceAnswer | RelationsFound | dict[str, RegisterAnswer]
_ORDER = (PoliceQuestion, RelationQuestions, RegisterQuestions)
"""As the agenda has them; in one turn nothing is asked that comes before what was asked."""


def outward_question(talk: Talk, *, asked: Outward | None = None) -> Outward | None:
    """What is due now: everything before it is done. Never the same kind twice in a turn."""
    draft = talk.filling
    step = talk.step() if talk.focus is None else None
    if draft is None or step is None:
        return None
    done = _ORDER.index(type(asked)) if asked is not None else -1
    if step.kind == Kind.POLICE and done < 0:
        name = str(draft.answers.get(f"{draft.acting}name") or "")
        id_no = draft.acting_id_no or ""
        return PoliceQuestion(name, id_no, f"{draft.application.id}:{talk.turn.turn_id}")
    if step.kind == Kind.RELATION and done < 1 and draft.pair is not None:
        rules = talk.knowledge.acting.relations[draft.pair.relation]
        key = f"{draft.application.id}:{talk.turn.turn_id}"
        return RelationQuestions(draft.pair, rules.registers, key)
    if step.kind == Kind.CHECKS and done < 2:
        return RegisterQuestions(verified(draft).to_ask, dict(draft.answers))
    return None


async def ask_outward(question: Outward, outside: Outside) -> Found:
    """Ask. No transaction may be open. An outage is an unknown, never a yes or no."""
    now = outside.clock.now()
    if isinstance(question, PoliceQuestion):
        return await _ask_police(question, outside.police, now)
    if isinstance(question, RelationQuestions):
        return await _ask_relation(question, outside.relations, now)
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


async def _ask_relation(
    question: RelationQuestions, registers: RelationRegisters, now: datetime
) -> RelationsFound:
    """The first certain yes is enough; an outage is an unknown."""
    found: dict[RelationRegister, RelationAnswer] = {}
    pair = question.pair
    for register in question.registers:
        asked = RelationQuestion(
            register, pair.relation, pair.agent, pair.principal, china_date(now)
        )
        try:
            answer = await registers.related(asked, key=f"{question.key}:{register}")
        except IntegrationError as exc:
            log("identity").warning(
                "relation.unavailable", register=str(register), error=type(exc).__name__
            )
            answer = RelationAnswer(Answer.UNKNOWN, "register did not answer", "", None)
        found[register] = answer
        if answer.answer is Answer.YES:
            break
    return RelationsFound(found)


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
    if isinstance(question, RelationQuestions):
        assert isinstance(found, RelationsFound)
        if draft.authority is None and draft.pair == question.pair:
            await _keep_relation(talk, draft, question.pair, found)
        return
    assert isinstance(found, dict)
    if not any(name in draft.checks for name in found):
        keep_answers(talk.session, draft, found, now=talk.now)
        told = _told(talk, draft)
        if told is not None:
            _say_later(talk, told)


async def _keep_relation(talk: Talk, draft: Draft, pair: Pair, found: RelationsFound) -> None:
    held = await keep_asked(
        talk.session,
        talk.knowledge.acting,
        pair,
        found.answers,
        application_id=draft.application.id,
        citizen_id=talk.conversation.citizen_id,
        child_consent=draft.progress.get("child_consent"),
        now=talk.now,
    )
    await talk.proof_given()
    code = "relation_found" if held.proved is not None else "relation_to_clerk"
    until = day_text(held.expires_on)
    _say_later(talk, {"code": code, "params": {"whom": whom(draft), "until": until}})


def _say_later(talk: Talk, result: dict[str, Any]) -> None:
    results = [*talk.prepared.get("results", []), result]
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
