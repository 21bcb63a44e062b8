"""The form of a conversation file: what a trainer writes. Keys are Chinese, unknown keys refused.

`README.md` in this folder explains every key to trainers.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from backoffice.clock import CHINA

ABOUT_ITEMS = "items"
"""The sub-folder of the conversations that hang on single items."""
FOLDER = Path(__file__).resolve().parent
CHANNELS = {"手机": "phone", "自助机": "kiosk"}

Channel = Literal["手机", "自助机"]


def _texts(value: Any) -> list[str]:
    """One text or several; YAML makes numbers of what looks like one."""
    return [str(one) for one in (value if isinstance(value, list) else [value])]


Texts = Annotated[list[str], BeforeValidator(_texts)]


def _moment(value: Any) -> Any:
    """`2026-11-23 09:00`, in China."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=CHINA) if isinstance(value, datetime) else value


class Strict(BaseModel):
    """Only known keys, by their Chinese names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(Strict):
    """`给定`: who, where, when."""

    person: str = Field(alias="市民")
    channel: Channel = Field(default="手机", alias="渠道")
    at_kiosk: bool = Field(default=False, alias="登记过的自助机")
    now: Annotated[datetime, BeforeValidator(_moment)] = Field(
        default=datetime(2026, 11, 23, 9, 0, tzinfo=CHINA), alias="时间"
    )
    delegated: list[str] = Field(default=[], alias="授权")


class Understood(Strict):
    """`听懂`: the act, and the item's code where one is named."""

    act: str = Field(alias="做")
    item: str | None = Field(default=None, alias="事项")
    like: list[str] = Field(default=[], alias="也像")
    also: list["Understood"] = Field(default=[], alias="还有")


class Return(Strict):
    """`再来`: a new visit (nothing of the old one's screen is left)."""

    channel: Channel = Field(default="手机", alias="渠道")
    at_kiosk: bool = Field(default=False, alias="登记过的自助机")
    days: int = Field(default=0, alias="过了几天")


class Decision(Strict):
    """`工作人员`: what a clerk decides. Exactly one."""

    accept: bool = Field(default=False, alias="受理")
    approve: bool = Field(default=False, alias="通过")
    refuse: str | None = Field(default=None, alias="不通过")
    not_accept: str | None = Field(default=None, alias="不予受理")
    correct: dict[str, str] | None = Field(default=None, alias="补正")
    related: str | None = Field(default=None, alias="关系属实")
    not_related: bool = Field(default=False, alias="关系不实")
    unsettled: bool = Field(default=False, alias="通过不了")


class InHall(Strict):
    """`大厅`: what happens in the queue. Exactly one."""

    others: int | None = Field(default=None, alias="别人取号")
    windows: int | None = Field(default=None, alias="开窗口")
    calls: int | None = Field(default=None, alias="叫号")
    counter: str | None = Field(default=None, alias="柜台取号")

    @model_validator(mode="after")
    def _one_thing(self) -> "InHall":
        if sum(value is not None for value in vars(self).values()) != 1:
            raise ValueError("大厅里每一步只写一件事（别人取号、开窗口、叫号、柜台取号）")
        return self


_STEPS = ("says", "presses", "uploads", "lays", "sees", "enters", "declines", "happens", "returns",
          "waits", "fills_until", "clerk", "robot", "hall", "repeats")  # fmt: skip


class Step(Strict):
    """One line of `过程`: something happens, and what must be answered."""

    says: str | None = Field(default=None, alias="市民")
    presses: str | None = Field(default=None, alias="点")
    uploads: str | None = Field(default=None, alias="拍")
    lays: Literal["手指", "另一个手指", "别人的手指"] | None = Field(default=None, alias="按指纹")
    sees: Literal["是本人", "没核对好", "没有人来"] | None = Field(default=None, alias="视频")
    enters: Literal["正确", "错误"] | None = Field(default=None, alias="输入验证码")
    declines: str | None = Field(default=None, alias="不做")
    happens: Literal["沉默", "离开"] | None = Field(default=None, alias="发生")
    returns: Return | None = Field(default=None, alias="再来")
    waits: int | None = Field(default=None, alias="过了几分钟")
    fills_until: str | None = Field(default=None, alias="一路填到")
    clerk: Decision | None = Field(default=None, alias="工作人员")
    robot: Literal["批准", "转人工"] | None = Field(default=None, alias="机器人")
    hall: InHall | None = Field(default=None, alias="大厅")
    repeats: Literal["上一句"] | None = Field(default=None, alias="重发")

    understood: Annotated[
        Understood | None, BeforeValidator(lambda v: {"做": v} if isinstance(v, str) else v)
    ] = Field(default=None, alias="听懂")
    contains: Texts = Field(default=[], alias="小政")
    lacks: Texts = Field(default=[], alias="不说")
    buttons: Texts = Field(default=[], alias="按钮")
    awaiting: str | None = Field(default=None, alias="等着")
    filled: int | None = Field(default=None, alias="已填")

    @model_validator(mode="after")
    def _one_thing(self) -> "Step":
        if sum(getattr(self, name) is not None for name in _STEPS) != 1:
            raise ValueError("每一步只写一件事（市民、点、拍……）")
        quiet = (self.fills_until, self.waits, self.returns, self.hall)
        if all(one is None for one in quiet):
            if not (self.contains or self.awaiting or self.buttons or self.repeats):
                raise ValueError("每一步都要写小政该说什么（小政）或等着什么（等着）")
        return self


class ExpectedTask(Strict):
    """A task in the clerks' list."""

    kind: Literal["callback", "complaint", "appointment"] = Field(alias="种类")
    phone: str | None = Field(default=None, alias="手机号")
    day: date | None = Field(default=None, alias="最晚")


class End(Strict):
    """`最后`: what is true when the conversation is over."""

    answers: dict[str, Any] = Field(default={}, alias="答案")
    no_answers: list[str] = Field(default=[], alias="没有答案")
    state: str | None = Field(default=None, alias="状态")
    applications: int = Field(default=1, alias="办件数")
    tasks: list[ExpectedTask] = Field(default=[], alias="任务")
    sms: Texts = Field(default=[], alias="短信")
    remembered: int = Field(default=0, alias="记住了几个人")
    result: Literal["真实有效"] | None = Field(default=None, alias="结果")
    papers: dict[str, str] = Field(default={}, alias="材料")
    acting: dict[str, Any] | None = Field(default=None, alias="代办")


class Script(Strict):
    """One conversation file."""

    title: str = Field(alias="对话")
    about: str = Field(default="", alias="说明")
    quick_only: bool = Field(default=False, alias="只用快")
    given: Given = Field(alias="给定")
    steps: list[Step] = Field(alias="过程", min_length=1)
    end: End = Field(alias="最后")


class Person(Strict):
    """Somebody of `_people.yml`: invented, with what they answer when nothing else is said.

    Attributes:
        record: name in `data/demo/people.yml`.
        proxy: name there of who acts for this person, when somebody does.
        face: picture of the card's face; `selfie`: another picture, usually of the same person.
        answers: awaited thing → what is typed, or 拍 (take the picture), 不拍.
    """

    record: str = Field(alias="资料")
    proxy: str | None = Field(default=None, alias="代办人")
    face: str = Field(default="person_b_2", alias="证上的脸")
    selfie: str = Field(default="person_b_1", alias="自拍的脸")
    answers: dict[str, str] = Field(default={}, alias="回答")


def load_script(path: Path) -> Script:
    """Read one file. Raises pydantic.ValidationError, yaml.YAMLError."""
    return Script.model_validate(yaml.safe_load(path.read_text("utf-8")))


def script_files() -> list[Path]:
    """Every conversation, by name."""
    return sorted(path for path in FOLDER.rglob("*.yml") if not path.name.startswith("_"))


def load_persons() -> dict[str, Person]:
    """`_people.yml`: the answers of `共同` hold for everybody who does not say otherwise."""
    raw = yaml.safe_load((FOLDER / "_people.yml").read_text("utf-8"))
    common = raw.pop("共同")["回答"]
    return {
        name: Person.model_validate({**one, "回答": {**common, **one.get("回答", {})}})
        for name, one in raw.items()
    }
