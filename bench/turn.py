"""What a turn costs: our whole installation beside a stock Rasa project, in one run.

python -m bench.turn                     the whole comparison (about ten minutes)
python -m bench.turn --quick             one dialogue each: is it still in the right region?
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bench.dialogue import Line, load_dialogue
from bench.measure import Tally, measure
from bench.memory import Memory
from bench.ours import Ours
from bench.sides import Citizen, Side, WrongAnswer
from bench.stock_rasa import Stock
from ops.env import ROOT

MAX_P50_RATIO = 1.5
MIN_RATE_RATIO = 1.0
MAX_RSS_MB = 2560
AT_ONCE = 16
_STANDARD = "stock-default"
_BEGIN = time.monotonic()


def say(line: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(f"[bench] {time.monotonic() - _BEGIN:4.0f} s  {line}", file=sys.stderr, flush=True)


def contestants(folder: Path, port: int, names: set[str]) -> list[Side]:
    """The sides by name; each in a folder and on ports of its own."""
    every: list[Side] = [
        Ours(folder / "ours", port),
        Stock(_STANDARD, "config", folder / "default", port + 10),
        Stock("stock-lean", "config-lean", folder / "lean", port + 12),
    ]
    return [side for side in every if side.name in names]


async def compare(
    sides: list[Side], parts: list[list[Line]], *, alone: int, together: int
) -> dict[str, dict[str, Tally]]:
    """Both measurements, after one unmeasured dialogue that warms everything up.

    Raises:
        WrongAnswer: a side cannot hold the dialogue at all.
    """
    say("warm up …")
    for name, tally in (await measure(sides, parts, citizens=4, dialogues=1)).items():
        if tally.faults:
            raise WrongAnswer(f"{name} does not hold the dialogue: {tally.faults[0]}")
    say(f"one citizen, {alone} dialogues a side …")
    one = await measure(sides, parts, citizens=1, dialogues=alone)
    say(f"{AT_ONCE} citizens at once, {together} dialogues each a side …")
    before = {side.name: side.memory() for side in sides}
    many = await measure(sides, parts, citizens=AT_ONCE, dialogues=together)
    for side in sides:
        many[side.name].cpu_s = spent(before[side.name], side.memory())
    return {"1": one, str(AT_ONCE): many}


def spent(before: list[Memory], after: list[Memory]) -> dict[str, float]:
    """Processor seconds of each process between two looks, by its command."""
    earlier = {one.pid: one.cpu_s for one in before}
    return {one.command: one.cpu_s - earlier.get(one.pid, 0.0) for one in after}


async def photograph(ours: Ours, parts: list[list[Line]]) -> None:
    """One card photo, so that the reading process is running when memory is measured."""
    async with aiohttp.ClientSession() as http:
        await ours.photograph_card(http, Citizen(""), parts[0])


def report(sides: list[Side], tallies: dict[str, dict[str, Tally]]) -> dict[str, Any]:
    """Everything that was measured, for the JSON file."""
    memory = {}
    for side in sides:
        found = side.memory()
        memory[side.name] = {
            "rss_mb": round(sum(one.rss_mb for one in found)),
            "pss_mb": round(sum(one.pss_mb for one in found)),
            "processes": [
                {"command": one.command, "rss_mb": round(one.rss_mb), "pss_mb": round(one.pss_mb)}
                for one in found
            ],
        }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
            "python": platform.python_version(),
            "load_at_end": [round(one, 1) for one in os.getloadavg()],
        },
        "citizens": {
            number: {name: tally.summary() for name, tally in by_side.items()}
            for number, by_side in tallies.items()
        },
        "memory": memory,
        "faults": {
            f"{name}, {number} at once": tally.faults[:5]
            for number, by_side in tallies.items()
            for name, tally in by_side.items()
            if tally.faults
        },
    }


def table(found: dict[str, Any]) -> str:
    """The report for people."""
    lines = [
        "| citizens | side | turns | errors | p50 ms | p95 ms | turns/s |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, by_side in found["citizens"].items():
        for name, one in by_side.items():
            cells = (one["turns"], one["errors"], one["p50_ms"], one["p95_ms"], one["turns_per_s"])
            lines.append(f"| {number} | {name} | " + " | ".join(map(str, cells)) + " |")
    lines += ["", "| side | RSS MB | PSS MB |", "|---|---|---|"]
    for name, one in found["memory"].items():
        lines.append(f"| {name} | {one['rss_mb']} | {one['pss_mb']} |")
    return "\n".join(lines)


def verdicts(found: dict[str, Any]) -> list[tuple[str, bool]]:
    """The bars: what was asked for, and whether it was met."""
    result: list[tuple[str, bool]] = []
    for number, by_side in found["citizens"].items():
        ours = by_side.get("ours")
        for name, other in by_side.items():
            if ours is None or name == "ours":
                continue
            slower = ours["p50_ms"] / other["p50_ms"]
            faster = ours["turns_per_s"] / other["turns_per_s"]
            bar = name == _STANDARD
            result.append(
                (
                    f"{number} at once: p50 {slower:.2f}× {name}"
                    + (f" (bar ≤{MAX_P50_RATIO})" if bar else ""),
                    not bar or slower <= MAX_P50_RATIO,
                )
            )
            result.append(
                (
                    f"{number} at once: turns/s {faster:.2f}× {name}"
                    + (f" (bar ≥{MIN_RATE_RATIO})" if bar and number != "1" else ""),
                    not bar or number == "1" or faster >= MIN_RATE_RATIO,
                )
            )
    if "ours" in found["memory"]:
        rss = found["memory"]["ours"]["rss_mb"]
        result.append((f"all our processes {rss} MB RSS (bar ≤{MAX_RSS_MB})", rss <= MAX_RSS_MB))
    errors = sum(one["errors"] for by in found["citizens"].values() for one in by.values())
    result.append((f"{errors} errors (bar 0)", errors == 0))
    return result


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Start the sides, measure, stop them."""
    parts = load_dialogue()
    sides = contestants(folder, options.port, set(options.sides.split(",")))
    try:
        for side in sides:
            say(f"start {side.name} …")
            side.start()
        tallies = asyncio.run(compare(sides, parts, alone=options.alone, together=options.together))
        ours = next((side for side in sides if isinstance(side, Ours)), None)
        if ours is not None:
            say("one card photo …")
            asyncio.run(photograph(ours, parts))
        return report(sides, tallies)
    finally:
        for side in sides:
            side.stop()


def main() -> int:
    """Returns 0 when every bar was met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.turn", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one dialogue of each kind")
    parser.add_argument("--alone", type=int, default=10, help="dialogues by one citizen")
    parser.add_argument("--together", type=int, default=4, help="dialogues by each of 16")
    parser.add_argument("--sides", default=f"ours,{_STANDARD},stock-lean")
    parser.add_argument("--port", type=int, default=18500, help="first of 14 ports")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench" / "turn.json")
    options = parser.parse_args()
    if options.quick:
        options.alone = options.together = 1
    folder = Path(tempfile.mkdtemp(prefix="xiaozheng-bench-"))
    try:
        found = run(options, folder)
    except BaseException:
        say(f"logs and data are kept in {folder}")
        raise
    if found["faults"]:
        say(f"there were errors; logs and data are kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    checked = verdicts(found)
    print(table(found), *(f"{'ok  ' if met else 'MISS'} {what}" for what, met in checked), sep="\n")
    for where, faults in found["faults"].items():
        print(f"{where}:", *faults, sep="\n  ")
    return 0 if all(met for _, met in checked) else 1


if __name__ == "__main__":
    sys.exit(main())
