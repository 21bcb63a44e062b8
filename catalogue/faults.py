"""Faults in words a trainer can act on: which file, which field, what to do."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError

from catalogue.strict import Strict

# pydantic's error types (https://docs.pydantic.dev/latest/errors/validation_errors/) → the remedy
_HINTS = {
    "extra_forbidden": "不认识的字段，请检查拼写，或删掉这一行",
    "missing": "缺少这一项，请补上",
    "string_type": "这里要写文字；如果写的是 true、false 或数字，请加引号",
    "string_too_short": "不能是空的，请写上内容；没有内容就删掉这一行",
    "string_pattern_mismatch": "只能用英文小写字母、数字和下划线（名字要以字母开头）",
    "bool_type": "这里只能写 true 或 false，不加引号",
    "int_type": "这里要写整数，不加引号",
    "int_from_float": "这里要写整数，不能有小数",
    "float_type": "这里要写数字，不加引号",
    "decimal_type": "这里要写数字，不加引号",
    "tuple_type": "这里要写成列表（每行以“- ”开头，或用 [ ] 括起来）",
    "dict_type": "这里要写成“键: 值”",
    "mapping_type": "这里要写成“键: 值”",
    "model_type": "这里要写成“键: 值”的一组内容",
    "model_attributes_type": "这里要写成“键: 值”的一组内容",
    "too_short": "列表里的内容太少，请补上",
    "too_long": "列表里的内容太多，请减少",
    "date_parsing": "日期要写成 2025-03-01 的样子",
    "date_from_datetime_parsing": "日期要写成 2025-03-01 的样子",
    "date_type": "日期要写成 2025-03-01 的样子",
    "none_required": "这里不能写内容",
}
_MISPLACED = "这个键不写在这里，请看看缩进：多半要往外挪一层，和上一层的键对齐"
_BOUNDS = {
    "greater_than": ("必须大于 {}", "gt"),
    "greater_than_equal": ("不能小于 {}", "ge"),
    "less_than": ("必须小于 {}", "lt"),
    "less_than_equal": ("不能大于 {}", "le"),
}


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to repair."""

    file: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}：{self.path or '整个文件'}：{self.message}"


class CatalogueError(Exception):
    """The files cannot be used. Its text lists every fault, in Chinese."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def schema_faults(file: str, data: Any, error: ValidationError) -> list[Fault]:
    """All faults pydantic found in one file."""
    found: dict[str, list[str]] = {}
    for one in error.errors(include_url=False, include_input=False):
        path = readable_path(data, one["loc"])
        hint = _hint(one["type"], one.get("ctx", {}), one["msg"])
        if one["type"] == "extra_forbidden" and one["loc"][-1] in _known_keys():
            hint = _MISPLACED
        found.setdefault(path, [])
        if hint not in found[path]:
            found[path].append(hint)
    return [Fault(file, path, "；或者".join(hints)) for path, hints in found.items()]


@cache
def _known_keys() -> frozenset[str]:
    """Keys that some part of the catalogue's files has."""
    kinds, found = [Strict], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found |= {field.alias or name for name, field in kind.model_fields.items()}
    return frozenset(found)


def readable_path(data: Any, loc: tuple[int | str, ...]) -> str:
    """The way to a value as a trainer sees it: `fields[phone].options[2].label`.

    List members are named by their slug, id, value or code where they have one, otherwise by
    number from 1. Parts that pydantic adds for unions do not exist in the file and are left out.
    """
    path = ""
    here = data
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(part, int) and isinstance(here, list) and part < len(here):
            here = here[part]
            path += f"[{_label(here) or part + 1}]"
        elif isinstance(part, str) and isinstance(here, dict) and part in here:
            here = here[part]
            path += f".{part}" if path else part
        elif isinstance(part, str) and isinstance(here, dict) and last:
            path += f".{part}" if path else part
    return path


def _label(member: Any) -> str | None:
    if isinstance(member, dict):
        for key in ("slug", "id", "value", "code", "q"):
            if isinstance(member.get(key), str):
                return str(member[key])
    return None


def _hint(kind: str, context: dict[str, Any], message: str) -> str:
    if kind in _HINTS:
        return _HINTS[kind]
    if kind in _BOUNDS:
        text, key = _BOUNDS[kind]
        return text.format(context.get(key))
    if kind in ("literal_error", "enum"):
        expected = str(context.get("expected", "")).replace(" or ", "、").replace(", ", "、")
        return f"只能写 {expected} 之一"
    if kind in ("condition", "item"):
        return message
    return f"内容不对（{kind}），请对照其它事项的写法"
