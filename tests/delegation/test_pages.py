"""A head's pages from granting to revoking; the second factor; looking at decisions afterwards."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from backoffice.applications.models import Application
from backoffice.applications.states import State
from backoffice.audit import AuditEntry, verify
from backoffice.clock import SystemClock
from backoffice.delegation.models import Delegation, DelegationState, RobotDecision, Stopped
from backoffice.errors import CitizenError
from backoffice.staff import factors
from backoffice.staff.factors import (
    FactorThere,
    FactorWrong,
    begin_enrolment,
    code_at,
    confirm_enrolment,
    require_factor,
    take_away,
)
from backoffice.staff.models import Role, StaffUser
from backoffice.staff.services import create_user
from backoffice.tasks.models import Task, TaskState
from bootstrap.container import Office
from tests.delegation.conftest import ENDORSE, Grant, HandIn, rulebook
from tests.staff.conftest import NOW, PASSWORD, Browser

SECRET = bytes(range(20))
WALL = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LIMITS = {
    "item": ENDORSE, "until": "2027-06-30", "per_day": "20", "per_person": "1", "fact_days": "30",
    "recheck_percent": "100", "photographed_papers": "yes",
}  # fmt: skip

Decided = Callable[[str], Awaitable[RobotDecision | None]]


class Wall:
    """The machine's clock, standing still until it is set."""

    moment = WALL

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """What the second factor counts by."""
    made = Wall()
    for module in ("delegation", "factor"):
        monkeypatch.setattr(f"gateway.staff.{module}.WALL", made)
    return made


@pytest.fixture
async def head(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser], wall: Wall
) -> Browser:
    """The head, signed in, with a second factor."""
    async with office.sessions.begin() as session:
        await factors.ensure_demo_factor(session, staff["huang"], SECRET, now=WALL)
    person = browser()
    assert (await person.log_in("huang")).status_code == 303
    return person


async def _granted(head: Browser, **changed: Any) -> str:
    answer = await head.post("/staff/delegations", **{**LIMITS, **changed})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def _sign(head: Browser, at: str, office: Office, **changed: Any) -> Any:
    form = {
        "password": PASSWORD,
        "code": code_at(SECRET, WALL),
        "rule_hash": rulebook(office).hash(ENDORSE),
    }
    return await head.post(f"{at}/sign", **{**form, **changed})


async def _state(office: Office, at: str) -> DelegationState:
    async with office.sessions.read() as session:
        row = await session.get_one(Delegation, at.rsplit("/", 1)[1], populate_existing=True)
        return row.state


async def test_granted_signed_decided_explained_suspended_signed_again_revoked(
    office: Office, head: Browser, hand_in: HandIn, decided: Decided, wall: Wall
) -> None:
    at = await _granted(head)
    page = await head.client.get(at)
    assert "每天最多批 20 件" in page.text and str(rulebook(office).hash(ENDORSE)) in page.text
    first = await hand_in()
    assert (await decided(first)).reason == "no_delegation"  # type: ignore[union-attr]
    assert (await _sign(head, at, office)).status_code == 303
    second = await hand_in()
    assert (await decided(second)).outcome == "approved"  # type: ignore[union-attr]
    why = await head.client.get(f"/staff/cases/{second}/why")
    assert "机器人当场批准" in why.text and "租房的，登记的租约没有过期" in why.text
    assert "430121199207154022" not in why.text and "李小梅" not in why.text
    case = await head.client.get(f"/staff/cases/{first}")
    assert "这个事项没有生效的授权" in case.text
    assert (await head.post(f"{at}/suspend")).status_code == 303
    assert await _state(office, at) == DelegationState.SUSPENDED
    assert (await _sign(head, at, office)).status_code == 400  # that code is spent
    wall.moment = WALL + timedelta(seconds=60)
    code = code_at(SECRET, wall.moment)
    assert (await _sign(head, at, office, code=code)).status_code == 303
    assert (await head.post(f"{at}/revoke")).status_code == 303
    assert await _state(office, at) == DelegationState.REVOKED
    wall.moment = WALL + timedelta(seconds=120)
    code = code_at(SECRET, wall.moment)
    assert (await _sign(head, at, office, code=code)).status_code == 409
    async with office.sessions.read() as session:
        actions = [one.action for one in await session.scalars(select(AuditEntry))]
        assert await verify(session) == []
    wanted = ["granted", "signed", "suspended", "signed", "revoked"]
    assert [one for one in actions if one.startswith("delegation.")] == [
        f"delegation.{one}" for one in wanted
    ]
    assert {"robot.approved", "robot.handed", "robot.explained"} <= set(actions)


async def test_without_password_code_and_the_shown_rule_nothing_is_signed(
    office: Office, head: Browser
) -> None:
    at = await _granted(head)
    wrong = ({"password": "not the password"}, {"code": "000000"}, {"code": ""})
    for changed in (*wrong, {"rule_hash": "0" * 64}):
        assert (await _sign(head, at, office, **changed)).status_code in (400, 409)
        assert await _state(office, at) == DelegationState.DRAFT


async def test_guessing_codes_is_held_back(office: Office, head: Browser) -> None:
    at = await _granted(head)
    for _ in range(5):
        assert (await _sign(head, at, office, code="000000")).status_code == 400
    assert (await _sign(head, at, office)).status_code == 400
    assert await _state(office, at) == DelegationState.DRAFT


WRONG = (
    {"per_day": "0"}, {"per_day": "many"}, {"per_person": ""}, {"recheck_percent": "0"},
    {"recheck_percent": "101"}, {"until": "2026-11-22"}, {"until": "2028-01-01"},
    {"until": "soon"}, {"begin": "08:00"}, {"begin": "08:00", "end": "08:00"},
    {"only-housing_type": "castle"}, {"only-name": "x"}, {"fact_days": "0"},
)  # fmt: skip


async def test_limits_that_are_not_complete_are_not_granted(office: Office, head: Browser) -> None:
    for wrong in WRONG:
        answer = await head.post("/staff/delegations", **{**LIMITS, **wrong})
        assert answer.status_code == 400 and "授权的内容没有写对" in answer.text, wrong
    async with office.sessions.read() as session:
        assert list(await session.scalars(select(Delegation))) == []


async def test_an_item_that_is_not_instant_cannot_be_granted(head: Browser) -> None:
    answer = await head.post("/staff/delegations", **{**LIMITS, "item": "residence_permit_apply"})
    assert answer.status_code == 404


async def test_two_of_an_item_cannot_be_live(
    office: Office, head: Browser, delegated: Grant, wall: Wall
) -> None:
    await delegated()
    at = await _granted(head)
    answer = await _sign(head, at, office)
    assert answer.status_code == 409 and "同时只能有一份" in answer.text
    assert await _state(office, at) == DelegationState.DRAFT


async def test_another_departments_delegation_looks_like_none(
    office: Office, delegated: Grant, browser: Callable[[], Browser]
) -> None:
    signed = await delegated()
    async with office.sessions.begin() as session:
        await create_user(
            session, username="other", display_name="别处", password=PASSWORD, role=Role.HEAD,
            departments=["mzj"], now=NOW,
        )  # fmt: skip
    other = browser()
    await other.log_in("other")
    at = f"/staff/delegations/{signed.id}"
    assert (await other.client.get(at)).status_code == 404
    for step in ("suspend", "revoke"):
        assert (await other.post(f"{at}/{step}")).status_code == 404
    assert (await other.client.get("/staff/delegations")).text.count(signed.id) == 0
    assert await _state(office, at) == DelegationState.LIVE


async def test_disagreeing_suspends_at_once_and_every_head_is_told(
    office: Office, head: Browser, browser: Callable[[], Browser], hand_in: HandIn,
    decided: Decided,
) -> None:  # fmt: skip
    at = await _granted(head)
    await _sign(head, at, office)
    id = await hand_in()
    assert (await decided(id)).drawn  # type: ignore[union-attr]
    clerk = browser()
    await clerk.log_in("chen")
    tasks = await clerk.client.get("/staff/tasks")
    assert "复核机器人" in tasks.text and f"/staff/cases/{id}/why" in tasks.text
    own = await head.post(f"/staff/cases/{id}/recheck", agrees="no", note="x")
    assert own.status_code == 403
    silent = await clerk.post(f"/staff/cases/{id}/recheck", agrees="no", note=" ")
    assert silent.status_code == 400 and await _state(office, at) == DelegationState.LIVE
    said = await clerk.post(f"/staff/cases/{id}/recheck", agrees="no", note="租约早过期了")
    assert said.status_code == 303
    assert await _state(office, at) == DelegationState.SUSPENDED
    again = await clerk.post(f"/staff/cases/{id}/recheck", agrees="yes", note="")
    assert again.status_code == 409
    alert = await head.client.get("/staff/delegations/alert", headers={"HX-Request": "true"})
    assert "复核的同事不同意" in alert.text
    async with office.sessions.read() as session:
        (task,) = await session.scalars(select(Task))
        (row,) = await session.scalars(select(RobotDecision))
        stopped = (await session.scalars(select(Delegation))).one().stopped_why
        assert (await session.get_one(Application, id)).state == State.APPROVED
    assert task.state == TaskState.DONE and stopped == Stopped.RECHECK
    assert (row.agreed, row.recheck_note) == (False, "租约早过期了")
    handed = await decided(await hand_in(answers={"id_no": "11010519491231002X"}))
    assert handed is not None and handed.reason == "no_delegation"


async def test_agreeing_leaves_it_live_and_the_task_cannot_be_closed_otherwise(
    office: Office, head: Browser, browser: Callable[[], Browser], hand_in: HandIn,
    decided: Decided,
) -> None:  # fmt: skip
    at = await _granted(head)
    await _sign(head, at, office)
    id = await hand_in()
    await decided(id)
    clerk = browser()
    await clerk.log_in("chen")
    async with office.sessions.read() as session:
        (task,) = await session.scalars(select(Task))
    closed = await clerk.post(f"/staff/tasks/{task.id}/finish", outcome="好")
    assert closed.status_code == 409
    assert (await clerk.post(f"/staff/cases/{id}/recheck", agrees="yes")).status_code == 303
    assert await _state(office, at) == DelegationState.LIVE
    assert "同意" in (await clerk.client.get(f"/staff/cases/{id}/why")).text


async def test_enrolling_with_password_and_first_code_gives_recovery_codes_that_work_once(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser], wall: Wall
) -> None:
    person = browser()
    await person.log_in("huang")
    assert (await person.post("/staff/factor/begin", password="wrong")).status_code == 400
    begun = await person.post("/staff/factor/begin", password=PASSWORD)
    assert "<svg" in begun.text
    async with office.sessions.read() as session:
        secret = bytes.fromhex(
            (await session.get_one(factors.StaffFactor, staff["huang"].id)).secret
        )
    assert (await person.post("/staff/factor/confirm", code="000000")).status_code == 400
    done = await person.post("/staff/factor/confirm", code=code_at(secret, WALL))
    codes = [part.split("</code>")[0] for part in done.text.split("<li><code>")[1:]]
    assert len(set(codes)) == 10
    user = staff["huang"]
    async with office.sessions.begin() as session:
        await require_factor(session, user, codes[0].upper(), now=WALL)
        with pytest.raises(FactorWrong):
            await require_factor(session, user, codes[0], now=WALL)
        with pytest.raises(FactorThere):
            await begin_enrolment(session, user, now=WALL)
    async with office.sessions.begin() as session:
        await take_away(session, user, by=staff["admin"], now=WALL)
        with pytest.raises(CitizenError):
            await require_factor(session, user, codes[1], now=WALL)


@pytest.mark.parametrize(("off", "good"), [(-30, True), (30, True), (-90, False), (90, False)])
async def test_a_phones_clock_may_be_wrong_by_half_a_minute(
    office: Office, staff: dict[str, StaffUser], off: int, good: bool
) -> None:
    async with office.sessions.begin() as session:
        await factors.ensure_demo_factor(session, staff["huang"], SECRET, now=WALL)
        code = code_at(SECRET, WALL + timedelta(seconds=off))
        if good:
            await require_factor(session, staff["huang"], code, now=WALL)
        else:
            with pytest.raises(FactorWrong):
                await require_factor(session, staff["huang"], code, now=WALL)


async def test_the_demonstrations_head_signs_with_the_code_that_the_demonstration_shows(
    office: Office, staff: dict[str, StaffUser], address: str
) -> None:
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        assert (await client.get("/demo/factor")).status_code == 404  # none was made
        made = {"demo_head_factor": SecretStr(SECRET.hex())}
        office.settings = office.settings.model_copy(update=made)
        shown = (await client.get("/demo/factor")).json()
    async with office.sessions.begin() as session:
        now = SystemClock().now()
        await factors.ensure_demo_factor(session, staff["huang"], SECRET, now=now)
        await require_factor(session, staff["huang"], shown["code"], now=now)


async def test_enrolment_that_was_not_confirmed_in_time_counts_nothing(
    office: Office, staff: dict[str, StaffUser]
) -> None:
    async with office.sessions.begin() as session:
        await begin_enrolment(session, staff["huang"], now=WALL)
        row = await session.get_one(factors.StaffFactor, staff["huang"].id)
        late = WALL + timedelta(minutes=31)
        code = code_at(bytes.fromhex(row.secret), late)
        with pytest.raises(CitizenError):
            await confirm_enrolment(session, staff["huang"], code, now=late)
        with pytest.raises(CitizenError):
            await require_factor(session, staff["huang"], code, now=late)
