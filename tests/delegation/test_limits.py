"""Limits hold, whatever is asked at once: on both databases, for any order of events."""

import asyncio
import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import func, select

from backoffice.applications.decisions import Bench
from backoffice.applications.models import Application
from backoffice.applications.states import CONCLUDED, State
from backoffice.clock import CHINA
from backoffice.delegation.deciding import Question, consider, question_for
from backoffice.delegation.models import Outcome, RobotDecision
from backoffice.delegation.rules import Terms, is_drawn
from backoffice.delegation.services import is_live, suspend, terms_of
from backoffice.errors import Busy
from backoffice.staff.models import StaffUser
from bootstrap.container import Office
from integrations.ports import Answer, RegisterAnswer
from tests.delegation.conftest import ENDORSE, TERMS, Grant, HandIn, rulebook
from tests.staff.conftest import NOW

PEOPLE = [f"4401061990010100{n:02d}" for n in range(10, 20)]
"""Numbers that no register knows: the answers are given by the test."""


async def _question(office: Office, id: str) -> Question:
    async with office.sessions.read() as session:
        question = await question_for(session, id, rulebook=rulebook(office), now=NOW)
    assert question is not None
    return question


async def _decide(office: Office, question: Question) -> RobotDecision | None:
    said = {name: RegisterAnswer(Answer.YES, "test", NOW) for name in question.names}
    async with office.sessions.begin() as session:
        bench = Bench(session, office.catalogue, office.calendar, NOW)
        return await consider(bench, question, said, policy=office.knowledge.policy)


async def _approved(office: Office) -> int:
    async with office.sessions.read() as session:
        return int(
            await session.scalar(
                select(func.count())
                .select_from(Application)
                .where(Application.state == State.APPROVED)
            )
            or 0
        )


@pytest.mark.parametrize(
    "terms", [{"per_day": 3, "per_person": 9}, {"per_day": 9, "per_person": 2}]
)
async def test_limits_hold_when_all_are_decided_at_the_same_instant(
    office: Office, hand_in: HandIn, delegated: Grant, terms: dict[str, int]
) -> None:
    await delegated(**terms)
    one_person = terms["per_person"] == 2
    numbers = [PEOPLE[0]] * 6 if one_person else PEOPLE[:6]
    ids = [await hand_in(answers={"id_no": one}) for one in numbers]
    questions = [await _question(office, id) for id in ids]
    # each twice: a delivery repeated while the first is still at it
    said = await asyncio.gather(
        *(_decide(office, one) for one in questions * 2), return_exceptions=True
    )
    assert [one for one in said if isinstance(one, Exception) and not isinstance(one, Busy)] == []
    limit = min(terms.values())
    assert await _approved(office) == limit
    async with office.sessions.read() as session:
        outcomes = [one.outcome for one in await session.scalars(select(RobotDecision))]
    assert sorted(outcomes) == ["approved"] * limit + ["handed"] * (6 - limit)


async def test_stopping_among_decisions_lets_none_through_afterwards(
    office: Office, hand_in: HandIn, delegated: Grant, staff: dict[str, StaffUser]
) -> None:
    signed = await delegated()
    questions = [
        await _question(office, await hand_in(answers={"id_no": one})) for one in PEOPLE[:6]
    ]
    stopped_at: list[int] = []

    async def stop() -> None:
        async with office.sessions.begin() as session:
            await suspend(session, signed.id, staff=staff["huang"], now=NOW)
        stopped_at.append(await _approved(office))

    await asyncio.gather(*(_decide(office, one) for one in questions[:3]), stop())
    await asyncio.gather(*(_decide(office, one) for one in questions[3:]))
    async with office.sessions.read() as session:
        rows = {one.application_id: one for one in await session.scalars(select(RobotDecision))}
    late = [rows[one.application_id].reason for one in questions[3:]]
    assert late == ["stopped"] * 3
    approved = [one for one in rows.values() if one.outcome == Outcome.APPROVED]
    assert len(approved) == await _approved(office) == stopped_at[0]


async def test_a_case_that_changed_since_it_was_asked_about_is_asked_about_anew(
    office: Office, hand_in: HandIn, delegated: Grant
) -> None:
    await delegated()
    id = await hand_in()
    question = await _question(office, id)
    async with office.sessions.begin() as session:
        (await session.get_one(Application, id)).updated_at = NOW + timedelta(seconds=1)
    with pytest.raises(Busy):
        await _decide(office, question)
    assert await _decide(office, await _question(office, id)) is not None


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_registers_say_it_approves_on_certain_yeses_only_and_never_refuses(
    office: Office, hand_in: HandIn, delegated: Grant, seed: int
) -> None:
    draw = random.Random(seed)
    await delegated(per_day=100, fact_days=30)
    for number in PEOPLE[:4]:
        id = await hand_in(answers={"id_no": number})
        question = await _question(office, id)
        said = {
            name: RegisterAnswer(
                draw.choices(list(Answer), [6, 1, 1])[0],
                "test",
                draw.choice([NOW, NOW, NOW - timedelta(days=31), None, NOW - timedelta(days=29)]),
            )
            for name in question.names
            if draw.random() < 0.95
        }
        async with office.sessions.begin() as session:
            bench = Bench(session, office.catalogue, office.calendar, NOW)
            row = await consider(bench, question, said, policy=office.knowledge.policy)
        assert row is not None
        certain = set(said) == set(question.names) and all(
            one.answer is Answer.YES
            and one.as_of is not None
            and NOW - one.as_of <= timedelta(days=30)
            for one in said.values()
        )
        assert (row.outcome == Outcome.APPROVED) == certain
        async with office.sessions.read() as session:
            state = (await session.get_one(Application, id)).state
        assert state == (State.APPROVED if certain else State.SUBMITTED)
        assert state not in CONCLUDED - {State.APPROVED}


@given(st.times(), st.times(), st.integers(0, 366 * 24 * 60))
def test_hours_and_their_complement_share_no_moment(begin: Any, end: Any, minutes: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=CHINA) + timedelta(minutes=minutes)
    if begin == end:
        with pytest.raises(ValidationError):
            _terms(hours={"begin": f"{begin}", "end": f"{end}"})
        return
    one = _terms(hours={"begin": f"{begin}", "end": f"{end}"})
    other = _terms(hours={"begin": f"{end}", "end": f"{begin}"})
    assert one.open_at(moment) != other.open_at(moment)


@given(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.integers(0, 23))
def test_the_last_day_belongs_to_it_in_china(until: date, hour: int) -> None:
    terms = _terms(until=until.isoformat())
    moment = datetime(until.year, until.month, until.day, hour, 59, tzinfo=CHINA)
    assert not terms.expired(moment)
    assert terms.expired(moment + timedelta(days=1))


@given(
    st.lists(st.sampled_from("abc"), max_size=3) | st.sampled_from(["a", "b", None, ""]),
    st.sets(st.sampled_from("ab"), min_size=1),
)
def test_only_named_options_pass_and_no_answer_never_does(given_: Any, allowed: set[str]) -> None:
    terms = _terms(only={"field": sorted(allowed)})
    values = given_ if isinstance(given_, list) else [given_]
    passes = bool(values) and all(one in allowed for one in values)
    assert (terms.excluded({"field": given_}) is None) == passes
    assert terms.excluded({}) == "field"


async def test_the_draw_is_reproducible_and_of_the_set_share(office: Office) -> None:
    ids = [f"case-{n}" for n in range(4000)]
    drawn = [one for one in ids if is_drawn(one, 10)]
    assert drawn == [one for one in ids if is_drawn(one, 10)]
    assert 300 < len(drawn) < 500
    assert set(drawn) <= {one for one in ids if is_drawn(one, 30)}
    assert all(is_drawn(one, 100) for one in ids)


def _terms(**changed: Any) -> Terms:
    return Terms.parse({**TERMS, **changed})


async def test_the_robot_is_announced_only_while_it_looks(
    office: Office, delegated: Grant, staff: dict[str, StaffUser]
) -> None:
    """What the citizen is told on handing in: somebody will look, or the robot does now."""

    async def announced(at: datetime) -> bool:
        async with office.sessions.read() as session:
            return await is_live(session, ENDORSE, now=at)

    assert not await announced(NOW)
    row = await delegated(hours={"begin": "08:00", "end": "18:00"})
    last = terms_of(row).until
    assert await announced(NOW.replace(hour=9))
    assert not await announced(NOW.replace(hour=23))
    after = datetime(last.year, last.month, last.day, 12, tzinfo=CHINA) + timedelta(days=1)
    assert not await announced(after)
    async with office.sessions.begin() as session:
        await suspend(session, row.id, staff=staff["huang"], now=NOW)
    assert not await announced(NOW.replace(hour=9))


async def test_what_waits_when_a_delegation_is_signed_stays_with_the_clerks(
    office: Office, hand_in: HandIn, delegated: Grant
) -> None:
    id = await hand_in()
    await _decide(office, await _question(office, id))
    await delegated()
    async with office.sessions.read() as session:
        assert await question_for(session, id, rulebook=rulebook(office), now=NOW) is None
        assert (await session.get_one(Application, id)).state == State.SUBMITTED
