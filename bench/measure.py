"""Slices of time in which one side at a time is measured, and what is made of the numbers.

The sides take turns part by part (A B C A B C …), so that a machine that grows slower does so for
all of them. A slice is a fixed amount of work: every citizen says one part of the dialogue, without
pause, and the slice ends with the last answer.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import aiohttp

from bench.dialogue import Line
from bench.sides import Citizen, Side, WrongAnswer


@dataclass
class Tally:
    """What was measured of one side with one number of citizens.

    Attributes:
        seconds: of each turn.
        slices: turns and seconds of each slice.
        faults: what went wrong, one line each.
        cpu_s: processor seconds of each process, by its command.
    """

    seconds: list[float] = field(default_factory=list)
    slices: list[tuple[int, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    cpu_s: dict[str, float] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """The figures of the report."""
        cuts = quantiles(self.seconds, n=20) if len(self.seconds) > 1 else [0.0] * 19
        turns, spent = sum(n for n, _ in self.slices), sum(s for _, s in self.slices)
        return {
            "turns": turns,
            "errors": len(self.faults),
            "p50_ms": round(1000 * median(self.seconds), 1) if self.seconds else None,
            "p95_ms": round(1000 * cuts[18], 1),
            "turns_per_s": round(turns / spent, 2) if spent else None,
            "cpu_ms_per_turn": {k: round(1000 * v / turns, 1) for k, v in self.cpu_s.items()},
            "slices_turns_per_s": [round(n / s, 2) for n, s in self.slices],
        }


async def measure(
    sides: Sequence[Side], parts: Sequence[Sequence[Line]], *, citizens: int, dialogues: int
) -> dict[str, Tally]:
    """Let this many citizens at once hold the dialogue this many times with each side."""
    tallies = {side.name: Tally() for side in sides}
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        for _ in range(dialogues):
            visitors = {side.name: [Citizen("") for _ in range(citizens)] for side in sides}
            for side in sides:
                await asyncio.gather(*(side.greet(http, one) for one in visitors[side.name]))
            for part in parts:
                for side in sides:
                    if any("{code}" in line.say for line in part):
                        await side.settle(http, visitors[side.name])
                    await _slice(http, side, visitors[side.name], part, tallies[side.name])
    return tallies


async def _slice(
    http: aiohttp.ClientSession,
    side: Side,
    citizens: Sequence[Citizen],
    part: Sequence[Line],
    tally: Tally,
) -> None:
    async def speak(citizen: Citizen) -> None:
        for line in part:
            begin = time.perf_counter()
            try:
                await side.say(http, citizen, line)
            except (WrongAnswer, aiohttp.ClientError, TimeoutError) as exc:
                tally.faults.append(f"{type(exc).__name__}: {exc}")
            tally.seconds.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    await asyncio.gather(*(speak(one) for one in citizens))
    tally.slices.append((len(citizens) * len(part), time.perf_counter() - begin))
