"""A small invented catalogue in a temporary folder, to break in one place at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.faults import CatalogueError
from catalogue.loader import load_catalogue

Item = dict[str, Any]


def _fact(**more: Any) -> Item:
    return {"status": "assumed", **more}


def small_item(code: str = "library_card", name: str = "借书证办理") -> Item:
    """The least that a complete item has, plus one condition and one paper."""
    limit = _fact(value=None, unit=None, text="没有规定")
    return {
        "code": code,
        "number": 1,
        "name": name,
        "tier": "common",
        "department": "library",
        "authority": "示例单位",
        "kind": "公共服务",
        "instant": False,
        "identity_level": "sms",
        "applicants": {
            "summary": "住在本地的人",
            "conditions": [
                {
                    "id": "lives_here",
                    "text": "住在本地",
                    "check": {"kind": "declared"},
                    "declared_by": {"field": "home", "op": "ne", "value": "elsewhere"},
                    "if_not": "您不住在本地。",
                    "do_instead": "请到住的地方办。",
                }
            ],
        },
        "materials": [
            {
                "slug": "lease",
                "name": "租房合同",
                "form": ["copy"],
                "required": "conditional",
                "when": {"field": "home", "op": "eq", "value": "rented"},
                "when_text": "租房时",
            }
        ],
        "fields": [
            {
                "slug": "home",
                "label": "住处",
                "type": "choice",
                "required": True,
                "ask": "住哪里？",
                "why": "要知道住哪里。",
                "options": [
                    {"value": "rented", "label": "租房"},
                    {"value": "own", "label": "自有房"},
                    {"value": "elsewhere", "label": "外地"},
                ],
            },
            {
                "slug": "landlord",
                "label": "房东",
                "type": "text",
                "required": True,
                "ask": "房东是谁？",
                "why": "要联系房东。",
                "when": {"field": "home", "op": "eq", "value": "rented"},
                "when_text": "租房时",
                "validate": {"len": [2, 30]},
            },
            {
                "slug": "landlord_note",
                "label": "房东备注",
                "type": "text",
                "required": False,
                "when": {"field": "landlord", "op": "filled"},
                "when_text": "有房东时",
            },
        ],
        "fee": _fact(yuan=0, text="免费"),
        "time": {"statutory": limit, "promised": limit},
        "result": _fact(name="借书证", form=["card"]),
        "validity": _fact(text="长期", months=None),
        "facts": {
            key: {"status": "assumed"}
            for key in ("conditions", "materials", "fields", "legal_basis", "faq")
        },
        "as_of": "2026-01",
    }


class Trainer:
    """Writes items as a trainer would and reads back what the loader says about them."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "items"
        self.folder.mkdir(parents=True)
        (data / "parameters").mkdir()
        source = {"quality": "official", "address": "示例", "gave": "示例"}
        _write(data / "sources.yml", {"sources": {"S_EXAMPLE": source}})
        department = {"code": "library", "name": "图书馆"}
        _write(data / "parameters/departments.yml", {"departments": [department]})
        planned = {"code": "book_return", "name": "还书", "department": "library"}
        _write(data / "parameters/planned_items.yml", {"planned": [planned]})

    def write(self, item: Item, file: str | None = None) -> None:
        _write(self.folder / (file or f"{item['code']}.yml"), item)

    def write_text(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text, encoding="utf-8")

    def faults(self) -> list[str]:
        """Lines of the loader's complaint; empty when it loads."""
        try:
            load_catalogue(self.folder)
        except CatalogueError as exc:
            return str(exc).splitlines()
        return []


def _write(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    """A trainer with an empty catalogue."""
    return Trainer(tmp_path / "data")


@pytest.fixture
def item() -> Callable[..., Item]:
    """Makes a small valid item."""
    return small_item
