"""Conditions over answers: `{field, op, value}`, `{all: […]}`, `{any: […]}`, `{not: …}`.

Trainers write them in YAML; here they are compiled to CEL (never to Python). Logic is
three-valued: an answer not yet given makes a condition undecided (`None`) unless the rest of it
decides alone. A key that is present but empty (`None`, `""`, `[]`) was asked and left empty: it
equals nothing and is not filled.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, Self

import cel
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from catalogue.strict import Slug, Strict

Op = Literal["eq", "ne", "in", "gt", "gte", "lt", "lte", "filled"]
Scalar = str | bool | int | float

_ORDER = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def _wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("condition", "{message}", {"message": message})


class Condition(Strict):
    """One condition. Exactly one of: `field` with `op`, `all`, `any`, `not`."""

    field: Slug | None = Field(default=None, description="同一事项里的字段 slug")
    op: Op | None = Field(
        default=None,
        description="eq 等于，ne 不等于，in 是其中之一（多选：选中任一），gt/gte/lt/lte 比大小，"
        "filled 已填写",
    )
    value: Scalar | tuple[Scalar, ...] | None = Field(
        default=None, description="比较的值；in 要写列表，filled 不写"
    )
    all_: tuple["Condition", ...] | None = Field(
        default=None, alias="all", description="全部成立才成立"
    )
    any_: tuple["Condition", ...] | None = Field(
        default=None, alias="any", description="有一个成立就成立"
    )
    not_: "Condition | None" = Field(default=None, alias="not", description="不成立才成立")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [self.field, self.all_, self.any_, self.not_]
        if sum(form is not None for form in forms) != 1:
            raise _wrong(
                "条件要写成 {field, op, value}、{all: [...]}、{any: [...]} 或 {not: ...} 之一"
            )
        if self.field is None:
            if self.op is not None or self.value is not None:
                raise _wrong("all/any/not 旁边不能再写 op 或 value")
            if self.all_ == () or self.any_ == ():
                raise _wrong("all 或 any 的列表不能是空的")
            return self
        self._check_leaf()
        return self

    def _check_leaf(self) -> None:
        if self.op is None:
            raise _wrong("少了 op（eq、ne、in、gt、gte、lt、lte、filled 之一）")
        if self.op == "filled":
            if self.value is not None:
                raise _wrong("filled 不用写 value，请删掉")
        elif self.value is None:
            raise _wrong("少了 value")
        elif self.op == "in":
            if not isinstance(self.value, tuple) or not self.value:
                raise _wrong("in 的 value 要写成列表，例如 [rented, own]")
        elif isinstance(self.value, tuple):
            raise _wrong(f"{self.op} 的 value 只能是一个值；要比较多个值请用 in")
        elif self.op in _ORDER and isinstance(self.value, bool):
            raise _wrong("真假值不能比大小")

    def fields(self) -> frozenset[str]:
        """Slugs of all fields this condition looks at."""
        return frozenset(leaf.field for leaf in self.leaves() if leaf.field)

    def leaves(self) -> tuple["Condition", ...]:
        """All `{field, op, value}` parts, in the order written."""
        if self.field is not None:
            return (self,)
        parts = (*(self.all_ or ()), *(self.any_ or ()), *([self.not_] if self.not_ else ()))
        return tuple(leaf for part in parts for leaf in part.leaves())

    def holds(self, answers: Mapping[str, object]) -> bool | None:
        """True, False, or None while an answer that matters is missing.

        Args:
            answers: field slug → value. A missing key means "not asked yet"; a value that cannot be
                compared with the one in the condition (a word against a number) decides nothing.
        """
        context = _context(self, answers)
        surely, surely_not = self.expressions()
        if _compiled(surely).execute(context):
            return True
        if _compiled(surely_not).execute(context):
            return False
        return None

    def expressions(self) -> tuple[str, str]:
        """Two CEL expressions: "surely holds" and "surely does not hold".

        Every name in them is bound by `holds`, see `_names`.
        """
        if self.field is not None:
            known, values = _names(self)
            test = _test(self, values)
            return f"({known} && {test})", f"({known} && !{test})"
        if self.not_ is not None:
            surely, surely_not = self.not_.expressions()
            return surely_not, surely
        pairs = [part.expressions() for part in (self.all_ or self.any_ or ())]
        every = (" && ", " || ") if self.all_ else (" || ", " && ")
        return (
            "(" + every[0].join(pair[0] for pair in pairs) + ")",
            "(" + every[1].join(pair[1] for pair in pairs) + ")",
        )


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Any:
    return cel.compile(expression)


def _reading(leaf: Condition) -> str:
    """How the leaf reads the answer: "n" as numbers, "t" as text in order, "x" as it is."""
    wanted = leaf.value[0] if isinstance(leaf.value, tuple) else leaf.value
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return "n"
    return "t" if leaf.op in _ORDER else "x"


def _names(leaf: Condition) -> tuple[str, str]:
    """CEL names: whether a usable answer is known, and the list of its values (may be empty)."""
    reading = _reading(leaf)
    return f"known_{reading}_{leaf.field}", f"values_{reading}_{leaf.field}"


def _test(leaf: Condition, values: str) -> str:
    """The comparison itself, in CEL."""
    if leaf.op == "filled":
        return f"(size({values}) > 0)"
    if isinstance(leaf.value, tuple):
        choices = ", ".join(_literal(value) for value in leaf.value)
        return f"{values}.exists(e, e in [{choices}])"
    assert leaf.value is not None and leaf.op is not None  # guaranteed by the validator
    wanted = _literal(leaf.value)
    if leaf.op in ("eq", "ne"):
        return f"({values} {'==' if leaf.op == 'eq' else '!='} [{wanted}])"
    return f"(size({values}) > 0 && {values}[0] {_ORDER[leaf.op]} {wanted})"


def _literal(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(float(value))
    return json.dumps(value, ensure_ascii=False)


def _context(condition: Condition, answers: Mapping[str, object]) -> dict[str, object]:
    context: dict[str, object] = {}
    for leaf in condition.leaves():
        assert leaf.field is not None
        known = leaf.field in answers
        values = _values(answers.get(leaf.field))
        reading = _reading(leaf)
        if reading == "n":
            values, numeric = _numbers(values)
            known = known and numeric
        elif reading == "t":
            known = known and all(isinstance(value, str) for value in values)
        known_name, values_name = _names(leaf)
        context[known_name], context[values_name] = known, values
    return context


def _values(answer: object) -> list[object]:
    """An answer as a list of plain CEL values; empty when it was left empty."""
    if answer is None or answer == "":
        return []
    if isinstance(answer, list | tuple | set | frozenset):
        return [value for part in answer for value in _values(part)]
    if isinstance(answer, datetime | date):
        return [answer.isoformat()]
    if isinstance(answer, Decimal | int | float) and not isinstance(answer, bool):
        return [float(answer)]
    return [answer if isinstance(answer, bool) else str(answer)]


def _numbers(values: list[object]) -> tuple[list[object], bool]:
    try:
        numbers: list[object] = [float(str(value)) for value in values]
    except ValueError:
        return [], False
    return numbers, True
