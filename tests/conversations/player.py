"""Plays one conversation file and says, in the file's own words, where it went wrong."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from backoffice import messages
from backoffice.applications.decisions import Bench, Decision, Wanted, case_of, decide
from backoffice.dialogue.consult import ANSWERED
from backoffice.representation.services import RelationUnsettled, judge
from backoffice.staff.models import Role
from backoffice.staff.services import create_user
from integrations.fingerprint.folder import FolderSensor
from integrations.registers.people import DemoPerson
from tests.conversations.hall import happen
from tests.conversations.robot import delegate, outcome_of
from tests.conversations.script import (
    CHANNELS,
    Given,
    InHall,
    Person,
    Return,
    Script,
    Step,
    Understood,
)
from tests.conversations.script import Decision as ClerkSays
from tests.conversations.showing import LIVE, REFUSED, STILL, WIDGETS, picture_of
from tests.conversations.stage import Stage, Stored, Visit, all_applications, stored

_LONGEST_FILLING = 60
_ANSWERING = frozenset({"inform", "affirm", "deny"})


@dataclass
class Reply:
    """What was answered."""

    bubbles: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(one["text"] for one in self.bubbles)

    @property
    def buttons(self) -> dict[str, str]:
        return {b["title"]: b["value"] for one in self.bubbles for b in one.get("buttons", [])}

    @property
    def widgets(self) -> list[dict[str, Any]]:
        return [one["widget"] for one in self.bubbles if "widget" in one]

    @property
    def awaiting(self) -> str | None:
        return (self.state.get("draft") or {}).get("awaiting")


PROXYS = "代办人的"
"""Before the name of a picture: not the person's, but of whoever acts for them."""


class WentWrong(AssertionError):
    """An expectation of the file was not met."""


class Player:
    """Plays a script on a stage.

    Attributes:
        log: the whole conversation so far, as shown when it goes wrong.
    """

    def __init__(
        self, stage: Stage, script: Script, person: Person, identity: DemoPerson, client: httpx.AsyncClient,
        proxy: DemoPerson | None = None,
    ) -> None:  # fmt: skip
        self.stage, self.script, self.person, self.identity = stage, script, person, identity
        self.proxy = proxy
        self.client = client
        self.log: list[str] = []
        self.reply = Reply()
        self.visit: Visit | None = None
        self.last: dict[str, Any] = {}
        self.before = Stored(None)

    async def play(self) -> None:
        """Play every step. Raises WentWrong with the conversation so far."""
        self.stage.set_clock(self.script.given.now)
        for code in self.script.given.delegated:
            await delegate(self.stage, code)
        self.visit = await self._begin(self.script.given)
        for number, step in enumerate(self.script.steps, 1):
            try:
                await self._step(step)
            except AssertionError as exc:
                told = "\n".join(self.log)
                wrong = f"第 {number} 步：{exc}"
                raise WentWrong(f"{wrong}\n———\n{told}\n———\n{wrong}") from exc

    async def _begin(self, at: Given | Return) -> Visit:
        pairing = self.stage.pairing if at.at_kiosk else None
        return await Visit.begin(self.client, CHANNELS[at.channel], pairing)

    async def _step(self, step: Step) -> None:
        if step.fills_until is not None:
            await self._fill(step.fills_until)
        elif step.returns is not None:
            self.stage.pass_time(timedelta(days=step.returns.days))
            self.visit = await self._begin(step.returns)
            self.reply = Reply()
            self.log.append(f"——（{step.returns.channel}，新的对话）——")
            return
        elif step.waits is not None:
            self.stage.pass_time(timedelta(minutes=step.waits))
            self.log.append(f"——（过了 {step.waits} 分钟）——")
            return
        elif step.clerk is not None:
            await self._clerk(step.clerk)
        elif step.robot is not None:
            await self._robot(step.robot)
        elif step.hall is not None:
            await self._hall(step.hall)
        else:
            await self._citizen(step)
        await self._expect(step)

    async def _citizen(self, step: Step) -> None:
        told = step.understood
        if step.says is not None:
            await self.say(await self.fill_in(step.says), told, step)
        elif step.presses is not None:
            value = self.reply.buttons.get(step.presses)
            assert value is not None, f"没有按钮“{step.presses}”，只有 {list(self.reply.buttons)}"
            await self.say(value, told, step)
        elif step.uploads is not None:
            await self._upload(step.uploads)
        elif step.lays is not None:
            await self._lay(step.lays)
        elif step.sees is not None:
            await self._see(step.sees)
        elif step.enters is not None:
            await self._enter_code(correct=step.enters == "正确")
        elif step.declines is not None:
            widget = self._widget(step.declines)
            await self.event({"type": "widget_declined", "widget": widget["id"]})
        elif step.happens is not None:
            kind = "silence" if step.happens == "沉默" else "leave"
            await self.event({"type": kind})
        else:
            await self._again()

    async def say(
        self, text: str, told: Understood | None = None, step: Step | None = None
    ) -> None:
        """The citizen types or presses."""
        self.log.append(f"市民：{text}")
        await self._send({"text": text}, told, step)

    async def event(self, event: dict[str, Any]) -> None:
        """Something beside typing."""
        self.log.append(f"市民：〔{event['type']}〕")
        await self._send({"event": event}, None)

    async def _send(
        self, what: dict[str, Any], told: Understood | None, step: Step | None = None
    ) -> None:
        assert self.visit is not None
        if self.stage.engine is not None:
            self.stage.engine.expected, self.stage.engine.unexplained = told, False
        self.last = what
        answer = await self.visit.turn(**what)
        if self.stage.engine is not None and self.stage.engine.unexplained:
            raise AssertionError("这句话要靠模型听懂，请写上“听懂”")
        self._take(answer)
        if told is not None:
            await self._check_understood(told, step)
        await self._always()

    async def _check_understood(self, told: Understood, step: Step | None) -> None:
        assert self.visit is not None
        act, items = self.reply.state["act"], self.reply.state["items"]
        # Which question it was may be heard in two ways ("要自己申请吗"); the answer must be right.
        answered = told.act in ANSWERED and step is not None and bool(step.contains)
        assert act == told.act or answered, f"听成了 {act}，应是 {told.act}"
        # With nothing named, the item is the one spoken of before; what was answered is kept.
        kept = (await stored(self.stage, self.visit.id)).about
        meant = {*items[:1], kept} if answered or not items else set(items[:1])
        if told.item is not None:
            assert told.item in (*meant, "other"), f"听成了事项 {items}，应是 {told.item}"
        also = {one["act"] for one in self.reply.state.get("also", [])}
        missing = {one.act for one in told.also} - also
        assert not missing, f"没有听出还有 {missing}"

    async def _again(self) -> None:
        """The same turn sent again: the same answer, and nothing happens twice."""
        assert self.visit is not None
        earlier = self.reply
        self.log.append("市民：〔同一句又发了一次〕")
        self._take(await self.visit.turn(again=True, **self.last))
        assert self.reply == earlier, "重发同一句，回答不一样"

    def _take(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, f"出错 {answer.status_code}: {answer.text}"
        self.reply = Reply(answer.json()["messages"], answer.json()["state"])
        for one in self.reply.bubbles:
            shown = "".join(f"［{b['title']}］" for b in one.get("buttons", []))
            shown += f"〈{one['widget']['kind']}〉" if "widget" in one else ""
            self.log.append(f"小政：{one['text']}{shown}")
        self.log.append(f"      （听懂 {self.reply.state.get('act')}，等着 {self.reply.awaiting}）")

    async def _always(self) -> None:
        """What holds for every turn of every conversation."""
        assert self.visit is not None
        text = self.reply.text
        assert self.reply.bubbles, "小政什么都没说"
        assert "⟦" not in text and "{" not in text, "没有填好的占位符"
        for secret in (self.identity.id_no, self.identity.phone):
            assert secret not in text, "回答里露出了完整的号码"
        now = await stored(self.stage, self.visit.id)
        if now.draft is not None:
            fields, other = now.draft.item.fields, now.draft.for_other
            # members of a repeated group share their questions: one still open may be asked
            still_open = {f.question(for_other=other) for f in fields if f.slug not in now.answers}
            for one in fields:
                question = one.question(for_other=other)
                asked = question in text or (one.ask_again and one.ask_again in text)
                if question in still_open:
                    continue
                if asked and one.slug in now.answers and not now.may_be_asked(one.slug):
                    raise AssertionError(f"已经答过“{one.label}”，又问了一遍")
        if self.before.face_refused and messages.text("consent.face") in text:
            raise AssertionError("拒绝过人脸核验，又问了一遍")
        if self.before.remember_refused and "我可以记住您" in text:
            raise AssertionError("说过不用记住，又问了一遍")
        self.before = now

    async def fill_in(self, text: str) -> str:
        """`{身份证号}`, `{手机号}`, `{姓名}`, `{户籍地址}`, `{验证码}` of the person."""
        known = {
            "身份证号": self.identity.id_no,
            "手机号": self.identity.phone,
            "姓名": self.identity.name,
            "户籍地址": self.identity.hukou_address,
        }
        if self.proxy is not None:
            known |= {
                "代办人姓名": self.proxy.name,
                "代办人身份证号": self.proxy.id_no,
                "代办人手机号": self.proxy.phone,
            }
        if "{验证码}" in text:
            known["验证码"] = await self.stage.newest_code(self.identity.phone)
        return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], text)

    def _widget(self, kind: str) -> dict[str, Any]:
        """The newest widget shown that fits what the file calls it."""
        for widget in reversed(self.reply.widgets):
            if widget["kind"] == WIDGETS[kind]:
                return widget
        raise AssertionError(f"这里没有请市民做“{kind}”，只有 {self.reply.widgets}")

    async def _film(self, widget: str, kind: str) -> httpx.Response:
        assert self.visit is not None
        return await self.visit.upload_live(
            widget,
            LIVE[kind] or self.person.selfie,
            real=self.stage.engine is None,
            still=kind == STILL,
        )

    async def _upload(self, kind: str) -> None:
        assert self.visit is not None
        widget = self._widget(kind.removeprefix(PROXYS))
        if kind in LIVE:
            answer = await self._film(widget["id"], kind)
            if kind not in REFUSED and "upload.live_action_missing" in answer.text:
                answer = await self._film(widget["id"], kind)  # slower and larger, as advised
        else:
            who = self.proxy if kind.startswith(PROXYS) and self.proxy else self.identity
            picture = picture_of(kind.removeprefix(PROXYS), self.person, who)
            answer = await self.visit.upload(widget["id"], picture)
        if kind in REFUSED:
            return self._refused(answer, widget)
        assert answer.status_code == 201, f"上传没有成功：{answer.text}"
        upload = answer.json()["upload_id"]
        await self.event({"type": "widget_done", "widget": widget["id"], "upload_id": upload})

    async def _lay(self, which: str) -> None:
        """A real picture of a drawn finger, seen by the sensor's stand-in and compared by NBIS."""
        assert self.visit is not None
        name = {"手指": self.identity.name, "另一个手指": f"{self.identity.name}（另一指）",
                "别人的手指": "王建军"}[which]  # fmt: skip
        widget = self._widget("指纹")
        sensor = self.stage.office.finger_sensor
        assert isinstance(sensor, FolderSensor)
        sensor.lay_on(name)
        try:
            answer = await self.visit.press(widget["id"])
        finally:
            sensor.lift()
        assert answer.status_code == 201, f"按指纹没有成功：{answer.text}"
        press = answer.json()["upload_id"]
        await self.event({"type": "widget_done", "widget": widget["id"], "upload_id": press})

    async def _see(self, said: str) -> None:
        """Wait for the clerk of the online window, who says this."""
        assert self.visit is not None
        widget = self._widget("视频")
        session = await self.visit.call()
        assert await self.visit.outcome(session) == "waiting"
        if said == "没有人来":
            self.stage.pass_time(timedelta(minutes=16))
        else:
            await self.visit.clerk_says(session, confirmed=said == "是本人")
        assert await self.visit.outcome(session) != "waiting"
        await self.event({"type": "widget_done", "widget": widget["id"], "value": session})

    def _refused(self, answer: httpx.Response, widget: dict[str, Any]) -> None:
        """What the page shows where it asked for the picture, which stays open."""
        assert answer.status_code >= 400, f"这张不该收下：{answer.status_code}"
        words = answer.json()["error"]["message"]
        self.log.append(f"页面：{words}")
        self.reply = Reply([{"text": words, "widget": widget}], self.reply.state)

    async def _newest_code(self) -> str:
        """The newest code: on the phone of whoever speaks."""
        phones = [one.phone for one in (self.proxy, self.identity) if one is not None]
        for phone in phones:
            try:
                return await self.stage.newest_code(phone)
            except AssertionError:
                if phone == phones[-1]:
                    raise
        raise AssertionError("unreachable")

    async def _enter_code(self, *, correct: bool) -> None:
        widget = self._widget("验证码")
        code = await self._newest_code()
        if not correct:
            code = f"{(int(code) + 1) % 1_000_000:06d}"
        await self.event({"type": "widget_done", "widget": widget["id"], "value": code})

    async def _fill(self, goal: str) -> None:
        """Answer as the person does, until `goal` is awaited."""
        for _ in range(_LONGEST_FILLING):
            awaited, text = self.reply.awaiting, self.reply.text
            if awaited == goal:
                return
            await self._answer(awaited)
            assert self.reply.state["act"] in _ANSWERING, f"没听成回答：{self.reply.state['act']}"
            stuck = self.reply.awaiting == awaited and self.reply.text == text
            assert not stuck or awaited is None, f"“{awaited}”答了还在问"
            if goal == "提交" and self.reply.awaiting is None:
                return
        raise AssertionError(f"一直没有等到“{goal}”")

    async def _answer(self, awaited: str | None) -> None:
        """The person's own answer to what is awaited."""
        kinds = {one["kind"] for one in self.reply.widgets}
        answer = self.person.answers.get(str(awaited))
        if awaited == "sms_code":
            await self._enter_code(correct=True)
        elif "id_card_front" in kinds:
            await self._card()
        elif "id_card_back" in kinds:
            await self._upload((PROXYS if self.proxy is not None else "") + "身份证背面")
        elif awaited == "selfie":
            await self._upload("自拍")
        elif answer == "拍":
            names = {"photo": "相片", "document": "材料", "signature": "签名"}
            await self._upload(names[next(iter(kinds & names.keys()))])
        else:
            assert answer is not None, f"_people.yml 没有写怎么回答“{awaited}”"
            told = Understood.model_validate({"做": "inform"}) if self.stage.engine else None
            await self.say(await self.fill_in(answer), told)

    async def _card(self) -> None:
        if self.reply.awaiting == "card" and self.proxy is not None:
            await self._upload("代办人的身份证正面")
        elif self.person.answers["身份证"] == "拍":
            await self._upload("身份证正面")
        else:
            widget = self._widget("身份证正面")
            await self.event({"type": "widget_declined", "widget": widget["id"]})

    async def _clerk(self, says: ClerkSays) -> None:
        """A clerk decides; what the citizen then sees is the reply."""
        assert self.visit is not None
        seen = len(await self.visit.messages())
        (case, *more) = await all_applications(self.stage)
        assert not more, "有几份办件，不知道工作人员办哪一份"
        office = self.stage.office
        if says.related is not None or says.not_related:
            await self._judge(case.application.id, says)
            return
        decision, reason, wanted = _decision(says, case.item)
        async with office.sessions.begin() as session:
            now = office.clock.now()
            staff = await create_user(
                session, username=f"clerk{now:%H%M%S%f}", display_name="陈同事",
                password="eight tall horses", role=Role.CLERK, departments=["*"], now=now,
            )  # fmt: skip
            application = await case_of(
                session, id=case.application.id, staff=staff, catalogue=office.catalogue
            )
            bench = Bench(session, office.catalogue, office.calendar, now)
            try:
                await decide(
                    bench, application, decision, staff=staff, reason=reason, wanted=wanted
                )
                assert not says.unsettled, "关系没有核对好，不该能通过"
            except RelationUnsettled:
                assert says.unsettled, "关系没有核对好，通过不了"
                self.log.append("——（工作人员想通过：关系还没有核对好）——")
                await session.rollback()
                return
        await self.stage.deliver()
        new = (await self.visit.messages())[seen:]
        self.reply = Reply(new, self.reply.state)
        self.log.append(f"——（工作人员：{decision}）——")
        self.log += [f"通知：{one['text']}" for one in new]

    async def _robot(self, does: str) -> None:
        """What the worker let the robot do with the case; what the citizen is told is the reply."""
        assert self.visit is not None
        (case,) = await all_applications(self.stage)
        await self.stage.deliver()
        every = await self.visit.messages()
        last = self.reply.bubbles[-1]["text"]  # the worker may have been quicker than we are
        new = every[max(at for at, one in enumerate(every) if one["text"] == last) + 1 :]
        outcome = await outcome_of(self.stage, case.application.id)
        assert outcome == {"批准": "approved", "转人工": "handed"}[does], f"机器人：{outcome}"
        self.reply = Reply(new, self.reply.state)
        self.log += [f"——（机器人：{does}）——", *(f"通知：{one['text']}" for one in new)]

    async def _hall(self, happens: InHall) -> None:
        """Something in the queue; what the citizen is then told is the reply."""
        assert self.visit is not None
        seen = len(await self.visit.messages())
        told = await happen(self.stage, happens, await self.fill_in("{手机号}"))
        new = (await self.visit.messages())[seen:]
        self.reply = Reply(new, self.reply.state)
        self.log += [f"——（大厅：{told}）——", *(f"通知：{one['text']}" for one in new)]

    async def _judge(self, application_id: str, says: ClerkSays) -> None:
        """A clerk looks at the papers about the relation."""
        async with self.stage.office.sessions.begin() as session:
            await judge(
                session,
                self.stage.office.knowledge.acting,
                application_id,
                holds=says.related is not None,
                papers=[says.related] if says.related else [],
                actor="staff:clerk",
                now=self.stage.office.clock.now(),
            )
        self.log.append("——（工作人员看了关系材料）——")

    async def _expect(self, step: Step) -> None:
        text = self.reply.text
        for wanted in step.contains:
            words = await self.fill_in(wanted)
            assert words in text, f"小政没有说“{words}”"
        for unwanted in step.lacks:
            words = await self.fill_in(unwanted)
            assert words not in text, f"小政不该说“{words}”"
        for title in step.buttons:
            assert title in self.reply.buttons, f"没有按钮“{title}”"
        if step.awaiting is not None:
            awaiting = self.reply.awaiting or "无"
            assert awaiting == step.awaiting, f"等着的是“{awaiting}”，应是“{step.awaiting}”"
        if step.filled is not None:
            filled = self.reply.state["draft"]["filled"]
            assert filled == step.filled, f"填好了 {filled} 项，应是 {step.filled} 项"


def _decision(says: ClerkSays, item: Any) -> tuple[Decision, str, list[Wanted]]:
    if says.correct is not None:
        wanted = [
            Wanted(why, field=slug) if item.field(slug) else Wanted(why, material=slug)
            for slug, why in says.correct.items()
        ]
        return Decision.REQUEST_SUPPLEMENT, "", wanted
    if says.refuse is not None:
        return Decision.REFUSE, says.refuse, []
    if says.not_accept is not None:
        return Decision.NOT_ACCEPT, says.not_accept, []
    approve = says.approve or says.unsettled
    return (Decision.APPROVE if approve else Decision.ACCEPT), "", []
