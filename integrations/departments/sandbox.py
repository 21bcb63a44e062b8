"""Departments' systems of the demonstration: they take everything and get on with the clock.

What they keep is only what the promises need: references, when, and which pages; no answer.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from integrations.faults import Faults
from integrations.ports import DeptCase, DeptPaper, DeptState, DeptStatus, Rejected

ACCEPTS_AFTER = timedelta(minutes=1)
APPROVES_AFTER = timedelta(minutes=10)


class SandboxDeptCases:
    """The `DeptCases` port over a file, so that a restart forgets nothing.

    Args:
        file: where the references are kept; None keeps them in memory.
    """

    def __init__(
        self, file: Path | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.faults = Faults()
        self._file = file
        self._now = now
        self._kept: dict[str, dict[str, Any]] = {}

    async def submit(self, system: str, case: DeptCase, *, key: str) -> str:
        """See `DeptCases.submit`."""
        self.faults.strike()
        _known(system)
        digest = hashlib.sha256(f"{system}:{case.number}".encode()).hexdigest()
        reference = f"demo-{digest[:12]}"
        kept = self._read()
        if reference not in kept:
            kept[reference] = {"system": system, "at": self._now().isoformat(), "papers": []}
            self._write(kept)
        return reference

    async def hand_paper(self, system: str, reference: str, paper: DeptPaper, *, key: str) -> None:
        """See `DeptCases.hand_paper`."""
        self.faults.strike()
        kept = self._read()
        entry = kept.get(reference)
        if entry is None or entry["system"] != system:
            raise Rejected("sandbox: an unknown reference")
        if paper.id not in entry["papers"]:
            entry["papers"].append(paper.id)
            self._write(kept)

    async def status(self, system: str, reference: str) -> DeptStatus | None:
        """See `DeptCases.status`."""
        self.faults.strike()
        _known(reference)
        entry = self._read().get(reference)
        if entry is None or entry["system"] != system:
            return None
        began = datetime.fromisoformat(entry["at"])
        since = self._now() - began
        if since >= APPROVES_AFTER:
            return DeptStatus(DeptState.APPROVED, began + APPROVES_AFTER)
        if since >= ACCEPTS_AFTER:
            return DeptStatus(DeptState.ACCEPTED, began + ACCEPTS_AFTER)
        return DeptStatus(DeptState.RECEIVED, began)

    def papers(self, reference: str) -> list[str]:
        """Ids of the pages that arrived."""
        return list(self._read()[reference]["papers"])

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._file is None or not self._file.is_file():
            return self._kept
        found: dict[str, dict[str, Any]] = json.loads(self._file.read_text("utf-8"))
        return found

    def _write(self, kept: dict[str, dict[str, Any]]) -> None:
        self._kept = kept
        if self._file is not None:
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps(kept), "utf-8")
            new.replace(self._file)


def _known(part: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", part, re.ASCII):
        raise Rejected("sandbox: not a reference")
