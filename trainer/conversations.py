"""The conversation tests, quick depth, as part of the gate."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from trainer.engine import ROOT, EngineFailed, say

RESULTS = "conversations.json"
_MADE_FROM = (
    "actions", "backoffice", "catalogue", "data", "gateway", "integrations", "tests/conversations",
)  # fmt: skip
_NARROWS = "XZ_CONVERSATIONS"
"""Set to try a single conversation; the gate takes all of them."""
_SUFFIXES = {".py", ".yml"}
_COMMAND = (
    sys.executable, "-m", "pytest", "tests/conversations", "--tb=no", "-p", "no:warnings",
    # on one database: what a trainer changes has nothing to do with which
    "-k", "quick and sqlite",
    "--numprocesses=auto", "--maxprocesses=4", "--dist=loadgroup",
)  # fmt: skip
_OF_A_FILE = re.compile(r"\[sqlite-(?P<file>.+)\]$")
_GROUP = re.compile(r"@[a-z_]+$")
"""What pytest-xdist writes behind the name of a test that must run beside certain others."""


def state() -> str:
    """A digest of everything that these tests depend on."""
    digest = hashlib.sha256()
    for folder in _MADE_FROM:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _SUFFIXES:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def run_all(folder: Path) -> dict[str, str]:
    """Test → `passed`, `failed` or `skipped`; kept in `folder` until something changes.

    Raises:
        EngineFailed: the tests could not be run at all.
    """
    kept, now = folder / RESULTS, state()
    if kept.exists() and (record := json.loads(kept.read_text("utf-8")))["state"] == now:
        return dict(record["tests"])
    say("跑对话测试（快的那种，不用模型；几分钟）")
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "junit.xml"
        subprocess.run(
            [*_COMMAND, f"--junitxml={report}"],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != _NARROWS},
            check=False,
        )
        if not report.exists():
            raise EngineFailed("对话测试没有跑起来，原因见上面")
        tests = outcomes(report)
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(
        json.dumps({"state": now, "tests": tests}, ensure_ascii=False, indent=1), "utf-8"
    )
    return tests


def kept_with(folder: Path) -> dict[str, str] | None:
    """What was kept with a published model; None when it has no record."""
    path = folder / RESULTS
    return dict(json.loads(path.read_text("utf-8"))["tests"]) if path.exists() else None


def outcomes(report: Path) -> dict[str, str]:
    """The same from a file in JUnit's form. However many processes played, a test has one name:
    it is compared with what an earlier model's record calls it."""
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if kinds else "passed"
        found[_GROUP.sub("", str(case.get("name")))] = outcome
    return found


def title(test: str) -> str:
    """What the trainer calls a test: the name of its file; as it is where it has none."""
    found = _OF_A_FILE.search(test)
    return found["file"] if found else test
