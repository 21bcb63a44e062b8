"""`make signoffs`, `make sign`: which items wait for whose signature."""

from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from backoffice.clock import china_date
from catalogue.loader import Catalogue
from catalogue.signoffs import FILE, Standing, item_fingerprint, load_signoffs, standing
from trainer.engine import ROOT

_WHY = {
    Standing.UNSIGNED: "还没有签字",
    Standing.CHANGED: "签字以后内容改过，要再签",
    Standing.OVERDUE: "过了复核日期，要再核对一次",
}
_REVIEW_MONTHS = 6


def today() -> date:
    """The day in China."""
    return china_date(datetime.now(UTC))


def waiting_text(catalogue: Catalogue, data: Path = ROOT / "data") -> str:
    """Which items wait for which department, and why."""
    signoffs = load_signoffs(data / FILE, catalogue)
    waiting: dict[str, list[str]] = defaultdict(list)
    for code, item in catalogue.items.items():
        stands = standing(item, signoffs, today())
        if stands != Standing.SIGNED:
            waiting[item.department].append(f"  {code:<30} {item.title}：{_WHY[stands]}")
    lines = []
    for department, items in sorted(waiting.items()):
        lines += [f"{catalogue.departments[department]}（{department}）：{len(items)} 个", *items]
    count = sum(map(len, waiting.values()))
    lines.append(f"{len(catalogue.items)} 个事项，{count} 个等签字。")
    if count:
        lines.append("正式运行时，等签字的事项只能咨询、以公告为准，不收申请；演示时都可以申请。")
    return "\n".join(lines)


def sign(
    catalogue: Catalogue, code: str, by: str, review: date | None, data: Path = ROOT / "data"
) -> str:
    """Write the department's sign-off of the item as it reads now. Returns what to tell.

    Raises:
        ValueError: no such item, or nobody named.
    """
    item = catalogue.find(code)
    if item is None:
        raise ValueError(f"没有代码是 {code} 的事项")
    if not by.strip():
        raise ValueError('要写是谁签的：BY="姓名，职务"')
    signoffs = dict(load_signoffs(data / FILE, catalogue))
    on = today()
    entry = {
        "item": code,
        "department": item.department,
        "by": by.strip(),
        "on": on,
        "review": review or _months_later(on),
        "fingerprint": item_fingerprint(item),
    }
    others = [one.model_dump() for one in signoffs.values() if one.item != code]
    rows = sorted([*others, entry], key=lambda one: str(one["item"]))
    path = data / FILE
    comments = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    body = yaml.safe_dump({"signoffs": rows}, allow_unicode=True, sort_keys=False)
    path.write_text("\n".join([*comments, body]), "utf-8")
    load_signoffs(path, catalogue)
    return f"{item.title}：{by.strip()} 签了字，下次复核 {entry['review']}"


def _months_later(day: date) -> date:
    months = day.month - 1 + _REVIEW_MONTHS
    return date(day.year + months // 12, months % 12 + 1, min(day.day, 28))
