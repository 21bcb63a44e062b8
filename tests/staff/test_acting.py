"""Who acts for whom, as a clerk sees and judges it; signatures and refused attempts on the pages."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.states import State
from backoffice.identity.alarms import AlarmKind, forget_old_alarms, sound
from backoffice.messages import text
from backoffice.representation.services import Pair, hand_in_papers, keep_asked
from backoffice.signatures.models import Signature
from backoffice.signatures.services import sign
from backoffice.staff.models import StaffUser
from backoffice.uploads.models import Upload
from bootstrap.container import Office
from integrations.ports import Answer, Named, RelationAnswer, RelationRegister
from tests.staff.conftest import NOW, Browser, MakeCase
from worker import jobs
from worker.jobs import Jobs

SON, MOTHER = Named("冯国强", "440604197511080033"), Named("梁金妹", "440604194305120045")


async def _act(office: Office, case: str, *, asked: bool = True) -> None:
    """Let the case be filed by a son for his mother; no register knows them."""
    async with office.sessions.begin() as session:
        given = {"filed_by": "proxy", "proxy_name": SON.name, "proxy_id_no": SON.id_no,
                 "proxy_relation": "child", "name": MOTHER.name, "id_no": MOTHER.id_no}  # fmt: skip
        for field, value in given.items():
            row = await session.get(AnswerRow, (case, field))
            if row is None:
                row = AnswerRow(application_id=case, field=field, source="typed", at=NOW)
                session.add(row)
            row.value = value
        if not asked:
            return
        unknown = RelationAnswer(Answer.UNKNOWN, "户籍", "", None)
        held = await keep_asked(
            session, office.knowledge.acting, Pair(SON, MOTHER, "child"),
            {RelationRegister.HOUSEHOLD: unknown}, application_id=case, citizen_id="citizen-1",
            child_consent=None, now=NOW,
        )  # fmt: skip
        await hand_in_papers(session, held, ["window"], now=NOW)


async def _version(office: Office, case: str) -> int:
    async with office.sessions.begin() as session:
        return (await session.get_one(Application, case)).version


async def _state(office: Office, case: str) -> State:
    async with office.sessions.begin() as session:
        return State((await session.get_one(Application, case)).state)


async def test_nobody_approves_before_a_clerk_has_judged_the_relation(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase,
    browser: Callable[[], Browser],
) -> None:  # fmt: skip
    case = await make_case()
    await _act(office, case)
    mine = browser()
    await mine.log_in("chen")
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    for shown in (
        "谁代谁办",
        SON.name,
        MOTHER.name,
        "户籍：",
        "还没有核对到关系",
        "关系材料说会带到窗口",
    ):
        assert shown in page, shown
    refused = await mine.post(
        f"/staff/cases/{case}/decision",
        decision="approve",
        identity="window",
        version=await _version(office, case),
    )
    assert "关系还没有核对好" in refused.text
    assert await _state(office, case) == State.SUBMITTED
    without = await mine.post(f"/staff/cases/{case}/relation", holds="yes", papers=" ")
    assert "请写明看了哪些材料" in without.text
    done = await mine.post(f"/staff/cases/{case}/relation", holds="yes", papers="户口簿")
    assert done.status_code == 303
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    assert "工作人员看材料核对过" in page and "看了：户口簿" in page
    await mine.post(
        f"/staff/cases/{case}/decision",
        decision="approve",
        identity="window",
        version=await _version(office, case),
    )
    assert await _state(office, case) == State.APPROVED


async def test_a_clerks_no_is_final_for_the_case(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase,
    browser: Callable[[], Browser],
) -> None:  # fmt: skip
    case = await make_case()
    await _act(office, case)
    mine = browser()
    await mine.log_in("chen")
    await mine.post(f"/staff/cases/{case}/relation", holds="no")
    refused = await mine.post(
        f"/staff/cases/{case}/decision",
        decision="approve",
        identity="window",
        version=await _version(office, case),
    )
    assert "关系还没有核对好" in refused.text
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    assert "工作人员核对不属实" in page
    again = await mine.post(f"/staff/cases/{case}/relation", holds="yes", papers="户口簿")
    assert again.status_code == 404


async def test_where_nobody_could_be_asked_the_page_says_so(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase,
    browser: Callable[[], Browser],
) -> None:  # fmt: skip
    case = await make_case()
    await _act(office, case, asked=False)
    mine = browser()
    await mine.log_in("chen")
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    assert "没有能核对关系的资料" in page and "关系属实" in page
    await mine.post(f"/staff/cases/{case}/relation", holds="yes", papers="出生证")
    await mine.post(
        f"/staff/cases/{case}/decision",
        decision="approve",
        identity="window",
        version=await _version(office, case),
    )
    assert await _state(office, case) == State.APPROVED


async def test_a_clerk_of_another_department_does_not_judge(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase,
    browser: Callable[[], Browser],
) -> None:  # fmt: skip
    case = await make_case()
    await _act(office, case)
    mine = browser()
    await mine.log_in("elsewhere")
    answer = await mine.post(f"/staff/cases/{case}/relation", holds="yes", papers="户口簿")
    assert answer.status_code == 404


async def test_what_was_changed_after_the_signing_is_not_approved(
    office: Office, staff: dict[str, StaffUser], make_case: MakeCase,
    browser: Callable[[], Browser],
) -> None:  # fmt: skip
    case = await make_case()
    async with office.sessions.begin() as session:
        application = await session.get_one(Application, case)
        upload = Upload(
            conversation_id="c", application_id=case, widget_id="w", kind="signature",
            mime="image/png", size=1, digest="d", analysis={}, created_at=NOW,
            expires_at=NOW + timedelta(days=1),
        )  # fmt: skip
        session.add(upload)
        await session.flush()
        row = await session.get(AnswerRow, (case, "signature"))
        if row is None:
            row = AnswerRow(application_id=case, field="signature", source="upload", at=NOW)
            session.add(row)
        row.value, row.source = upload.id, "upload"
        await session.flush()
        await sign(
            session, application, field="signature", upload=upload, shown=[], signer=None,
            for_other=False, actor="citizen:1", now=NOW,
        )  # fmt: skip
    mine = browser()
    await mine.log_in("chen")
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    assert "签名有效" in page
    async with office.sessions.begin() as session:
        name = await session.get_one(AnswerRow, (case, "name"))
        name.value = "另一个人"
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    assert "签名以后内容又改过" in page
    refused = await mine.post(
        f"/staff/cases/{case}/decision",
        decision="approve",
        identity="window",
        version=await _version(office, case),
    )
    assert "签名和现在的内容对不上" in refused.text
    async with office.sessions.begin() as session:
        await session.execute(update(Signature).values(seal="0" * 64))
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    assert "签名记录被改动过" in page
    assert await _state(office, case) == State.SUBMITTED


async def test_the_system_page_tells_how_often_and_what_needs_a_look(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser]
) -> None:
    async with office.sessions.begin() as session:
        await sound(session, AlarmKind.REPLAYED_FRAMES, now=NOW)
        await sound(session, AlarmKind.WRONG_CODE, now=NOW, conversation_id="c" * 32)
    mine = browser()
    await mine.log_in("admin")
    page = (await mine.client.get("/staff/system")).text
    assert "重放以前录的刷脸画面" in page and "验证码输错" in page
    assert page.count("请尽快查看") == 1, "one mistyped code is nothing to look at"
    assert "cccc" not in page
    async with office.sessions.begin() as session:
        await forget_old_alarms(session, now=NOW + timedelta(days=91))
    assert "近七天没有" in (await mine.client.get("/staff/system")).text


@pytest.mark.parametrize(
    ("people", "said"), [(79_999, ""), (80_000, "near"), (99_999, "near"), (100_000, "filing")]
)
async def test_the_operator_is_warned_before_a_hundred_thousand_faces(
    office: Office,
    staff: dict[str, StaffUser],
    browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
    people: int,
    said: str,
) -> None:
    """On the page and in the worker's log, also where nobody is remembered."""
    assert office.knowledge.remembering is None

    async def counted(session: AsyncSession) -> int:
        return people

    monkeypatch.setattr(import_module("gateway.staff.system"), "people_with_faces", counted)
    monkeypatch.setattr(jobs, "people_with_faces", counted)
    mine = browser()
    await mine.log_in("admin")
    page = (await mine.client.get("/staff/system")).text
    for one in ("near", "filing"):
        assert (text(f"staff.faces.{one}") in page) is (one == said)
    told: list[str] = []
    heard = SimpleNamespace(warning=lambda event, **_: told.append(event))
    monkeypatch.setattr(jobs, "log", lambda _: heard)
    await Jobs(office).count_faces()
    assert told == (["faces.to_be_filed"] if said else [])


async def test_every_alarm_has_its_words_and_its_threshold(office: Office) -> None:
    from backoffice.identity.alarms import THRESHOLDS
    from backoffice.messages import has_text

    for kind in AlarmKind:
        assert has_text(f"staff.alarm.{kind}") and THRESHOLDS[kind] > 0
