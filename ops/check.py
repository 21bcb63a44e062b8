"""`make check`: lint, format, types, import rules, data; all of them, then a summary."""

import os
import subprocess
import sys
import time

from ops.env import ROOT

_PY = sys.executable
CHECKS: list[tuple[str, list[str]]] = [
    ("lint", [_PY, "-m", "ruff", "check", "."]),
    (
        "lint of the bot",
        [_PY, "-m", "ruff", "check", "bot/bot_server", "--target-version=py310", "--isolated"]
        + ["--line-length=100", "--select=E,W,F,B", "--ignore=E501"],
    ),
    ("format", [_PY, "-m", "ruff", "format", "--check", "."]),
    ("types", [_PY, "-m", "mypy"]),
    ("import rules", [str(ROOT / ".venv/bin/lint-imports")]),
    ("YAML", [_PY, "-m", "yamllint", "--strict", "data", "domain.yml", "config.yml"]),
    ("catalogue", [_PY, "-m", "catalogue", "check"]),
    ("editor schema is current", [_PY, "-m", "catalogue", "schema", "--check"]),
]


def main() -> int:
    """Returns 0 when every check passed."""
    # The import rules also cover the bot's package, which is read, never imported.
    environment = dict(os.environ) | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'bot'}"}
    outcomes = []
    for name, command in CHECKS:
        begin = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        outcome = "ok" if done.returncode == 0 else "FAULTS"
        print(f"{outcome:<7} {name} ({time.monotonic() - begin:.0f} s)", flush=True)
        if done.returncode:
            print(done.stdout, flush=True)
        outcomes.append(outcome)
    faults = outcomes.count("FAULTS")
    print(f"checks: {len(outcomes) - faults} ok, {faults} with faults", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
