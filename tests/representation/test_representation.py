"""Who may act for whom, by what proof, until when; and who sees it afterwards."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

import backoffice.uploads.models  # noqa: F401
from backoffice import messages
from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.services import (
    application_in,
    application_of,
    applications_of,
    unfinished_of,
)
from backoffice.applications.states import State
from backoffice.audit.models import AuditEntry
from backoffice.clock import china_date
from backoffice.conversations.models import Conversation
from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.identity.accounts import citizen_with_phone, link_number
from backoffice.outbox.models import OutboxEntry
from backoffice.representation.models import Ended, Proved, Representation
from backoffice.representation.rules import FILE, Step, load_rules
from backoffice.representation.services import (
    NothingJudged,
    Pair,
    RelationUnsettled,
    _proved_by,
    authority_for,
    concerning,
    end,
    judge,
    keep_asked,
    may_do,
    newest_of,
    require_settled,
)
from backoffice.representation.telling import tell_person
from backoffice.results.models import Result
from backoffice.results.services import results_of
from bootstrap.settings import ROOT
from integrations.ports import Answer, Named, RelationAnswer, RelationRegister

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
RULES = load_rules(ROOT / "data" / FILE)
SON = Named("冯国强", "440604197511080033")
MOTHER = Named("梁金妹", "440604194305120045")
FATHER = Named("陈阿福", "510725195602181311")
PAIR = Pair(SON, MOTHER, "child")
HOUSEHOLD, BIRTH = RelationRegister.HOUSEHOLD, RelationRegister.BIRTH


def said(answer: Answer) -> RelationAnswer:
    return RelationAnswer(answer, "登记", "r-1" if answer is not Answer.UNKNOWN else "", None)


Asked = Mapping[RelationRegister, RelationAnswer]
YES: Asked = {HOUSEHOLD: said(Answer.YES)}
UNKNOWN: Asked = {HOUSEHOLD: said(Answer.UNKNOWN), BIRTH: said(Answer.UNKNOWN)}
NO: Asked = {HOUSEHOLD: said(Answer.NO)}


class Family:
    """A son's account, his mother's, and the applications that he files for her."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.son = self.mother = self.visit = ""

    async def begin(self) -> "Family":
        async with self.sessions.begin() as session:
            son = await citizen_with_phone(session, "13800000012", now=NOW)
            mother = await citizen_with_phone(session, "13800000011", now=NOW)
            await session.flush()
            visit = Conversation(
                channel="phone", token_hash="x", memory={}, citizen_id=son.id, created_at=NOW,
                last_turn_at=NOW,
            )  # fmt: skip
            session.add(visit)
            await session.flush()
            self.son, self.mother, self.visit = son.id, mother.id, visit.id
            await link_number(session, mother.id, MOTHER.id_no)
        return self

    async def file(self, state: State = State.SUBMITTED) -> str:
        async with self.sessions.begin() as session:
            one = Application(
                item_code="elder_card", item_version="1", channel="phone", progress={},
                citizen_id=self.son, conversation_id=self.visit, state=state,
                number=None if state == State.DRAFT else "SW1", created_at=NOW, updated_at=NOW,
            )  # fmt: skip
            session.add(one)
            await session.flush()
            (await session.get_one(Conversation, self.visit)).application_id = one.id
            return one.id

    async def ask(
        self, application: str, asked: Asked, pair: Pair = PAIR, now: datetime = NOW
    ) -> str:
        async with self.sessions.begin() as session:
            row = await keep_asked(
                session, RULES, pair, asked, application_id=application, citizen_id=self.son,
                child_consent=None, now=now,
            )  # fmt: skip
            return row.id

    async def row(self, application: str) -> Representation:
        async with self.sessions.begin() as session:
            row = await newest_of(session, application)
            assert row is not None
            return row

    async def sees(self, citizen: str, now: datetime = NOW) -> list[str]:
        async with self.sessions.begin() as session:
            return [one.id for one in await applications_of(session, citizen_id=citizen, now=now)]


@pytest.fixture
async def family(sessions: Sessions) -> Family:
    return await Family(sessions).begin()


async def test_a_registers_yes_proves_it_and_both_people_are_in_one_record(
    family: Family, sessions: Sessions
) -> None:
    application = await family.file()
    await family.ask(application, YES)
    row = await family.row(application)
    assert row.proved == Proved.REGISTER
    assert row.people == {
        "agent": {"name": SON.name, "id_no": SON.id_no},
        "principal": {"name": MOTHER.name, "id_no": MOTHER.id_no},
    }
    assert row.expires_on == china_date(NOW) + timedelta(days=RULES.relations["child"].days)
    assert row.detail["asked"][0]["reference"] == "r-1"
    async with sessions.begin() as session:
        entry = (await session.scalars(select(AuditEntry))).one()
        await require_settled(session, application, for_other=True)
    for personal in (SON.name, SON.id_no, MOTHER.name, MOTHER.id_no):
        assert personal not in entry.detail


@pytest.mark.parametrize("asked", [UNKNOWN, NO, {}], ids=["unknown", "no", "nobody asked"])
async def test_anything_but_a_yes_is_for_a_clerk(
    family: Family, sessions: Sessions, asked: Asked
) -> None:
    application = await family.file()
    await family.ask(application, asked)
    assert (await family.row(application)).proved is None
    async with sessions.begin() as session:
        with pytest.raises(RelationUnsettled):
            await require_settled(session, application, for_other=True)


@given(st.sets(st.sampled_from(list(Answer))).filter(lambda one: one - {Answer.UNKNOWN}))
def test_only_a_certain_yes_is_one_and_a_no_is_never_outweighed(answers: set[Answer]) -> None:
    """Whatever mixture the registers answer; with a yes or no among it no archive is asked."""
    unused: Any = None  # a look into the archive would fail
    proved, archive = asyncio.run(_proved_by(unused, RULES, PAIR, answers, now=NOW))
    assert (proved == Proved.REGISTER) == (Answer.YES in answers)
    assert archive is None and proved in (Proved.REGISTER, None)


async def test_an_earlier_proof_of_the_same_two_counts_where_no_register_knows(
    family: Family,
) -> None:
    await family.ask(await family.file(State.DRAFT), YES)
    later = NOW + timedelta(days=30)
    second = await family.file(State.DRAFT)
    await family.ask(second, UNKNOWN, now=later)
    row = await family.row(second)
    assert row.proved == Proved.ARCHIVE and row.detail["archive"]


@pytest.mark.parametrize(
    ("pair", "days", "asked"),
    [
        (Pair(SON, FATHER, "child"), 1, UNKNOWN),
        (Pair(MOTHER, SON, "child"), 1, UNKNOWN),
        (replace(PAIR, relation="spouse"), 1, UNKNOWN),
        (PAIR, 400, UNKNOWN),
        (PAIR, 1, NO),
    ],
    ids=["another person", "the other way round", "another relation", "too old", "a certain no"],
)
async def test_an_earlier_proof_counts_for_nothing_else(
    family: Family, pair: Pair, days: int, asked: Asked
) -> None:
    await family.ask(await family.file(State.DRAFT), YES)
    second = await family.file(State.DRAFT)
    await family.ask(second, asked, pair, NOW + timedelta(days=days))
    assert (await family.row(second)).proved is None


async def test_an_archive_rests_on_first_hand_proof_only(family: Family) -> None:
    """Not on itself, or it would never grow old."""
    await family.ask(await family.file(State.DRAFT), YES)
    days = RULES.relations["child"].archive_days or 0
    await family.ask(await family.file(State.DRAFT), UNKNOWN, now=NOW + timedelta(days=days - 1))
    last = await family.file(State.DRAFT)
    await family.ask(last, UNKNOWN, now=NOW + timedelta(days=days + 1))
    assert (await family.row(last)).proved is None


async def test_a_letter_of_attorney_is_never_taken_from_the_archive(family: Family) -> None:
    pair = replace(PAIR, relation="entrusted")
    first = await family.file(State.DRAFT)
    await family.ask(first, {}, pair)
    async with family.sessions.begin() as session:
        await judge(session, RULES, first, holds=True, papers=["委托书"], actor="staff:1", now=NOW)
    second = await family.file(State.DRAFT)
    await family.ask(second, {}, pair)
    assert (await family.row(second)).proved is None


async def test_a_clerk_judges_papers_and_names_them(family: Family, sessions: Sessions) -> None:
    application = await family.file()
    await family.ask(application, UNKNOWN)
    async with sessions.begin() as session:
        with pytest.raises(NothingJudged):
            await judge(
                session, RULES, application, holds=True, papers=[" "], actor="staff:1", now=NOW
            )
        await judge(
            session, RULES, application, holds=True, papers=["户口簿"], actor="staff:1", now=NOW
        )
        await require_settled(session, application, for_other=True)
    row = await family.row(application)
    assert row.proved == Proved.CLERK
    assert row.detail["judged"] == {"by": "staff:1", "papers": ["户口簿"], "holds": True}


async def test_a_clerks_no_ends_it_for_good(family: Family, sessions: Sessions) -> None:
    application = await family.file()
    await family.ask(application, YES)
    async with sessions.begin() as session:
        await judge(session, RULES, application, holds=False, papers=[], actor="staff:1", now=NOW)
        with pytest.raises(RelationUnsettled):
            await require_settled(session, application, for_other=True)
    await family.ask(application, YES)  # asked again, the register says yes again
    assert (await family.row(application)).proved is None, "only a clerk begins it again"


async def test_the_record_is_of_these_two_only(family: Family, sessions: Sessions) -> None:
    application = await family.file(State.DRAFT)
    await family.ask(application, YES)
    today = china_date(NOW)
    async with sessions.begin() as session:
        held = await authority_for(session, application, PAIR, on=today)
        assert held is not None and held.proved == Proved.REGISTER
        for other in (Pair(SON, FATHER, "child"), Pair(FATHER, MOTHER, "child"),
                      replace(PAIR, relation="guardian"), None):  # fmt: skip
            assert await authority_for(session, application, other, on=today) is None
        last = held.expires_on
        assert await authority_for(session, application, PAIR, on=last) is not None
        gone = await authority_for(session, application, PAIR, on=last + timedelta(days=1))
        assert gone is None


async def test_both_see_it_while_it_stands(family: Family) -> None:
    application = await family.file()
    await family.ask(application, YES)
    assert await family.sees(family.son) == [application]
    assert await family.sees(family.mother) == [application]


async def test_an_unproved_relation_shows_the_person_nothing(family: Family) -> None:
    """A number mistyped must not open a stranger's affairs to whoever has that number."""
    application = await family.file()
    await family.ask(application, UNKNOWN)
    assert await family.sees(family.mother) == []
    assert await family.sees(family.son) == [application]


async def test_after_its_last_day_the_son_sees_nothing_and_the_mother_does(family: Family) -> None:
    application = await family.file()
    await family.ask(application, YES)
    later = NOW + timedelta(days=RULES.relations["child"].days + 1)
    assert await family.sees(family.son, later) == []
    assert await family.sees(family.mother, later) == [application]
    async with family.sessions.begin() as session:
        with pytest.raises(NotFound):
            await application_of(session, id=application, citizen_id=family.son, now=later)


@pytest.mark.parametrize("who", ["mother", "son"])
async def test_either_ends_it_at_once(family: Family, sessions: Sessions, who: str) -> None:
    application = await family.file(State.DRAFT)
    row = await family.ask(application, YES)
    async with sessions.begin() as session:
        session.add(
            Result(
                application_id=application,
                citizen_id=family.son,
                code="c",
                credential="c",
                item="elder_card",
                title="长者卡",
                subject={},
                status_index=0,
                issued_at=NOW,
            )  # fmt: skip
        )
        await end(session, row, citizen_id=getattr(family, who), now=NOW)
    assert (await family.row(application)).ended_why == Ended.WITHDRAWN
    assert await family.sees(family.son) == []
    assert await family.sees(family.mother) == [application]
    async with sessions.begin() as session:
        assert await unfinished_of(session, citizen_id=family.son) == []
        visit = await session.get_one(Conversation, family.visit)
        assert await application_in(session, visit) is None, "the open conversation goes no further"
        assert await results_of(session, citizen_id=family.son, now=NOW) == []
        assert len(await results_of(session, citizen_id=family.mother, now=NOW)) == 1


async def test_nobody_else_ends_it_or_hears_of_it(family: Family, sessions: Sessions) -> None:
    row = await family.ask(await family.file(), YES)
    async with sessions.begin() as session:
        stranger = await citizen_with_phone(session, "13700000000", now=NOW)
        await session.flush()
        with pytest.raises(NotFound):
            await end(session, row, citizen_id=stranger.id, now=NOW)
        assert await concerning(session, stranger.id) == []
        ((mine, about_me),) = await concerning(session, family.mother)
        assert mine.id == row and about_me
        ((_, about_me),) = await concerning(session, family.son)
        assert not about_me
        await end(session, row, citizen_id=family.mother, now=NOW)
        with pytest.raises(NotFound):
            await end(session, row, citizen_id=family.mother, now=NOW)


async def test_where_nobody_could_be_asked_a_clerk_begins_it(
    family: Family, sessions: Sessions
) -> None:
    """A child without a number yet: no register can be asked, and no account is touched."""
    application = await family.file()
    async with sessions.begin() as session:
        with pytest.raises(NotFound):
            await judge(session, RULES, application, holds=True, papers=["x"], actor="s", now=NOW)
        given = {"filed_by": "proxy", "proxy_relation": "parent", "name": "关乐乐",
                 "proxy_name": SON.name, "proxy_id_no": SON.id_no}  # fmt: skip
        for field, value in given.items():
            session.add(
                AnswerRow(
                    application_id=application, field=field, value=value, source="typed", at=NOW
                )
            )
        await judge(
            session, RULES, application, holds=True, papers=["出生证"], actor="staff:1", now=NOW
        )
        await require_settled(session, application, for_other=True)
    row = await family.row(application)
    assert (row.proved, row.people["principal"]["name"]) == (Proved.CLERK, "关乐乐")


async def test_steps_are_those_of_the_relation(family: Family, sessions: Sessions) -> None:
    """A letter of attorney to file is none to take the application back; the person always may."""
    application = await family.file()
    await family.ask(application, {}, replace(PAIR, relation="entrusted"))
    async with sessions.begin() as session:
        for citizen, withdraws in ((family.son, False), (family.mother, True)):
            allowed = await may_do(session, application, Step.WITHDRAW, citizen_id=citizen)
            assert allowed is withdraws
    await family.ask(application, YES)
    async with sessions.begin() as session:
        assert await may_do(session, application, Step.WITHDRAW, citizen_id=family.son)


def test_every_relation_of_the_items_is_in_the_rules() -> None:
    from catalogue.loader import load_catalogue

    for item in load_catalogue(ROOT / "data" / "items").items.values():
        field = item.field("proxy_relation")
        if field is None:
            continue
        allowed = RULES.allowed(item)
        assert set(allowed) <= set(RULES.relations), item.code
        assert any(field.option(one) for one in allowed), item.code
        assert item.field(RULES.consent.asked_by) is not None, item.code


async def _messages(sessions: Sessions) -> list[dict[str, Any]]:
    async with sessions.read() as session:
        rows = await session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "sms.send"))
        return [dict(one.payload) for one in rows]


@pytest.mark.parametrize(
    ("given_phone", "agents", "sent_to"),
    [
        (
            "13800000099",
            {"13800000012"},
            "13800000011",
        ),  # what she proved counts before what is typed
        (None, {"13800000012"}, "13800000011"),
        (None, {"13800000012", "13800000011"}, None),
    ],
)
async def test_the_person_is_told_on_a_phone_of_their_own(
    sessions: Sessions, family: Family, given_phone: str | None, agents: set[str | None],
    sent_to: str | None,
) -> None:  # fmt: skip
    async with sessions.begin() as session:
        for _ in range(2):  # handed in again after a correction: told once
            await tell_person(
                session, application_id="a" * 32, pair=PAIR, relation="子女",
                given_phone=given_phone, agents_phones=agents, now=NOW,
            )  # fmt: skip
    sent = await _messages(sessions)
    assert [one["phone"] for one in sent] == ([sent_to] if sent_to else [])
    for one in sent:
        words = messages.text(f"sms.{one['template']}", **one["params"])
        assert "冯**" in words and "子女" in words and "不同意，请带身份证" in words
        for hidden in (SON.name, SON.id_no, MOTHER.name, MOTHER.id_no, "13800000012"):
            assert hidden not in words


async def test_whose_phone_is_only_typed_is_told_there_and_the_speaker_never(
    sessions: Sessions,
) -> None:
    async with sessions.begin() as session:
        for number, typed in enumerate(("13800000012", "13800000099")):
            await tell_person(
                session, application_id=f"{number}" * 32, pair=Pair(SON, FATHER, "child"),
                relation="子女", given_phone=typed, agents_phones={"13800000012"}, now=NOW,
            )  # fmt: skip
    assert [one["phone"] for one in await _messages(sessions)] == ["13800000099"]


def test_a_guardian_can_always_hand_in_a_decision() -> None:
    """A household book does not name whom a court has appointed."""
    guardian = RULES.relations["guardian"]
    assert guardian.covered_by == () and "判决书" in guardian.papers
    assert RULES.relations["parent"].covered_by
