"""Runs the bot's own commands in the bot's interpreter; only files pass between the two."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CANDIDATE = ROOT / "models" / "candidate"
_PYTHON = ROOT / "bot" / ".venv" / "bin" / "python"


class EngineFailed(Exception):
    """A command of the bot failed; its own output says why."""


_WORK = {"parse": "听句子", "crossval": "交叉验证", "neighbours": "比较句子"}
"""What each part of the bot's side does, for the trainer."""


def run(module: str, *arguments: str | Path) -> None:
    """Run `python -m bot_server.<module>`; its progress is shown as it comes.

    Raises:
        EngineFailed: it could not do what it was asked.
    """
    command = [str(_PYTHON), "-m", f"bot_server.{module}", *map(str, arguments)]
    try:
        done = subprocess.run(command, cwd=ROOT / "bot", check=False)
    except FileNotFoundError as exc:
        raise EngineFailed("机器人的环境还没有装好，请先运行 make setup") from exc
    if done.returncode:
        raise EngineFailed(f"{_WORK.get(module, module)}没有做完，原因见上面")


def understand(model: Path, asked: Sequence[dict[str, Any]], scratch: Path) -> list[dict[str, Any]]:
    """What the model in `model` (a file) understands of `{text, hint}`, in the same order.

    Raises:
        EngineFailed: the model cannot be read.
    """
    if not asked:
        return []
    source, target = scratch / "asked.jsonl", scratch / "understood.jsonl"
    write_lines(source, asked)
    run("parse", source, target, "--models", model)
    return read_lines(target)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """A file of JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write a file of JSON lines."""
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def say(line: str) -> None:
    """One line of progress."""
    sys.stdout.write(f"[{Path(sys.argv[0]).parent.name or 'trainer'}] {line}\n")
    sys.stdout.flush()
