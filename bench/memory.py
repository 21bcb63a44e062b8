"""Memory and processor time of processes and all their children, from /proc (Linux)."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Memory:
    """One process. `rss_mb` counts shared pages in full, `pss_mb` shares them out.

    `cpu_s` is the processor time since its start.
    """

    pid: int
    command: str
    rss_mb: float
    pss_mb: float
    cpu_s: float


def memory_of(roots: list[int]) -> list[Memory]:
    """These processes and everything that they started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found: list[Memory] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop(0)
        waiting += children.get(pid, [])
        if (one := _memory(pid)) is not None:
            found.append(one)
    return found


def _memory(pid: int) -> Memory | None:
    folder = Path("/proc") / str(pid)
    try:
        kilobytes = {
            line.split(":")[0]: int(line.split()[1])
            for line in (folder / "smaps_rollup").read_text().splitlines()[1:]
        }
        times = (folder / "stat").read_text().rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:  # ended meanwhile
        return None
    cpu_s = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
    return Memory(
        pid, command.strip()[:90], kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024, cpu_s
    )
