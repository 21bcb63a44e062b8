"""A clerk's word from a live call counts once, for one person, while it is fresh."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from backoffice.applications.models import Application
from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.identity.evidence import evidence_of
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.policy import Means
from backoffice.identity.proofs import proofs_of
from backoffice.identity.video import Caller, VideoClosed, call, look
from integrations.ports import Named, Rejected, VideoState, VideoStatement
from integrations.video.sandbox import SESSION_LIFE, SandboxVideoDesk

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MEI = Named("李小梅", "430121199207154022")
JUN = Named("王建军", "411422198803093612")


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> SandboxVideoDesk:
    return SandboxVideoDesk(clock)


@pytest.fixture
async def caller(sessions: Sessions, conversation_id: str) -> Caller:
    async with sessions.begin() as session:
        one = Application(
            item_code="residence_permit_apply", item_version="1", channel="phone", progress={},
            conversation_id=conversation_id, created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(one)
        await session.flush()
        return Caller(one.id, conversation_id, MEI)


async def means(sessions: Sessions, caller: Caller, id_no: str) -> set[Means]:
    async with sessions.begin() as session:
        found = evidence_of(
            await proofs_of(session, caller.application_id), id_no=id_no,
            application_id=caller.application_id, conversation_id=caller.conversation_id,
            citizen_id=None,
        )  # fmt: skip
    return {one.means for one in found}


async def seen(
    sessions: Sessions, desk: SandboxVideoDesk, caller: Caller, session_id: str, clock: Clock
) -> VideoState:
    return await look(
        sessions, desk, session_id=session_id, conversation_id=caller.conversation_id, now=clock.now
    )


async def test_a_clerk_confirms_and_it_counts_for_that_person_only(
    sessions: Sessions, desk: SandboxVideoDesk, caller: Caller, clock: Clock
) -> None:
    opened = await call(sessions, desk, caller, key="k", now=NOW)
    assert await seen(sessions, desk, caller, opened.id, clock) == VideoState.WAITING
    desk.answer(opened.id, clerk="clerk-7", confirmed=True)
    for _ in range(2):  # asked for again, it is the same one proof
        assert await seen(sessions, desk, caller, opened.id, clock) == VideoState.CONFIRMED
    assert await means(sessions, caller, MEI.id_no) == {Means.VIDEO}
    assert await means(sessions, caller, JUN.id_no) == set()
    async with sessions.begin() as session:
        (proof,) = await session.scalars(select(Proof))
    assert proof.kind == ProofKind.VIDEO
    assert proof.detail["staff"] == "clerk-7" and "clerk-7" in proof.detail["statement"]


async def test_who_is_not_recognised_has_proved_nothing(
    sessions: Sessions, desk: SandboxVideoDesk, caller: Caller, clock: Clock
) -> None:
    opened = await call(sessions, desk, caller, key="k", now=NOW)
    desk.answer(opened.id, clerk="clerk-7", confirmed=False)
    desk.answer(opened.id, clerk="clerk-7", confirmed=True)  # the first word stands
    assert await seen(sessions, desk, caller, opened.id, clock) == VideoState.NOT_CONFIRMED
    assert await means(sessions, caller, MEI.id_no) == set()


async def test_nobody_came_to_the_phone(
    sessions: Sessions, desk: SandboxVideoDesk, caller: Caller, clock: Clock
) -> None:
    opened = await call(sessions, desk, caller, key="k", now=NOW)
    clock.now = NOW + SESSION_LIFE
    assert await seen(sessions, desk, caller, opened.id, clock) == VideoState.MISSED
    desk.answer(opened.id, clerk="clerk-7", confirmed=True)
    assert await seen(sessions, desk, caller, opened.id, clock) == VideoState.MISSED
    assert await means(sessions, caller, MEI.id_no) == set()


async def test_an_outage_is_told_and_is_never_a_yes(
    sessions: Sessions, desk: SandboxVideoDesk, caller: Caller, clock: Clock
) -> None:
    desk.faults.fail_next()
    with pytest.raises(VideoClosed):
        await call(sessions, desk, caller, key="k", now=NOW)
    opened = await call(sessions, desk, caller, key="k", now=NOW)
    desk.answer(opened.id, clerk="clerk-7", confirmed=True)
    desk.faults.fail_next()
    with pytest.raises(VideoClosed):
        await seen(sessions, desk, caller, opened.id, clock)
    assert await means(sessions, caller, MEI.id_no) == set()
    with pytest.raises(VideoClosed):
        await call(sessions, None, caller, key="k", now=NOW)


async def test_another_visit_does_not_find_the_session(
    sessions: Sessions, desk: SandboxVideoDesk, caller: Caller
) -> None:
    opened = await call(sessions, desk, caller, key="k", now=NOW)
    with pytest.raises(NotFound):
        await look(sessions, desk, session_id=opened.id, conversation_id="other", now=NOW)


class Liar(SandboxVideoDesk):
    """A desk whose statement is about something else."""

    def __init__(self, clock: Clock, **wrong: object) -> None:
        super().__init__(clock)
        self.wrong = wrong

    async def outcome(self, session_id: str) -> VideoStatement | None:
        said = await super().outcome(session_id)
        return replace(said, **self.wrong) if said is not None else None


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "somebody else"},
        {"session_id": "another call"},
        {"at": NOW - timedelta(hours=2)},
        {"at": NOW + timedelta(hours=2)},
        {"clerk": ""},
    ],
)
async def test_a_statement_about_something_else_is_no_yes(
    sessions: Sessions, caller: Caller, clock: Clock, wrong: dict[str, object]
) -> None:
    desk = Liar(clock, **wrong)
    opened = await call(sessions, desk, caller, key="k", now=NOW)
    desk.answer(opened.id, clerk="clerk-7", confirmed=True)
    assert await seen(sessions, desk, caller, opened.id, clock) == VideoState.NOT_CONFIRMED
    assert await means(sessions, caller, MEI.id_no) == set()


async def test_a_forged_statement_is_refused(desk: SandboxVideoDesk) -> None:
    opened = await desk.open(person=MEI, key="k")
    desk.answer(opened.id, clerk="clerk-7", confirmed=False)
    call_ = desk._calls[opened.id]
    assert call_.signed is not None
    call_.signed = call_.signed.replace("not_confirmed", "confirmed")
    with pytest.raises(Rejected):
        await desk.outcome(opened.id)
