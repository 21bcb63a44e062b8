"""`make new-item`: asks the few things that cannot be left open, and writes two files.

What is written passes the catalogue's check; everything else stands in it as 待填, with how to
write it. Nothing that is 待填 looks like a fact: its status is `unverified`.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader

from catalogue.loader import Catalogue
from catalogue.shared import load_shared

TODO = "待填"
_TEMPLATES = Path(__file__).resolve().parent / "templates"
_CODE = re.compile(r"^[a-z][a-z0-9_]{2,63}$")
_SEPARATORS = re.compile(r"[、，,；;\s]+")

Ask = Callable[[str], str]


class AnswersUnusable(Exception):
    """An answer cannot be used; the message says which and why."""


#: key → (question, whether it may stay empty)
QUESTIONS: Mapping[str, tuple[str, bool]] = {
    "code": ("事项代码（英文小写和下划线，例如 home_care_subsidy）", False),
    "name": ("正式名称", False),
    "short_name": ("对话里的短名字（不写就用正式名称）", True),
    "aliases": ("市民常用的叫法（用顿号隔开，多写几个）", False),
    "department": ("部门代码（{departments}）", False),
    "authority": ("办理单位的全名", False),
    "kind": ("事项类型（例如 行政给付、行政确认、公共服务；不知道就不写）", True),
    "who": ("谁可以办，一句话", False),
    "about": ("这件事是什么、有什么用，一两句话", False),
    "papers": ("要哪些材料（用顿号隔开；身份证、户口本这些公用的直接写名字）", True),
    "questions": ("除了姓名、身份证号、手机号，还要问什么（用顿号隔开）", True),
    "near": ("容易和它弄混的事项代码（用顿号隔开；没有就不写）", True),
}
_LISTS = {"aliases", "papers", "questions", "near"}


def asked(ask: Ask, catalogue: Catalogue) -> dict[str, Any]:
    """The answers of a conversation at the terminal; a wrong one is asked for again."""
    answers: dict[str, Any] = {}
    departments = "，".join(f"{code} {name}" for code, name in catalogue.departments.items())
    for key, (question, optional) in QUESTIONS.items():
        while True:
            given = ask(question.format(departments=departments) + "：").strip()
            try:
                answers[key] = _checked(key, given, optional, catalogue)
                break
            except AnswersUnusable as exc:
                ask(f"  {exc}（按回车再答一次）")
    return answers


def read_answers(path: Path, catalogue: Catalogue) -> dict[str, Any]:
    """The same from a YAML file. Raises AnswersUnusable, with all faults."""
    given = yaml.safe_load(path.read_text("utf-8"))
    if not isinstance(given, dict):
        raise AnswersUnusable(f"{path.name}：要写成“键: 值”")
    faults = [f"{key}：没有这一问" for key in given if key not in QUESTIONS]
    answers = {}
    for key, (_, optional) in QUESTIONS.items():
        try:
            answers[key] = _checked(key, given.get(key) or "", optional, catalogue)
        except AnswersUnusable as exc:
            faults.append(f"{key}：{exc}")
    if faults:
        raise AnswersUnusable("\n".join(faults))
    return answers


def _checked(key: str, given: Any, optional: bool, catalogue: Catalogue) -> Any:
    if key in _LISTS:
        listed = given if isinstance(given, list) else _SEPARATORS.split(given)
        given = [str(one).strip() for one in listed if str(one).strip()]
    if not given and not optional:
        raise AnswersUnusable("这一项要写")
    if key == "code" and not _CODE.match(given):
        raise AnswersUnusable("只能用英文小写字母、数字和下划线，字母开头")
    if key == "code" and given in catalogue.items:
        raise AnswersUnusable(f"已经有这个代码了：{catalogue.items[given].title}")
    if key == "department":
        return _department(given, catalogue)
    if key == "near":
        return [_item_code(one, catalogue) for one in given]
    if key == "aliases":
        _aliases_are_free(given, catalogue)
    return given


def _department(given: str, catalogue: Catalogue) -> str:
    """The code of a department given by its code or its name."""
    departments = catalogue.departments
    found = [code for code, name in departments.items() if given == code or given in name]
    if given in departments:
        return given
    if len(found) != 1:
        known = "，".join(f"{code} {name}" for code, name in departments.items())
        raise AnswersUnusable(f"没有“{given}”这个部门。可以写：{known}")
    return found[0]


def _item_code(given: str, catalogue: Catalogue) -> str:
    """The code of an item given by its code or one of its names."""
    if given in catalogue.items:
        return given
    found = catalogue.names.named_in(given)
    if len(found) != 1:
        raise AnswersUnusable(f"没有“{given}”这个事项，请写 data/items/ 里的文件名（不带 .yml）")
    return found[0]


def _aliases_are_free(given: list[str], catalogue: Catalogue) -> None:
    for item in catalogue.items.values():
        taken = {item.name, item.short_name, *item.aliases} & set(given)
        if taken:
            raise AnswersUnusable(
                f"“{'、'.join(sorted(map(str, taken)))}”已经是“{item.title}”的叫法"
            )


def write(answers: Mapping[str, Any], catalogue: Catalogue, data: Path) -> list[Path]:
    """Write `items/<code>.yml` and `nlu/items/<code>.yml`; nothing is overwritten.

    Raises:
        AnswersUnusable: a file is there already.
    """
    code = answers["code"]
    paths = [data / "items" / f"{code}.yml", data / "nlu" / "items" / f"{code}.yml"]
    if there := [path.name for path in paths if path.exists()]:
        raise AnswersUnusable(f"已经有这个文件：{'、'.join(there)}")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["y"] = _quoted
    content = {
        **answers,
        "number": max((item.number for item in catalogue.items.values()), default=0) + 1,
        "todo": TODO,
        "papers": _papers(answers["papers"], data),
    }
    for path, template in zip(paths, ("item.yml", "sentences.yml"), strict=True):
        path.write_text(environment.get_template(template).render(**content), "utf-8")
    return paths


def _quoted(value: Any) -> str:
    """One YAML value on one line."""
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _papers(names: list[str], data: Path) -> list[dict[str, str]]:
    """A paper that other items share is named by `use:`; another gets a slug of its own."""
    parts, _ = load_shared(data / "shared")
    shared = {str(raw["name"]).partition("（")[0]: slug for slug, raw in parts.materials.items()}
    made = []
    for number, name in enumerate(names, start=1):
        use = next((slug for title, slug in shared.items() if title.endswith(name)), None)
        made.append({"use": use} if use else {"slug": f"paper_{number}", "name": name})
    return made


def still_open(data: Path, code: str) -> list[str]:
    """What of an item is still to be filled in: file, line, what stands there."""
    found = []
    for folder in ("items", "nlu/items"):
        path = data / folder / f"{code}.yml"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if TODO in line:
                found.append(f"data/{folder}/{path.name} 第 {number} 行：{line.strip()}")
    return found
