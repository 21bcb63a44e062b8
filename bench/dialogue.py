"""The dialogue that both sides hold (`dialogue.yml`)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

HERE = Path(__file__).resolve().parent
Kind = Literal["ours", "stock"]


@dataclass(frozen=True)
class Line:
    """One turn: what is said, and what each side must then be waiting for (None: not checked)."""

    say: str
    ours: str | None
    stock: str | None

    def awaited(self, kind: Kind) -> str | None:
        """What this side must be waiting for."""
        return self.ours if kind == "ours" else self.stock


def load_dialogue(path: Path = HERE / "dialogue.yml") -> list[list[Line]]:
    """The parts of the dialogue; a time slice is one part."""
    parts = yaml.safe_load(path.read_text("utf-8"))["parts"]
    return [
        [
            Line(one["say"], one.get("ours", one.get("next")), one.get("stock", one.get("next")))
            for one in part
        ]
        for part in parts
    ]
