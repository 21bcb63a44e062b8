"""Cross-checks: what one file cannot know about itself or about the others."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from catalogue.conditions import Condition
from catalogue.faults import Fault
from catalogue.figures import Figure, Window
from catalogue.form import FormField, Material, Validation
from catalogue.named_checks import NamedCheck
from catalogue.schema import ApplicantCondition, ServiceItem
from catalogue.sourced import Sourced
from catalogue.strict import Strict
from catalogue.vocabulary import PROOFS

Problem = tuple[str, str]
"""Path in the file, and what to do about it."""


@dataclass(frozen=True)
class Surroundings:
    """What items may refer to outside their own file."""

    sources: frozenset[str] = frozenset()
    departments: Mapping[str, str] = field(default_factory=dict)
    planned: Mapping[str, str] = field(default_factory=dict)
    planned_also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    checks: Mapping[str, NamedCheck] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)


def cross_check(items: Mapping[str, ServiceItem], around: Surroundings) -> list[Fault]:
    """Faults of all items together.

    Args:
        items: file name → item, only those that pass the schema.
        around: what they may refer to.
    """
    faults = [
        Fault(file, path, message)
        for file, item in items.items()
        for check in _ITEM_CHECKS
        for path, message in check(item)
    ]
    codes = {item.code for item in items.values()} | set(around.planned)
    for file, item in items.items():
        if item.code != file.removesuffix(".yml"):
            faults.append(
                Fault(file, "code", f"要和文件名一样，请改成 {file.removesuffix('.yml')}")
            )
        faults += [Fault(file, *problem) for problem in _references(item, codes, around)]
    return faults + _shared_names(items)


def _references(item: ServiceItem, codes: set[str], around: Surroundings) -> Iterator[Problem]:
    for path, code in _item_codes(item):
        if code not in codes:
            yield (
                path,
                (
                    f"没有“{code}”这个事项；如果是以后才加的事项，"
                    "请先写进 data/parameters/planned_items.yml"
                ),
            )
    if item.department not in around.departments:
        yield "department", f"没有“{item.department}”这个部门，见 data/parameters/departments.yml"
    for path, name in _check_names(item):
        yield from ((path, problem) for problem in _check_fits(item, name, around))
    for path, figure in (*(("amounts", one) for one in item.amounts), *_figures_named(item, "")):
        if figure not in around.figures:
            yield path, f"没有“{figure}”这个数字，请先写进 data/parameters/figures/，或改正拼写"
    for path, source in _cited(item, ""):
        if source not in around.sources:
            yield path, f"没有“{source}”这个来源，请先写进 data/sources.yml"


def _item_codes(item: ServiceItem) -> Iterator[Problem]:
    for code in item.related:
        yield "related", code
    for prerequisite in item.prerequisites:
        yield "prerequisites", prerequisite.code
    for condition in item.applicants.conditions:
        if condition.lead_to:
            yield f"applicants.conditions[{condition.id}].lead_to", condition.lead_to
    if item.instant_rule and item.instant_rule.otherwise_item:
        yield "instant_rule.otherwise_item", item.instant_rule.otherwise_item
    if item.about:
        for code in item.about.differs:
            yield "about.differs", code


def _check_names(item: ServiceItem) -> Iterator[Problem]:
    for condition in item.applicants.conditions:
        if condition.check.name:
            yield f"applicants.conditions[{condition.id}].check.name", condition.check.name
    for material in item.materials:
        for one in material.satisfied_by:
            if one.kind == "check" and one.name:
                yield f"materials[{material.slug}].satisfied_by", one.name
    for check in item.instant_rule.auto_checks if item.instant_rule else ():
        if check.name:
            yield "instant_rule.auto_checks", check.name


def _check_fits(item: ServiceItem, name: str, around: Surroundings) -> Iterator[str]:
    """What a check looks at must be asked by the item."""
    check = around.checks.get(name)
    if check is None:
        yield f"没有“{name}”这个核查，请先写进 data/checks/"
        return
    asked = [*check.send, *([check.address.field] if check.address else ())]
    if check.age or check.register_:
        asked.append(check.about)
    for slug in asked:
        if item.field(slug) is None:
            yield f"核查“{name}”要用到字段“{slug}”，这个事项没有问"
    if check.window and check.window not in around.windows:
        yield f"核查“{name}”要用到 windows.yml 里的“{check.window}”，没有找到"


_FIGURE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def _figures_named(value: object, path: str) -> Iterator[Problem]:
    """Every `{figure}` in the item's texts, with the place; `{n}` numbers a repeated group."""
    if isinstance(value, str):
        yield from ((path, name) for name in _FIGURE.findall(value) if name != "n")
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _figures_named(member, f"{path}.{key}")
    elif isinstance(value, tuple):
        for number, member in enumerate(value):
            label = getattr(member, "slug", None) or getattr(member, "id", None) or number + 1
            yield from _figures_named(member, f"{path}[{label}]")
    elif isinstance(value, Strict) and not isinstance(value, Validation):
        for key in type(value).model_fields:
            yield from _figures_named(getattr(value, key), f"{path}.{key}" if path else key)


def _cited(value: object, path: str) -> Iterator[Problem]:
    """Every source named anywhere in the item, with the place."""
    if isinstance(value, tuple):
        for number, member in enumerate(value):
            name = getattr(member, "slug", None) or getattr(member, "id", None) or number + 1
            yield from _cited(member, f"{path}[{name}]")
    elif isinstance(value, Strict):
        for key in type(value).model_fields:
            here = f"{path}.{key}" if path else key
            inner = getattr(value, key)
            if key == "sources":
                yield from ((here, source) for source in inner)
            else:
                yield from _cited(inner, here)


def _slugs_unique(item: ServiceItem) -> Iterator[Problem]:
    named: dict[str, Iterable[str]] = {
        "fields": (field.slug for field in item.fields),
        "materials": (material.slug for material in item.materials),
        "applicants.conditions": (condition.id for condition in item.applicants.conditions),
    }
    for path, names in named.items():
        for name in _repeated(names):
            yield path, f"“{name}”写了两次，请改名或删掉一个"
    for field_ in item.fields:
        for value in _repeated(option.value for option in field_.options):
            yield f"fields[{field_.slug}].options", f"“{value}”写了两次，请改名或删掉一个"
        words = [
            word
            for one in field_.options
            for word in {one.label, *one.synonyms, *one.short_answers}
        ]
        for word in _repeated(words):
            yield f"fields[{field_.slug}].options", f"“{word}”同时属于两个选项，请只留一处"


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


def _conditions(item: ServiceItem) -> Iterator[tuple[str, Condition]]:
    for field_ in item.fields:
        if field_.when:
            yield f"fields[{field_.slug}].when", field_.when
    for material in item.materials:
        if material.when:
            yield f"materials[{material.slug}].when", material.when
    for condition in item.applicants.conditions:
        if condition.declared_by:
            yield f"applicants.conditions[{condition.id}].declared_by", condition.declared_by
    if item.instant_rule:
        yield "instant_rule.when", item.instant_rule.when


def _conditions_refer_to_what_exists(item: ServiceItem) -> Iterator[Problem]:
    for path, condition in _conditions(item):
        for leaf in condition.leaves():
            field_ = item.field(leaf.field or "")
            if field_ is None:
                yield path, f"没有“{leaf.field}”这个字段，请检查拼写"
            else:
                yield from ((path, message) for message in _leaf_fits(leaf, field_))
    for field_ in item.fields:
        if field_.when and field_.slug in field_.when.fields():
            yield f"fields[{field_.slug}].when", "不能以自己为条件"


def _leaf_fits(leaf: Condition, field_: FormField) -> Iterator[str]:
    if leaf.op == "filled":
        return
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    if field_.type == "choice":
        if leaf.op not in ("eq", "ne", "in"):
            yield f"“{field_.slug}”是选择题，只能用 eq、ne、in、filled"
        options = [option.value for option in field_.options]
        for value in values:
            if value not in options:
                yield f"“{field_.slug}”没有“{value}”这个选项；现有：{'、'.join(options)}"
    elif field_.type == "number":
        if any(isinstance(value, str | bool) for value in values):
            yield f"“{field_.slug}”是数字，value 要写数字，不加引号"
    elif any(not isinstance(value, str) for value in values):
        yield f"“{field_.slug}”不是数字，value 要写文字（加引号）"


def _fields_can_be_asked(item: ServiceItem) -> Iterator[Problem]:
    for field_ in item.fields:
        path = f"fields[{field_.slug}]"
        for key, wanted in (("ask", "怎样问"), ("why", "为什么要填")):
            if field_.required and getattr(field_, key) is None:
                yield f"{path}.{key}", f"必填的字段要写清楚{wanted}"
        if field_.when and not field_.when_text:
            yield f"{path}.when_text", "写了 when，也要用中文写出是什么情况"
        yield from _validation_fits(item, field_, f"{path}.validate")
        yield from _example_fits(field_, path)


def _corrections_lead_to_one_field(item: ServiceItem) -> Iterator[Problem]:
    """ "地址错了" must reopen one field. Fields that are never asked together may share a name."""
    owner: dict[str, FormField] = {}
    for field_ in item.fields:
        for name in dict.fromkeys((*field_.names, field_.label)):
            other = owner.setdefault(name, field_)
            if other is not field_ and (other.when is None or field_.when is None):
                yield (
                    f"fields[{field_.slug}].names",
                    f"“{name}”也是 {other.slug} 的叫法，市民更正时分不清，请只留一处",
                )


def _groups_are_described(item: ServiceItem) -> Iterator[Problem]:
    for field_ in item.fields:
        if field_.repeat and field_.group not in item.groups:
            yield (
                f"fields[{field_.slug}].group",
                f"这一组要填几遍，请在 groups 里写明“{field_.group}”怎样称呼",
            )
    for name, group in item.groups.items():
        counted = item.field(group.count_by or "")
        if group.count_by and (counted is None or counted.type != "number"):
            yield f"groups.{name}.count_by", f"没有“{group.count_by}”这个数字字段"


def _validation_fits(item: ServiceItem, field_: FormField, path: str) -> Iterator[Problem]:
    rules = field_.validation
    if rules.pattern is not None:
        try:
            re.compile(rules.pattern)
        except re.error:
            yield f"{path}.pattern", "这个正则表达式写得不对，请找技术人员看一下"
    for key in ("after", "before"):
        other = getattr(rules, key)
        if isinstance(other, str):
            found = item.field(other)
            if found is None or found.type != "date":
                yield f"{path}.{key}", f"没有“{other}”这个日期字段"
    if rules.warn_over:
        found = item.field(rules.warn_over.field)
        if found is None or found.type != "number":
            yield f"{path}.warn_over", f"没有“{rules.warn_over.field}”这个数字字段"
    used = {key for key in type(rules).model_fields if getattr(rules, key) not in (None, (), False)}
    for key in sorted(used - _RULES_OF[field_.type] - {"message", "clerk_rule"}):
        yield f"{path}.{key}", f"{field_.type} 类型的字段用不上这一项，请删掉"


_TEXT = {"len", "pattern", "checksum"}
_FILE = {"files", "formats", "max_mb"}
_RULES_OF: dict[str, set[str]] = {
    "text": _TEXT,
    "id_number": _TEXT,
    "phone": _TEXT,
    "date": {"min", "max", "after", "before"},
    "choice": set(),
    "address": {"needs", "within", "len"},
    "region": {"level", "within"},
    "number": {"min", "max", "warn_over"},
    "photo": _FILE | {"bg", "face", "no_hat", "liveness", "size"},
    "document": _FILE,
    "signature": set(),
}


def _example_fits(field_: FormField, path: str) -> Iterator[Problem]:
    """An example that the field itself would refuse misleads every citizen."""
    if field_.example is None or field_.type not in ("text", "phone"):
        return
    rules = field_.validation
    if rules.len and not rules.len[0] <= len(field_.example) <= rules.len[1]:
        yield f"{path}.example", "例子的字数不符合这个字段自己的 len"
    try:
        if rules.pattern and not re.fullmatch(rules.pattern, field_.example):
            yield f"{path}.example", "例子不符合这个字段自己的 pattern"
    except re.error:
        return  # told by _validation_fits


def _materials_fit(item: ServiceItem) -> Iterator[Problem]:
    for material in item.materials:
        yield from _satisfied_by_exists(item, material)
        if material.when and not material.when_text:
            yield (
                f"materials[{material.slug}].when_text",
                "写了 when，也要用中文写出是什么情况",
            )


def _satisfied_by_exists(item: ServiceItem, material: Material) -> Iterator[Problem]:
    path = f"materials[{material.slug}].satisfied_by"
    for one in material.satisfied_by:
        if one.kind == "field" and item.field(one.name or "") is None:
            yield path, f"没有“{one.name}”这个字段，请检查拼写"
        elif one.kind == "proof" and one.name not in PROOFS:
            yield path, f"没有“{one.name}”这种证明；现有：{'、'.join(sorted(PROOFS))}"


def _applicants_fit(item: ServiceItem) -> Iterator[Problem]:
    for condition in item.applicants.conditions:
        path = f"applicants.conditions[{condition.id}]"
        if condition.alternative_to:
            yield from _alternative_fits(item, condition, f"{path}.alternative_to")
        elif condition.check.kind in ("named", "declared"):
            for key in ("if_not", "do_instead"):
                if getattr(condition, key) is None:
                    yield f"{path}.{key}", "机器会判断这一条，所以要写清楚不符合时怎样告诉市民"


def _alternative_fits(
    item: ServiceItem, condition: ApplicantCondition, path: str
) -> Iterator[Problem]:
    main = item.condition(condition.alternative_to or "")
    if main is None:
        yield path, f"没有“{condition.alternative_to}”这一条条件"
    elif main.alternative_to is not None or main is condition:
        yield path, "要写主条件的 id，不能写另一条代替条件"


def _verified_facts_have_sources(item: ServiceItem) -> Iterator[Problem]:
    for path, group in _sourced(item, ""):
        if group.status == "verified" and not group.sources and not item.sources:
            yield f"{path}.sources", "写了 verified（已核实），就要写来源"


def _sourced(value: object, path: str) -> Iterator[tuple[str, Sourced]]:
    if isinstance(value, Sourced):
        yield path, value
    if isinstance(value, tuple):
        for number, member in enumerate(value):
            yield from _sourced(member, f"{path}[{number + 1}]")
    elif isinstance(value, Strict):
        for key in type(value).model_fields:
            yield from _sourced(getattr(value, key), f"{path}.{key}" if path else key)


def _shared_names(items: Mapping[str, ServiceItem]) -> list[Fault]:
    """A name may lead to one item only."""
    owner: dict[str, str] = {}
    faults = []
    for file, item in items.items():
        names = {item.name, *item.aliases, *((item.short_name,) if item.short_name else ())}
        for name in sorted(names):
            if name in owner:
                faults.append(
                    Fault(file, "aliases", f"“{name}”也是 {owner[name]} 的名字，请只留在一个事项里")
                )
            owner.setdefault(name, file)
    return faults


_ITEM_CHECKS: tuple[Callable[[ServiceItem], Iterator[Problem]], ...] = (
    _slugs_unique,
    _conditions_refer_to_what_exists,
    _fields_can_be_asked,
    _groups_are_described,
    _corrections_lead_to_one_field,
    _materials_fit,
    _applicants_fit,
    _verified_facts_have_sources,
)
