"""Evaluation without a server: `python -m bot_server.parse IN.jsonl OUT.jsonl`, inside bot/.

Reads lines with a safe `text` (normalised and masked by the caller), an optional `hint`, its single
requests (`clauses`), and whether it is said `in_form`; writes, in the same order, the line's
understanding: act, confidence, items, also, other, ranking.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot_server import no_tensorflow, quiet  # noqa: F401  (before anything of rasa)
from bot_server.registry import CANDIDATE, MODEL_NAME
from bot_server.settings import ROOT

if TYPE_CHECKING:
    from bot_server.engine import TurnProcessor


def parser_of(model: Path) -> "TurnProcessor":
    """The model in this file, for understanding only."""
    from bot_server.engine import TurnProcessor
    from bot_server.keys import KeyRing
    from bot_server.tracker_store import EncryptedTrackerStore

    # nothing is stored: parsing needs no conversation, so an empty store in memory does
    store = EncryptedTrackerStore("sqlite://", KeyRing("none", {}))
    return TurnProcessor(model, store, None)


async def _parse(source: Path, target: Path, models: Path) -> int:
    processor = parser_of(models / MODEL_NAME if models.is_dir() else models)
    count = 0
    with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8") as out:
        for line in lines:
            if not line.strip():
                continue
            asked = json.loads(line)
            understood = await processor.understand(
                asked["text"],
                asked.get("hint"),
                bool(asked.get("in_form")),
                asked.get("clauses"),
            )
            out.write(json.dumps(understood, ensure_ascii=False) + "\n")
            count += 1
    return count


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bot_server.parse", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument(
        "--models", type=Path, default=ROOT / "models" / CANDIDATE, help="a model, or its folder"
    )
    arguments = parser.parse_args()
    quiet.configure("WARNING")
    count = asyncio.run(_parse(arguments.source, arguments.target, arguments.models))
    print(f"{count} texts parsed", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
