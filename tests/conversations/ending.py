"""What must be true when a conversation is over: looked up in the back office and outside."""

from typing import Any

import httpx
from sqlalchemy import func, select

from backoffice.applications.draft import Draft
from backoffice.clock import china_date
from backoffice.remembering.models import Remembered
from backoffice.representation.services import newest_of
from backoffice.results.services import result_on
from backoffice.tasks.models import Task
from tests.conversations.player import Player
from tests.conversations.script import End, ExpectedTask
from tests.conversations.stage import Stage, all_applications


async def check_end(player: Player) -> None:
    """Compare `最后` with what is stored. Raises AssertionError."""
    end, stage = player.script.end, player.stage
    await stage.deliver()
    applications = await all_applications(stage)
    assert len(applications) == end.applications, f"有 {len(applications)} 份办件"
    if applications:
        await _check_application(player, applications[0], end)
        if end.acting is not None:
            await _check_acting(stage, applications[0], end.acting)
    else:
        assert not (end.answers or end.state or end.papers), "没有办件，却写了答案、状态或材料"
    await _check_tasks(player, end.tasks)
    sent = await stage.templates_sent()
    wanted = end.sms
    assert sent == wanted, f"发出的短信是 {sent}，应是 {wanted}"
    async with stage.office.sessions.read() as session:
        people = await session.scalar(select(func.count()).select_from(Remembered))
    assert people == end.remembered, f"记住了 {people} 个人，应是 {end.remembered} 个"
    if end.result is not None:
        await _check_result(stage, applications[0], player.client)


async def _check_application(player: Player, draft: Draft, end: End) -> None:
    for slug, value in end.answers.items():
        wanted = await player.fill_in(value) if isinstance(value, str) else value
        assert draft.answers.get(slug) == wanted, (
            f"答案 {slug} 存的是 {draft.answers.get(slug)!r}，应是 {wanted!r}"
        )
    for slug in end.no_answers:
        assert slug not in draft.answers, f"不该有答案 {slug}"
    if end.state is not None:
        assert draft.application.state == end.state, f"状态是 {draft.application.state}"
    for slug, state in end.papers.items():
        assert draft.materials.get(slug) == state, f"材料 {slug} 是 {draft.materials.get(slug)}"


async def _check_acting(stage: Stage, draft: Draft, wanted: dict[str, Any]) -> None:
    """`代办`: what is kept of who acts for whom."""
    async with stage.office.sessions.begin() as session:
        row = await newest_of(session, draft.application.id)
    if not wanted:
        assert row is None or row.ended_why == "replaced", "不该有代办记录"
        return
    assert row is not None, "没有代办记录"
    people = row.people
    kept = {
        "代办人": people["agent"]["name"], "申请人": people["principal"]["name"],
        "关系": row.relation, "凭": row.proved or "还没有", "结束": row.ended_why or "没有",
        "孩子同意": bool(row.detail.get("child_consent")),
    }  # fmt: skip
    for key, value in wanted.items():
        assert kept[key] == value, f"代办记录里“{key}”是 {kept[key]}，应是 {value}"


async def _check_tasks(player: Player, wanted: list[ExpectedTask]) -> None:
    async with player.stage.office.sessions.begin() as session:
        tasks = list(await session.scalars(select(Task).order_by(Task.created_at)))
    assert [str(one.kind) for one in tasks] == [one.kind for one in wanted], (
        f"开出的任务是 {[str(one.kind) for one in tasks]}"
    )
    for task, expected in zip(tasks, wanted, strict=True):
        if expected.phone is not None:
            assert task.phone == await player.fill_in(expected.phone), "任务里的电话不对"
        if expected.day is not None:
            assert task.promised_at is not None
            assert china_date(task.promised_at) == expected.day, "答应的日子不对"


async def _check_result(stage: Stage, draft: Draft, client: httpx.AsyncClient) -> None:
    """Anybody can check it: by its code on the public page, by its signature through the API."""
    async with stage.office.sessions.begin() as session:
        result = await result_on(session, application_id=draft.application.id)
    assert result is not None, "没有出结果文书"
    page = await client.get(f"/v/{result.code}")
    assert page.status_code == 200 and "编号有效" in page.text
    assert draft.answers["id_no"] not in page.text, "核验页露出了身份证号"
    checked = await _verify(client, result.credential)
    assert checked["outcome"] == "genuine", f"核验结果是 {checked['outcome']}"
    middle = len(result.credential) // 2
    altered = result.credential[:middle] + result.credential[middle:][::-1]
    assert (await _verify(client, altered))["outcome"] != "genuine", "改过的也说真实有效"


async def _verify(client: httpx.AsyncClient, text: str) -> dict[str, Any]:
    answer = await client.post("/api/v1/verify", json={"credential": text})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
