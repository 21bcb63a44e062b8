"""政务服务事项: one YAML file in `data/items/` is one `ServiceItem`.

The models hold everything that may be said about an item and everything needed to fill it in.
Keys are described in Chinese because the generated JSON Schema shows them in the trainer's editor.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from catalogue.conditions import Condition
from catalogue.form import (
    FormField,
    Group,
    Material,
    Option,
    SatisfiedBy,
    Validation,
    WarnOver,
    wrong,
)
from catalogue.named_checks import NamedCheck
from catalogue.sourced import Sourced, Sources
from catalogue.strict import Slug, Strict, Text
from catalogue.vocabulary import (
    CheckKind,
    IdentityLevel,
    ResultForm,
    Status,
    TimeUnit,
)

__all__ = [
    "ApplicantCondition", "Applicants", "AutoCheck", "Check", "Condition", "Faq", "Fee",
    "FormField", "Group", "HallDocument", "InstantRule", "LegalBasis", "Material", "Option",
    "OwnSystem", "Prerequisite",
    "Process", "Result", "SatisfiedBy", "SecondLook", "ServiceItem", "Time", "TimeLimit", "Validation",
    "Validity", "WarnOver", "WrongName",
]  # fmt: skip


class WrongName(Strict):
    """What people say although it is called otherwise."""

    text: Text
    note: Text | None = None


class Check(Strict):
    """How a condition is decided."""

    kind: CheckKind = Field(
        description="named 向登记系统核查；declared 听申请人自己说；clerk 由人判断；info 只告知"
    )
    name: Slug | None = Field(default=None, description="kind 是 named 时：核查的名字")
    definition: SkipJsonSchema[NamedCheck | None] = None
    """What the name stands for; filled in by the loader, never written in a file."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.kind == "named") != (self.name is not None):
            raise wrong("kind 是 named 时要写 name（核查的名字），其它不写")
        return self


class ApplicantCondition(Strict):
    """One condition on the applicant. It holds when its check does, or any of its alternatives.

    Alternatives are the conditions whose `alternative_to` names this one.
    """

    id: Slug
    text: Text = Field(description="条件，用市民听得懂的话")
    spoken: bool = Field(default=True, description="解说条件时要不要讲（只用来判断的写 false）")
    check: Check
    declared_by: Condition | None = Field(
        default=None,
        description="申请人的哪些回答等于说“我符合这一条”。check 是 declared 的，不成立就是自己说不符合",
    )
    if_not: Text | None = Field(default=None, description="不符合时怎样告诉市民")
    do_instead: Text | None = Field(default=None, description="不符合时可以怎么办")
    lead_to: Slug | None = Field(default=None, description="该先办的事项代码")
    alternative_to: Slug | None = Field(default=None, description="可以代替哪一条条件（写它的 id）")
    status: Status | None = Field(default=None, description="和整组不一样时才写")
    sources: Sources = ()

    @model_validator(mode="after")
    def _declared(self) -> Self:
        if self.check.kind == "declared" and self.declared_by is None:
            raise wrong("check.kind 是 declared 时要写 declared_by")
        return self


class Acting(Strict):
    """Who may act for the applicant, where the item's own facts say so.

    The relations are those of `data/identity/representation.yml`.
    """

    relations: tuple[Slug, ...] = Field(
        default=(), description="哪些关系可以代办（proxy_relation 的 value）；不写就按通用规定"
    )
    person_proves: bool = Field(
        default=False,
        description="要办事的人自己证明是本人（代办人只是帮忙操作），例如养老金资格认证",
    )
    child_data: bool = Field(
        default=False,
        description="爸爸妈妈自己申请、填的是没满14岁的孩子（child_、baby_ 开头的项）：先征得同意再问",
    )


class Applicants(Strict):
    """Who may apply."""

    summary: Text
    conditions: tuple[ApplicantCondition, ...] = ()
    proxy: Text | None = Field(default=None, description="别人代办的规定")
    acting: Acting | None = Field(default=None, description="代办的规定，写给机器看的部分")
    status: Status | None = None
    sources: Sources = ()


class Prerequisite(Strict):
    """An item that must be done first."""

    code: Slug
    when_text: Text | None = None


class AutoCheck(Strict):
    """A fact that an instant decision needs: a register's yes, or a proof of who the person is."""

    text: Text
    name: Slug | None = Field(default=None, description="核查的名字；还没接通时不写，一律转人工")
    proof: Literal["face"] | None = Field(
        default=None, description="身份核验已经证明的：face 活人刷脸，和身份证相片一致"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.name is not None and self.proof is not None:
            raise wrong("name 和 proof 只能写一个")
        return self


class InstantRule(Strict):
    """When the robot may decide by itself (under a department's delegation)."""

    when: Condition
    auto_checks: tuple[AutoCheck, ...] = ()
    otherwise: Text = Field(description="不能即办时怎么办，一句话")
    otherwise_item: Slug | None = Field(default=None, description="不能即办时转到的事项代码")


class SecondLook(Sourced):
    """Two people decide (审核和批准分开): who has to be one of them."""

    by: Literal["clerk", "head"] = Field(
        description="第二个人是谁：clerk 另一位工作人员；head 两个人里要有一位部门负责人"
    )
    note: Text


class OwnSystem(Sourced):
    """The department keeps the item's cases in a system of its own."""

    name: Text = Field(description="系统的名字，工作人员认得的")


class Fee(Sourced):
    """What the citizen pays."""

    yuan: Annotated[Decimal, Field(ge=0)] | None = Field(
        description="金额（元）；免费写 0；不知道写 null"
    )
    text: Text


class TimeLimit(Sourced):
    """One time limit. `value` is null when it was not found."""

    value: Annotated[int, Field(ge=0)] | None
    unit: TimeUnit | None = Field(
        description="working_day 工作日，calendar_day 自然日，month 月，on_spot 当场，by_notice 按公告"
    )
    text: Text

    @model_validator(mode="after")
    def _value_has_unit(self) -> Self:
        if self.value is not None and self.unit is None:
            raise wrong("写了 value 就要写 unit（单位）")
        return self


class Time(Strict):
    """How long the office takes: by law, and by its own promise."""

    statutory: TimeLimit
    promised: TimeLimit

    @model_validator(mode="after")
    def _promise_within_law(self) -> Self:
        law, promise = self.statutory, self.promised
        if law.value is None or promise.value is None or law.unit != promise.unit:
            return self
        if promise.value > law.value:
            raise wrong("承诺时限不能长于法定时限")
        return self


class LegalBasis(Sourced):
    """A law or notice the item rests on."""

    name: Text
    article: Text | None
    doc_no: Text | None
    note: Text | None = None


class HallDocument(Sourced):
    """The hall's own result document: never pretends to be another authority's licence."""

    title: Text
    issuing_authority: Text = Field(description="出具单位")
    legal_status: Text = Field(description="这份文书是什么、不是什么")
    accepted_by: Text = Field(description="在哪里可以使用")
    valid_months: int | None = Field(default=None, gt=0)


class Result(Sourced):
    """What the citizen gets in the end."""

    name: Text
    form: tuple[ResultForm, ...] = Field(min_length=1)
    e_cert: Text | None = None
    made_by: Text | None = Field(default=None, description="由谁制作、发放")
    document: HallDocument | None = Field(default=None, description="大厅自己出具的结果文书")


class Validity(Sourced):
    """How long the result is good."""

    text: Text
    months: Annotated[int, Field(gt=0)] | None


class Faq(Sourced):
    """A question people really ask, with its answer."""

    q: Text
    a: Text
    also: tuple[Text, ...] = Field(default=(), description="同一个问题的其它问法")


class About(Sourced):
    """What the item is, for "这是什么、有什么用"."""

    text: Text
    differs: Mapping[Slug, Text] = Field(
        default_factory=dict, description="和哪个容易混的事项有什么不同：{事项代码: 一句话}"
    )


class Process(Sourced):
    """The steps, in the citizen's words."""

    steps: tuple[Text, ...] = Field(min_length=1)


class GroupStatus(Sourced):
    """Status and sources of a group of facts that has no model of its own."""

    basis: Text | None = Field(default=None, description="依据什么整理")


class FactGroups(Strict):
    """Status of the groups that are lists. Single groups (fee, time …) carry their own."""

    conditions: GroupStatus
    materials: GroupStatus
    fields: GroupStatus
    legal_basis: GroupStatus
    faq: GroupStatus
    amounts: GroupStatus | None = None
    time: GroupStatus | None = None


class ServiceItem(Strict):
    """One service item. See `data/items/` for whole examples."""

    code: Slug = Field(description="事项代码，和文件名相同")
    number: int = Field(gt=0, description="清单里的序号")
    name: Text
    short_name: Text | None = Field(default=None, description="对话里的短名字，例如 居住证")
    aliases: tuple[Text, ...] = Field(default=(), description="市民常用的叫法")
    wrong_names: tuple[WrongName, ...] = Field(default=(), description="叫错的、旧的名字")
    tier: Text = Field(description="core 核心，common 常见，occasional 偶尔")
    department: Slug = Field(description="部门代码，见 data/parameters/departments.yml")
    authority: Text
    kind: Text = Field(description="事项类型，例如 行政确认")
    instant: bool = Field(description="是不是即办（机器人可以当场决定）")
    instant_rule: InstantRule | None = None
    instant_note: Text | None = None
    second_look: SecondLook | None = Field(
        default=None, description="准予、不予许可、不予受理要两个人看过才算数的事项才写"
    )
    own_system: OwnSystem | None = Field(
        default=None, description="部门另有自己的业务系统、受理后要把办件交过去的事项才写"
    )
    identity_level: IdentityLevel
    life_events: tuple[Text, ...] = ()
    about: About | None = None
    applicants: Applicants
    prerequisites: tuple[Prerequisite, ...] = ()
    materials: tuple[Material, ...]
    fields: tuple[FormField, ...] = Field(min_length=1, description="按提问的先后排列")
    groups: Mapping[Slug, Group] = Field(
        default_factory=dict, description="要填几遍的字段组，例如 {family: {each: 第{n}位家庭成员}}"
    )
    process: Process | None = None
    fee: Fee
    time: Time
    amounts: tuple[Slug, ...] = Field(
        default=(), description="市民能领到、要交的钱：data/parameters/figures/ 里的名字"
    )
    legal_basis: tuple[LegalBasis, ...] = ()
    result: Result
    validity: Validity
    channels: tuple[Text, ...] = ()
    related: tuple[Slug, ...] = ()
    faq: tuple[Faq, ...] = ()
    facts: FactGroups = Field(description="各组内容的核实情况")
    sources: Sources = ()
    as_of: Text = Field(description="资料的时间")

    @model_validator(mode="after")
    def _instant_has_rule(self) -> Self:
        if self.instant and self.instant_rule is None:
            raise wrong("instant 是 true 时要写 instant_rule")
        if self.instant and self.second_look is not None:
            raise wrong("instant 是 true（机器人当场办）的事项不能再要两个人看（second_look）")
        return self

    def field(self, slug: str) -> FormField | None:
        """The form field called `slug`."""
        return next((field for field in self.fields if field.slug == slug), None)

    def material(self, slug: str) -> Material | None:
        """The paper called `slug`."""
        return next((material for material in self.materials if material.slug == slug), None)

    def condition(self, id: str) -> ApplicantCondition | None:
        """The applicants' condition called `id`."""
        return next((found for found in self.applicants.conditions if found.id == id), None)

    def alternatives(self, id: str) -> tuple[ApplicantCondition, ...]:
        """Conditions that may stand in for the condition `id`, in the order written."""
        return tuple(one for one in self.applicants.conditions if one.alternative_to == id)

    @property
    def title(self) -> str:
        """The name to use in a conversation."""
        return self.short_name or self.name
