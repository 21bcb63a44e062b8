"""Fields and papers that many items share: written once in `data/shared/`, named by `use:`.

An item writes `- use: phone` for the shared field `phone`, or `- use: proxy`
for the whole block of that name. Keys beside `use` replace those of the shared field; `slug`
renames it. What comes out is as if the item had written everything itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalogue.faults import Fault
from catalogue.yaml_files import read_yaml

Raw = dict[str, Any]


@dataclass(frozen=True)
class SharedParts:
    """What `use:` may name."""

    fields: Mapping[str, Raw] = field(default_factory=dict)
    blocks: Mapping[str, list[str]] = field(default_factory=dict)
    materials: Mapping[str, Raw] = field(default_factory=dict)


def load_shared(folder: Path) -> tuple[SharedParts, list[Fault]]:
    """All of `data/shared/*.yml`; an absent folder shares nothing."""
    known: dict[str, dict[str, Any]] = {"fields": {}, "blocks": {}, "materials": {}}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yml")):
        data, found = read_yaml(path)
        faults += found
        for kind, members in data.items() if isinstance(data, dict) else ():
            if kind not in known or not isinstance(members, dict):
                faults.append(Fault(path.name, kind, "只能写 fields、blocks、materials"))
                continue
            for name, content in members.items():
                if name in known[kind]:
                    faults.append(Fault(path.name, f"{kind}.{name}", "写了两次，请改名或删掉一个"))
                known[kind][name] = content
    parts = SharedParts(known["fields"], known["blocks"], known["materials"])
    faults += [
        Fault(folder.name, f"blocks.{block}", f"没有“{name}”这个公用字段")
        for block, names in parts.blocks.items()
        for name in names
        if name not in parts.fields
    ]
    return parts, faults


def expanded(data: Any, parts: SharedParts, file: str) -> tuple[Any, list[Fault]]:
    """An item's raw content with every `use:` replaced by what it names."""
    if not isinstance(data, dict):
        return data, []
    faults: list[Fault] = []
    whole = dict(data)
    for key, known in (("fields", parts.fields), ("materials", parts.materials)):
        if not isinstance(data.get(key), list):
            continue
        members: list[Any] = []
        for member in data[key]:
            if not isinstance(member, dict) or "use" not in member:
                members.append(member)
                continue
            name, changes = member["use"], {k: v for k, v in member.items() if k != "use"}
            if key == "fields" and name in parts.blocks and not changes:
                members += [{"slug": one, **known[one]} for one in parts.blocks[name]]
            elif name in known:
                members.append({"slug": name, **known[name], **changes})
            else:
                faults.append(Fault(file, f"{key}[{name}].use", _unknown(name, key, parts)))
        whole[key] = members
    return whole, faults


def _unknown(name: object, key: str, parts: SharedParts) -> str:
    if key == "fields" and name in parts.blocks:
        return "整组引用（block）不能改内容；要改就一项一项引用"
    return f"data/shared/ 里没有“{name}”，请检查拼写"
