"""What the applicant is asked for: form fields, their checks, and papers."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from catalogue.conditions import Condition
from catalogue.strict import OptionValue, Slug, Strict, Text
from catalogue.vocabulary import FieldType, MaterialForm, Prefill, Status


def wrong(message: str) -> PydanticCustomError:
    """A fault told to the trainer in these words."""
    return PydanticCustomError("item", "{message}", {"message": message})


class Lasting(Strict):
    """How long something must have lasted for an option to be the answer. One bound."""

    at_least_months: int | None = Field(default=None, gt=0, description="满几个月才算")
    less_than_months: int | None = Field(default=None, gt=0, description="不满几个月才算")
    also_after: tuple[Text, ...] = Field(
        default=(),
        description="说到这一种以后，这些词后面的时间也算，例如 买了房子住了一年 里的 住了",
    )

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least_months is None) == (self.less_than_months is None):
            raise wrong("at_least_months 和 less_than_months 要写一个，也只能写一个")
        return self


class OtherTopics(Strict):
    """Words that show that somebody speaks of something else than what was asked."""

    words: tuple[Text, ...] = Field(min_length=1, description="说明讲的是另一回事的词")
    say: Text = Field(description="这时对市民说的话：两件事有什么不同，请再答一次")


class Option(Strict):
    """One choice of a choice field; the label is the button."""

    value: OptionValue = Field(description="存进申请的值（英文小写或数字，数字要加引号）")
    label: Text = Field(description="按钮上的字")
    synonyms: tuple[Text, ...] = Field(
        default=(), description="市民可能的其它说法，例如 租的、出租屋；在哪里听到都算数"
    )
    short_answers: tuple[Text, ...] = Field(
        default=(),
        description="太短、太常见的说法，例如 没有、妈妈：只有正在问这一题时才算数",
    )
    topics: tuple[Text, ...] = Field(
        default=(),
        description="这一种讲的是什么，例如 社保。说到别种的关键词时，这一种的笼统说法就不算数",
    )
    lasting: Lasting | None = Field(
        default=None, description="说到这一种、又说了多久（五个月、去年八月）时，多久才算"
    )
    assumed: bool = Field(
        default=False, description="只说多久、没说是哪一种时，就当说的是这一种（要有 lasting）"
    )
    outweighs: tuple[OptionValue, ...] = Field(
        default=(), description="一句话里和这些选项一起出现时，以这一种为准"
    )
    hint: Text | None = Field(default=None, description="一句解释，选项不好懂时用")

    @model_validator(mode="after")
    def _lasting_is_about_something(self) -> Self:
        if self.lasting is not None and not self.topics:
            raise wrong("写了 lasting 就要写 topics，才知道说的是什么的时间")
        if self.assumed and self.lasting is None:
            raise wrong("写了 assumed 就要写 lasting")
        return self


class WarnOver(Strict):
    """Ask again kindly when the number is more than `times` × another field."""

    field: Slug
    times: Annotated[float, Field(gt=0)]


class Validation(Strict):
    """What a value must look like. Only the keys that fit the field's type are used."""

    len: tuple[int, int] | None = Field(default=None, description="字数：[最少, 最多]")
    pattern: Text | None = Field(default=None, description="整个值要符合的正则表达式")
    checksum: Literal["GB11643", "luhn"] | None = Field(
        default=None, description="校验位算法：身份证 GB11643，银行卡 luhn"
    )
    files: tuple[int, int] | None = Field(default=None, description="文件数：[最少, 最多]")
    formats: tuple[Literal["jpg", "png", "pdf"], ...] = ()
    max_mb: int | None = Field(default=None, gt=0, description="每个文件最大多少 MB")
    level: Literal["town", "village"] | None = Field(
        default=None, description="地区要说到哪一级：town 镇街，village 村居"
    )
    within: Text | None = Field(default=None, description="地区必须在哪个市或区以内")
    needs: tuple[Text, ...] = Field(default=(), description="地址必须有的部分")
    min: int | Literal["today"] | date | None = Field(
        default=None, description="最小值；日期可写 today"
    )
    max: int | Literal["today"] | date | None = Field(
        default=None, description="最大值；日期可写 today"
    )
    after: Slug | None = Field(default=None, description="要晚于哪个日期字段")
    before: date | Slug | None = Field(default=None, description="要早于哪天，或哪个日期字段")
    warn_over: WarnOver | None = None
    clerk_rule: Text | None = Field(
        default=None, description="机器不查、由人核对的规则，写成一句话"
    )
    bg: Text | None = Field(default=None, description="相片底色")
    face: int | None = Field(default=None, description="相片里要有几张脸")
    no_hat: bool = False
    liveness: bool = False
    size: Text | None = Field(default=None, description="相片尺寸，例如 2寸")
    message: Text | None = Field(default=None, description="填得不对时对市民说的话")

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        for key in ("len", "files"):
            pair = getattr(self, key)
            if pair is not None and not 0 <= pair[0] <= pair[1]:
                raise wrong(f"{key} 要写成 [最少, 最多]，前一个不能大于后一个")
        if isinstance(self.min, int) and isinstance(self.max, int) and self.min > self.max:
            raise wrong("min 不能大于 max")
        return self


class FormField(Strict):
    """One thing to ask. The order in the file is the order of asking."""

    slug: Slug
    label: Text = Field(description="表格上的名称")
    type: FieldType
    required: bool
    ask: Text | None = Field(default=None, description="怎样问市民：一句话，口语")
    ask_for_other: Text | None = Field(
        default=None, description="代办时怎样问（问的是申请人，不是说话的人）；不写就用 ask"
    )
    ask_again: Text | None = Field(default=None, description="两次没答好以后，换个说法再解释")
    example: Text | None = Field(default=None, description="一个答案的例子（编造的，不能是真人）")
    why: Text | None = Field(default=None, description="市民问“为什么要填这个”时的回答")
    cues: tuple[Text, ...] = Field(
        default=(), description="一句话里几个答案一起说时，出现在这个值前面的词，例如 房东电话"
    )
    names: tuple[Text, ...] = Field(
        default=(), description="市民更正时怎样称呼这一栏，例如 地址、住址"
    )
    options: tuple[Option, ...] = ()
    other_topics: OtherTopics | None = Field(
        default=None, description="选择题：市民答的是另一回事时（住了多久、登记了多久）怎么说"
    )
    multiple: bool = Field(default=False, description="可以选几个")
    when: Condition | None = Field(default=None, description="什么情况下才问；不写就是都要问")
    when_text: Text | None = Field(default=None, description="什么情况下才问，写给人看")
    group: Slug | None = Field(default=None, description="同一组的字段一起重复，例如 每个同住人")
    repeat: bool = Field(default=False, description="可以填几遍（和同组字段一起）")
    validation: Validation = Field(
        default_factory=Validation, alias="validate", description="怎样才算填对"
    )
    prefill: Prefill | None = Field(default=None, description="可以从哪里自动带出")
    note: Text | None = Field(default=None, description="给工作人员或训练师看的说明")

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.type == "choice" and not self.options:
            raise wrong("选择题要写 options（一个选项的是“同意”之类的确认）")
        if self.type != "choice" and (self.options or self.multiple):
            raise wrong("只有 type: choice 才能写 options 或 multiple")
        if self.other_topics is not None and self.type != "choice":
            raise wrong("只有 type: choice 才能写 other_topics")
        known = {option.value for option in self.options}
        for option in self.options:
            if strangers := set(option.outweighs) - known:
                raise wrong(f"outweighs 里的 {'、'.join(sorted(strangers))} 不是这一题的选项")
        if self.repeat and self.group is None:
            raise wrong("repeat 要和 group 一起写，才知道跟哪些字段一起重复")
        return self

    def question(self, *, for_other: bool = False) -> str:
        """The question to ask; `for_other` when the person asked fills it in for somebody else."""
        return (self.ask_for_other if for_other else None) or self.ask or f"请填写：{self.label}"

    def option(self, value: str) -> Option | None:
        """The option stored as `value`."""
        return next((option for option in self.options if option.value == value), None)


_MORE = Option(value="yes", label="还有", short_answers=("有", "继续", "再加一个", "还要加"))
_ENOUGH = Option(value="no", label="没有了", short_answers=("没有", "没了", "就这些", "冇", "够了"))


class Group(Strict):
    """Fields that are filled in several times together, for instance for each family member."""

    each: Text = Field(description="每一遍的称呼，{n} 是第几个，例如 第{n}位家庭成员")
    count_by: Slug | None = Field(
        default=None, description="哪个数字字段说明填几遍；不写就每填完一遍问还有没有"
    )
    count_less: int = Field(default=0, ge=0, description="遍数比 count_by 少几（例如不算本人：1）")
    max: int = Field(default=10, gt=0, le=20, description="最多填几遍")
    another: Text = Field(default="还有吗？", description="每填完一遍问的话")
    more: Option = _MORE
    enough: Option = _ENOUGH

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if "{n}" not in self.each:
            raise wrong("each 里要有 {n}，才知道是第几个")
        return self


class SatisfiedBy(Strict):
    """Something that already supplies a paper, so that it is not asked for."""

    kind: Literal["field", "proof", "check", "system"] = Field(
        description="field 某个字段；proof 身份证明；check 核查结果为“是”；system 系统自己生成"
    )
    name: Slug | None = Field(default=None, description="字段、证明或核查的名字；system 不写")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.kind == "system") != (self.name is None):
            raise wrong("kind 是 system 时不写 name，其它都要写 name")
        return self


class Material(Strict):
    """One paper of the application."""

    slug: Slug
    name: Text
    form: tuple[MaterialForm, ...] = Field(
        min_length=1,
        description="original 看原件，copy 复印件，e_licence 电子证照可代，form 系统生成",
    )
    required: Literal["always", "conditional"]
    when: Condition | None = None
    when_text: Text | None = None
    note: Text | None = None
    ask: Text | None = Field(default=None, description="怎样请市民交这份材料")
    why: Text | None = Field(default=None, description="为什么要交")
    how_to_get: Text | None = Field(default=None, description="没有的话到哪里办")
    satisfied_by: tuple[SatisfiedBy, ...] = Field(
        default=(), description="有了其中任何一样，就不用再交这份材料"
    )
    later_allowed: bool = Field(default=False, description="可以先提交、以后带到窗口补交")
    files: tuple[int, int] = Field(default=(1, 5), description="上传几张：[最少, 最多]")
    status: Status | None = Field(default=None, description="和整组不一样时才写")
    sources: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _when_fits(self) -> Self:
        if self.required == "conditional" and self.when is None:
            raise wrong("required 是 conditional 时要写 when（什么情况下才要）")
        if self.required == "always" and self.when is not None:
            raise wrong("写了 when，required 就应该是 conditional")
        return self
