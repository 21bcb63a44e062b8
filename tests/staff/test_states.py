"""The table of transitions, whole: what is in it happens, everything else is refused."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.applications.models import Application, HistoryRow, StepNotAllowed
from backoffice.applications.services import withdraw
from backoffice.applications.states import CONCLUDED, TRANSITIONS, WITHDRAWABLE, State, Step
from bootstrap.container import Office
from tests.staff.conftest import NOW, MakeCase


def _case(state: State) -> Application:
    return Application(id="a", state=state, item_code="x", channel="phone", version=1)


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_only_what_is_in_the_table_happens(state: State, step: Step) -> None:
    case = _case(state)
    if (state, step) in TRANSITIONS:
        row = case.take(step, actor="clock", at=NOW)
        assert (row.before, row.after) == (state, case.state) == (state, TRANSITIONS[state, step])
        return
    with pytest.raises(StepNotAllowed):
        case.take(step, actor="clock", at=NOW)
    assert case.state == state


def test_what_is_over_stays_over_and_all_else_can_end() -> None:
    for state in State:
        ways = [step for before, step in TRANSITIONS if before == state]
        assert bool(ways) is (state not in CONCLUDED), state


@pytest.mark.parametrize("state", list(State))
async def test_the_citizen_withdraws_any_time_before_the_decision(
    office: Office, make_case: MakeCase, state: State
) -> None:
    id = await make_case()
    async with office.sessions.begin() as session:
        case = await session.get_one(Application, id)
        case.state = state
    later = NOW + timedelta(days=1)

    async def take_back() -> None:
        async with office.sessions.begin() as session:
            await withdraw(session, await session.get_one(Application, id), now=later)

    before_decision = {State.SUBMITTED, State.SUPPLEMENT_DUE, State.ACCEPTED}
    assert before_decision == WITHDRAWABLE
    if state in before_decision:
        await take_back()
    else:
        with pytest.raises(StepNotAllowed):
            await take_back()
    async with office.sessions.read() as session:
        case = await session.get_one(Application, id)
        steps = list(await session.scalars(select(HistoryRow.step)))
    withdrawn = state in before_decision
    assert case.state == (State.WITHDRAWN if withdrawn else state)
    assert (Step.WITHDRAW in steps) is withdrawn
    assert not withdrawn or case.act_by is None
