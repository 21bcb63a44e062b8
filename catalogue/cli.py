"""`python -m catalogue check | schema [--check] | training`: the trainers' commands."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from catalogue.conditions import Condition
from catalogue.faults import CatalogueError
from catalogue.loader import Catalogue, load_catalogue
from catalogue.parameters import load_hall, load_holidays
from catalogue.schema import ServiceItem
from catalogue.training import conflicts, write_training

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = Path("schemas/service_item.json")
TRAINING = Path("build/nlu/items.yml")


def schema_text() -> str:
    """The JSON Schema of an item file, for completion and hints in an editor."""
    schema = ServiceItem.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "政务服务事项"
    _exactly_one_form(schema["$defs"][Condition.__name__])
    for key in ("fields", "materials"):
        _or_shared(schema["properties"][key])
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _exactly_one_form(condition: dict[str, Any]) -> None:
    """What the model checks in code, told to the editor too."""
    condition["oneOf"] = [
        {"required": ["field", "op"]},
        *({"required": [key]} for key in ("all", "any", "not")),
    ]


def _or_shared(listed: dict[str, Any]) -> None:
    """A field or paper may be written out, or named by `use:` with changes."""
    use = {
        "type": "object",
        "required": ["use"],
        "properties": {"use": {"type": "string", "description": "data/shared/ 里的名字"}},
    }
    listed["items"] = {"anyOf": [use, listed["items"]]}


def check(root: Path, _: argparse.Namespace) -> int:
    """Check every file of the catalogue; all faults at once."""
    faults: list[str] = []
    catalogue: Catalogue | None = None
    try:
        catalogue = load_catalogue(root / "data/items")
    except CatalogueError as exc:
        faults += str(exc).splitlines()
    for load, name in ((load_hall, "hall.yml"), (load_holidays, "holidays.yml")):
        try:
            load(root / "data/parameters" / name)
        except CatalogueError as exc:
            faults += str(exc).splitlines()
    if catalogue:
        faults += conflicts(catalogue)
    if faults or catalogue is None:
        print("\n".join(faults))
        print(f"共 {len(faults)} 处要改。")
        return 1
    print(f"事项目录没有问题：{len(catalogue.items)} 个事项。")
    return 0


def schema(root: Path, options: argparse.Namespace) -> int:
    """Write the JSON Schema, or with --check say whether it is up to date."""
    path, wanted = root / SCHEMA, schema_text()
    if options.check:
        if path.is_file() and path.read_text("utf-8") == wanted:
            return 0
        print(f"{SCHEMA} 过时了，请运行 python -m catalogue schema")
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(wanted, encoding="utf-8")
    print(f"写好了 {SCHEMA}")
    return 0


def training(root: Path, _: argparse.Namespace) -> int:
    """Write the bot's training examples from the items."""
    try:
        count = write_training(load_catalogue(root / "data/items"), root / TRAINING)
    except CatalogueError as exc:
        print(exc)
        return 1
    print(f"写好了 {TRAINING}：{count} 句")
    return 0


_COMMANDS: dict[str, Callable[[Path, argparse.Namespace], int]] = {
    "check": check,
    "schema": schema,
    "training": training,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m catalogue", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="项目文件夹")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run in _COMMANDS.items():
        sub = commands.add_parser(name, help=run.__doc__)
        if name == "schema":
            sub.add_argument("--check", action="store_true", help="只检查是不是最新的")
    options = parser.parse_args(arguments)
    return _COMMANDS[options.command](options.root, options)
