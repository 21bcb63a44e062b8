"""`make check-items`: the catalogue's faults, and which sentences stand too close to others."""

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from catalogue.faults import CatalogueError
from catalogue.loader import Catalogue, load_catalogue
from catalogue.parameters import load_hall, load_holidays
from catalogue.signoffs import FILE, load_signoffs
from catalogue.training import conflicts, write_training
from trainer import report
from trainer.engine import ROOT, run

REPORT = ROOT / "build" / "check-items.txt"
#: Fewer sentences than this and an item is hardly ever understood.
FEWEST_SENTENCES = 40
_SHOWN = 3
#: More sentences than this that stand twice between the same items are told together.
_MANY = 10


def check(only: str | None = None) -> tuple[str, bool]:
    """The whole report, and whether nothing must be changed.

    Args:
        only: an item's code; its collisions alone are listed, but every fault.
    """
    try:
        catalogue = load_catalogue(ROOT / "data/items")
        load_hall(ROOT / "data/parameters/hall.yml")
        load_holidays(ROOT / "data/parameters/holidays.yml")
        load_signoffs(ROOT / "data" / FILE, catalogue)
    except CatalogueError as exc:
        faults = str(exc).splitlines()
        return "\n".join([*faults, "", f"共 {len(faults)} 处要改。"]), False
    faults = list(conflicts(catalogue))
    write_training(catalogue, ROOT / "build/nlu/items.yml")
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "neighbours.json"
        run("neighbours", target)
        found = json.loads(target.read_text("utf-8"))
    twice = found["faults"]
    warnings = [_nearly_same(one, catalogue) for one in _about(found["warnings"], only)]
    parts = [
        "一、必须改的",
        *([*faults, *_contradictions(twice, catalogue)] or ["没有。"]),
        "",
        "二、几乎一样、标注却不同的句子（看一看是不是标错了；有意写的相近句可以留着）",
        *(warnings or ["没有。"]),
        "",
        "三、每个事项的句子最像哪些别的事项（像得多的，要多写能区别的句子）",
        *_collisions(found, catalogue, only),
        "",
        f"{len(catalogue.items)} 个事项；{len(faults) + len(twice)} 处要改，{len(warnings)} 处要看。",
    ]
    return "\n".join(parts), not faults and not twice


def _about(warnings: list[dict[str, Any]], only: str | None) -> list[dict[str, Any]]:
    return [one for one in warnings if only in (None, one["item"], one["other_item"])]


def _label(act: str, item: str, catalogue: Catalogue) -> str:
    named = "" if item == "none" else f"·{report.namer(catalogue)(item)}"
    return f"{report.act_name(act)}{named}"


def _contradictions(found: list[dict[str, Any]], catalogue: Catalogue) -> list[str]:
    """One line each; where a whole passage stands twice, some of it and how much there is."""
    between: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in found:
        named = {report.namer(catalogue)(label["item"]) for label in one["labels"]}
        between["、".join(sorted(named))].append(one)
    lines = []
    for items, ones in between.items():
        shown = ones if len(ones) <= _MANY else ones[:_SHOWN]
        lines += [_contradiction(one, catalogue) for one in shown]
        if len(ones) > len(shown):
            lines.append(
                f"……这样的一共 {len(ones)} 句，都在这些事项之间：{items}。"
                "多半是整段抄到了别的文件里，请把抄错的那个文件改回来"
            )
    return lines


def _contradiction(one: dict[str, Any], catalogue: Catalogue) -> str:
    labels = [_label(label["act"], label["item"], catalogue) for label in one["labels"]]
    return (
        f"“{one['text']}”写了 {len(labels)} 处，标注不同：{'；'.join(labels)}。"
        "请只留对的一处（在 data/nlu/ 和 data/items/ 的叫法里找）"
    )


def _nearly_same(one: dict[str, Any], catalogue: Catalogue) -> str:
    mine = _label(one["act"], one["item"], catalogue)
    other = _label(one["other_act"], one["other_item"], catalogue)
    return f"{one['close']:.0%}  “{one['text']}”（{mine}）和“{one['other_text']}”（{other}）"


def _collisions(found: dict[str, Any], catalogue: Catalogue, only: str | None) -> list[str]:
    lines = []
    for code, item in catalogue.items.items():
        if only not in (None, code):
            continue
        count = found["counts"].get(code, 0)
        few = f"（太少，至少写 {FEWEST_SENTENCES} 句）" if count < FEWEST_SENTENCES else ""
        lines.append(f"{item.title}（{code}）：{count} 句{few}")
        for near in found["items"].get(code, [])[:_SHOWN]:
            name = report.namer(catalogue)(near["label"])
            best = near["pairs"][0]
            lines.append(
                f"    {near['sentences']} 句像“{name}”，最像的："
                f"“{best['text']}”和“{best['other_text']}”（{best['close']:.0%}）"
            )
    return lines or [f"没有代码是 {only} 的事项。"]
