"""What the robot does with a case: a certain yes in every respect, or a clerk with the reason."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backoffice.applications.models import Application, HistoryRow
from backoffice.applications.states import State, Step
from backoffice.audit import AuditEntry, verify
from backoffice.clock import CHINA
from backoffice.delegation.deciding import seal_holds
from backoffice.delegation.models import (
    Delegation,
    DelegationState,
    Outcome,
    RobotDecision,
    Stopped,
)
from backoffice.delegation.services import revoke, suspend, suspend_changed
from backoffice.identity.models import Proof, ProofKind
from backoffice.outbox.models import OutboxEntry
from backoffice.results.models import Result, ResultDocument
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from integrations.ports import Answer, Question, RegisterAnswer, Unavailable
from tests.delegation.conftest import CASES, ENDORSE, Grant, HandIn, rulebook
from tests.staff.conftest import NOW

Decided = Callable[[str], Awaitable[RobotDecision | None]]


async def _case(office: Office, id: str) -> Application:
    async with office.sessions.read() as session:
        return await session.get_one(Application, id)


class Registers:
    """Registers that say what a test wants; everything else yes, fresh."""

    def __init__(self, **said: Any) -> None:
        self.said, self.asked = said, []  # type: ignore[var-annotated]

    async def ask(self, question: Question) -> RegisterAnswer:
        self.asked.append(question.name)
        said = self.said.get(question.name, Answer.YES)
        if said == "down":
            raise Unavailable("down")
        if isinstance(said, RegisterAnswer):
            return said
        return RegisterAnswer(said, "test", NOW)


@pytest.mark.parametrize("item", sorted(CASES))
async def test_each_instant_item_is_approved_and_its_result_sealed(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided, item: str
) -> None:
    signed = await delegated(item)
    id = await hand_in(item)
    decision = await decided(id)
    assert decision is not None and (decision.outcome, decision.reason) == ("approved", None)
    assert (await _case(office, id)).state == State.APPROVED
    async with office.sessions.read() as session:
        steps = [
            (row.step, row.actor)
            for row in await session.scalars(
                select(HistoryRow).where(HistoryRow.application_id == id).order_by(HistoryRow.id)
            )
        ]
        result = (await session.scalars(select(Result))).one()
        assert await session.get(ResultDocument, result.id) is not None
        assert await verify(session) == []
    robot = f"robot:{signed.id}"
    assert steps[1:] == [(Step.ACCEPT, robot), (Step.APPROVE, robot)]
    assert {one["answer"] for one in decision.used["checks"]} <= {"yes", "no", "unknown"}
    assert all(one["source"] and one["asked_at"] for one in decision.used["checks"])
    assert decision.used["terms"] == signed.terms and decision.used["rule"] == signed.rule


async def test_without_a_delegation_a_clerk_decides_and_no_register_is_asked(
    office: Office, hand_in: HandIn, decided: Decided
) -> None:
    registers = Registers()
    office.registers = registers
    id = await hand_in()
    decision = await decided(id)
    assert decision is not None
    assert (decision.outcome, decision.reason) == ("handed", "no_delegation")
    assert (await _case(office, id)).state == State.SUBMITTED and registers.asked == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Answer.NO, "check_no"),
        (Answer.UNKNOWN, "check_unknown"),
        ("down", "check_unknown"),
        (RegisterAnswer(Answer.YES, "test", NOW - timedelta(days=31)), "check_old"),
        (RegisterAnswer(Answer.YES, "test", None), "check_old"),
        (RegisterAnswer(Answer.YES, "test", NOW + timedelta(days=1)), "check_old"),
    ],
)
async def test_anything_but_a_fresh_yes_goes_to_a_clerk_and_is_never_refused(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided, said: Any, reason: str
) -> None:
    office.registers = Registers(lease_still_valid=said)
    await delegated()
    id = await hand_in()
    decision = await decided(id)
    assert decision is not None
    assert (decision.reason, decision.about) == (reason, "lease_still_valid")
    assert (await _case(office, id)).state == State.SUBMITTED
    async with office.sessions.read() as session:
        kinds = {row.payload["kind"] for row in await session.scalars(select(OutboxEntry))
                 if row.kind == "notice.send"}  # fmt: skip
    assert kinds == {"submitted", "handed"}


@pytest.mark.parametrize(
    ("case", "terms", "reason"),
    [
        ({"then": "clerk_look"}, {}, "identity_open"),
        ({"papers": None}, {}, "incomplete"),
        ({"papers": "bring"}, {}, "paper_to_come"),
        ({}, {"photographed_papers": False}, "paper_unseen"),
        ({"answers": {"current_address": None}}, {}, "incomplete"),
        ({"answers": {"addr_changed": "yes"}}, {}, "rule_unmet"),
        ({}, {"only": {"housing_type": ["rented"]}}, "excluded"),
        ({}, {"hours": {"begin": "22:00", "end": "06:00"}}, "hours"),
    ],
)
async def test_what_is_beyond_rule_or_limits_goes_to_a_clerk(
    office: Office,
    hand_in: HandIn,
    delegated: Grant,
    decided: Decided,
    case: dict[str, Any],
    terms: dict[str, Any],
    reason: str,
) -> None:
    await delegated(**terms)
    id = await hand_in(**case)
    decision = await decided(id)
    assert decision is not None and decision.reason == reason
    assert (await _case(office, id)).state == State.SUBMITTED


async def test_a_face_that_nobody_saw_alive_proves_no_pension(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided
) -> None:
    await delegated("pension_eligibility_check")
    id = await hand_in("pension_eligibility_check")
    async with office.sessions.begin() as session:
        face = (await session.scalars(select(Proof).where(Proof.kind == ProofKind.FACE))).one()
        face.detail = {"liveness": {"passed": False}}
    decision = await decided(id)
    assert decision is not None and (decision.reason, decision.about) == ("proof_missing", "face")


async def test_it_decides_at_night_and_within_hours_across_midnight(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided
) -> None:
    night = datetime(2026, 11, 24, 2, 30, tzinfo=CHINA)
    await delegated(hours={"begin": "22:00", "end": "06:00"})
    office.clock.moment = night  # type: ignore[attr-defined]
    decision = await decided(await hand_in(at=night))
    assert decision is not None and decision.outcome == Outcome.APPROVED


async def test_a_person_and_a_day_have_their_limits(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided
) -> None:
    await delegated(per_day=2, per_person=1)
    wei = {"name": "测试员", "id_no": "11010519491231002X"}
    fu = {"name": "陈阿福", "id_no": "510725195602181311"}
    outcomes = []
    for answers in ({}, {}, wei, fu):
        decision = await decided(await hand_in(answers=answers))
        assert decision is not None
        outcomes.append(decision.reason)
    assert outcomes == [None, "person_full", None, "day_full"]
    office.clock.moment = NOW + timedelta(days=1)  # type: ignore[attr-defined]
    decision = await decided(await hand_in(answers=fu, at=NOW + timedelta(days=1)))
    assert decision is not None and decision.outcome == Outcome.APPROVED


async def test_revoking_and_granting_anew_does_not_count_anew(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided, staff: dict[str, StaffUser]
) -> None:
    first = await delegated(per_day=1, per_person=5)
    assert (await decided(await hand_in())).outcome == "approved"  # type: ignore[union-attr]
    async with office.sessions.begin() as session:
        await revoke(session, first.id, staff=staff["huang"], now=NOW)
    await delegated(per_day=1, per_person=5)
    assert (await decided(await hand_in())).reason == "day_full"  # type: ignore[union-attr]


@pytest.mark.parametrize("step", [suspend, revoke])
async def test_nothing_is_decided_after_it_was_stopped_even_when_asked_about_before(
    office: Office,
    hand_in: HandIn,
    delegated: Grant,
    decided: Decided,
    staff: dict[str, StaffUser],
    step: Any,
) -> None:
    signed = await delegated()

    class Slow(Registers):
        async def ask(self, question: Question) -> RegisterAnswer:
            if not self.asked:  # the head stops it while the registers are being asked
                async with office.sessions.begin() as session:
                    await step(session, signed.id, staff=staff["huang"], now=NOW)
            return await super().ask(question)

    office.registers = Slow()
    id = await hand_in()
    decision = await decided(id)
    assert decision is not None and (decision.outcome, decision.reason) == ("handed", "stopped")
    assert (await _case(office, id)).state == State.SUBMITTED


async def test_a_changed_rule_suspends_and_the_case_goes_to_a_clerk(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided
) -> None:
    signed = await delegated()
    id = await hand_in()
    _change_a_check(office)
    decision = await decided(id)
    assert decision is not None and decision.reason == "rule_changed"
    async with office.sessions.read() as session:
        row = await session.get_one(Delegation, signed.id)
        assert (row.state, row.stopped_why) == (DelegationState.SUSPENDED, Stopped.RULE_CHANGED)
        actions = [one.action for one in await session.scalars(select(AuditEntry))]
    assert "delegation.suspended" in actions


async def test_the_clock_suspends_what_was_signed_over_another_rule(
    office: Office, delegated: Grant
) -> None:
    signed, other = await delegated(), await delegated("birth_register")
    async with office.sessions.begin() as session:
        assert await suspend_changed(session, rulebook(office), now=NOW) == []
    _change_a_check(office)
    async with office.sessions.begin() as session:
        assert await suspend_changed(session, rulebook(office), now=NOW) == [signed.id]
        assert (await session.get_one(Delegation, other.id)).state == DelegationState.LIVE


def _change_a_check(office: Office) -> None:
    """Another question is asked under the name of a check of the item's instant rule."""
    catalogue = office.catalogue
    check = catalogue.checks["lease_still_valid"]
    checks = {
        **catalogue.checks,
        "lease_still_valid": check.model_copy(update={"register_": "household"}),
    }
    office.knowledge = replace(office.knowledge, catalogue=replace(catalogue, checks=checks))


async def test_limits_changed_behind_our_back_decide_nothing(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided
) -> None:
    signed = await delegated()
    async with office.sessions.begin() as session:
        await session.execute(
            update(Delegation)
            .where(Delegation.id == signed.id)
            .values(terms={**signed.terms, "per_day": 9999})
        )
    decision = await decided(await hand_in())
    assert decision is not None and decision.reason == "tampered"


async def test_a_clerk_or_the_citizen_who_was_first_keeps_the_case(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided
) -> None:
    await delegated()
    id = await hand_in()
    async with office.sessions.begin() as session:
        case = await session.get_one(Application, id)
        session.add(case.take(Step.WITHDRAW, actor="citizen:1", at=NOW))
    assert await decided(id) is None
    assert (await _case(office, id)).state == State.WITHDRAWN


async def test_a_repeated_delivery_decides_once(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided
) -> None:
    await delegated()
    id = await hand_in()
    first = await decided(id)
    async with office.sessions.begin() as session:
        await session.execute(
            update(OutboxEntry).where(OutboxEntry.kind == "case.consider").values(delivered_at=None)
        )
    again = await decided(id)
    assert first is not None and again is not None and first.id == again.id
    async with office.sessions.read() as session:
        assert len(list(await session.scalars(select(Result)))) == 1


async def test_the_record_is_kept_whole_and_encrypted(
    office: Office, hand_in: HandIn, delegated: Grant, decided: Decided
) -> None:
    await delegated()
    id = await hand_in()
    decision = await decided(id)
    assert decision is not None and seal_holds(decision)
    assert decision.used["answers"]["name"] == CASES[ENDORSE]["name"]
    decision.outcome = Outcome.HANDED
    assert not seal_holds(decision)
    async with office.engine.connect() as connection:
        raw = await connection.exec_driver_sql("SELECT used, person FROM robot_decisions")
        used, person = raw.one()
    assert CASES[ENDORSE]["id_no"].encode() not in bytes(used)
    assert CASES[ENDORSE]["id_no"] not in person
