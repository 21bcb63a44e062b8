"""The parts of the test suite, and the browser that the end-to-end tests need."""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ops.env import ROOT

CHROMIUM_ADVICE = """\
No Chromium was found, so the end-to-end tests are skipped. To have them:
  Debian, Ubuntu   sudo apt-get install chromium fonts-noto-cjk
  elsewhere        .venv/bin/python -m playwright install chromium
  or point to one  XZ_CHROMIUM=/path/to/chrome make test"""


@dataclass(frozen=True)
class Suite:
    """One part of the whole suite.

    Attributes:
        command: what runs it, from `folder`.
        skipped: why it cannot run on this machine; empty when it can.
    """

    name: str
    title: str
    command: tuple[str, ...]
    folder: Path = ROOT
    environment: dict[str, str] = field(default_factory=dict)
    skipped: str = ""


def find_chromium() -> str | None:
    """Path of an installed Chromium: `XZ_CHROMIUM`, on the PATH, or playwright's own."""
    asked = os.environ.get("XZ_CHROMIUM")
    if asked:
        return asked if os.access(asked, os.X_OK) else None
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return found
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    return next((str(p) for p in sorted(cache.glob("chromium*/chrome-linux*/chrome"))), None)


def suites() -> list[Suite]:
    """Every part, quick ones first."""
    chromium = find_chromium()
    node = f"{ROOT / '.tools' / 'node'}{os.pathsep}{os.environ['PATH']}"
    return [
        Suite(
            "web", "citizens' pages (vitest)", ("npm", "test"), ROOT / "web/citizen", {"PATH": node}
        ),
        Suite(
            "root",
            "catalogue, back office, gateway, conversations (pytest)",
            (
                sys.executable,
                "-m",
                "pytest",
                "tests",
                "--ignore=tests/bot",
                "--ignore=tests/e2e",
                "--numprocesses=auto",
                "--maxprocesses=4",
                "--dist=loadgroup",  # one test at a time to whoever is free
            ),
        ),
        Suite(
            "bot",
            "understanding and dialogue (pytest, Python 3.10)",
            (str(ROOT / "bot/.venv/bin/python"), "-m", "pytest", "../tests/bot"),
            ROOT / "bot",
        ),
        Suite(
            "e2e",
            "end to end in Chromium (pytest, playwright)",
            (sys.executable, "-m", "pytest", "tests/e2e"),
            environment={"XZ_CHROMIUM": chromium or ""},
            skipped="" if chromium else CHROMIUM_ADVICE,
        ),
    ]
