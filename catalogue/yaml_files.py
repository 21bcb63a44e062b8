"""Reading the trainers' YAML: YAML 1.2 words for true and false, no key twice."""

from pathlib import Path
from typing import Any

import yaml

from catalogue.faults import Fault

_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same in C where PyYAML was built with libyaml: forty items are read in a tenth of the time."""


class _Loader(_Fast):  # type: ignore[misc]
    """SafeLoader, but `yes`, `no`, `on`, `off` are words, and a repeated key is an error."""

    yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _KeyFault(f"键“{key}”要写成文字，请加引号", key_node.start_mark)
            if key in seen:
                raise _KeyFault(f"“{key}”写了两次，请删掉一个", key_node.start_mark)
            seen.add(key)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


class _KeyFault(yaml.MarkedYAMLError):
    def __init__(self, problem: str, mark: Any) -> None:
        super().__init__(problem=problem, problem_mark=mark)


def read_yaml(path: Path) -> tuple[Any, list[Fault]]:
    """The file's content, or None with what is wrong with it."""
    try:
        return yaml.load(path.read_text("utf-8"), Loader=_Loader), []  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError:
        return None, [Fault(path.name, "", "文件编码不是 UTF-8，请另存为 UTF-8")]
    except _KeyFault as exc:
        return None, [Fault(path.name, _where(exc), str(exc.problem))]
    except yaml.YAMLError as exc:
        return None, [
            Fault(path.name, _where(exc), "这一行附近的写法读不懂，请检查缩进、冒号和引号")
        ]


def _where(exc: yaml.YAMLError) -> str:
    mark = getattr(exc, "problem_mark", None)
    return f"第 {mark.line + 1} 行" if mark else ""
