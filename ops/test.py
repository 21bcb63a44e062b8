"""`make test`: every part of the suite one after another, with a summary at the end."""

import argparse
import os
import subprocess
import sys
import time

from ops.suites import Suite, suites

# pytest's exit code when it collected nothing: for us a fault, since the suite must have tests
_NO_TESTS = 5


def run(suite: Suite) -> tuple[str, float]:
    """Run one part, its output on the terminal.

    Returns:
        The outcome in words (`passed`, `failed …`, `skipped`) and the seconds it took.
    """
    print(f"\n━━━ {suite.title} ━━━", flush=True)
    if suite.skipped:
        print(suite.skipped, flush=True)
        return "skipped", 0.0
    begin = time.monotonic()
    # A shell's XZ_ settings belong to an installation, not to the tests.
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("XZ_") or name.startswith("XZ_TEST_")
    }
    code = subprocess.run(
        suite.command, cwd=suite.folder, env=clean | suite.environment, check=False
    ).returncode
    took = time.monotonic() - begin
    if code == _NO_TESTS and "pytest" in suite.command:
        return "failed (no tests found)", took
    return ("passed" if code == 0 else f"failed (exit code {code})"), took


def main() -> int:
    """Returns 0 when no part failed."""
    parser = argparse.ArgumentParser(prog="python -m ops.test", description=__doc__)
    parser.add_argument("--only", help="comma-separated parts: web, root, bot, e2e")
    options = parser.parse_args()
    known = suites()
    wanted = options.only.split(",") if options.only else [suite.name for suite in known]
    unknown = set(wanted) - {suite.name for suite in known}
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    results = [(suite, *run(suite)) for suite in known if suite.name in wanted]
    print("\n━━━ summary ━━━")
    for suite, outcome, took in results:
        print(f"{suite.name:<6} {outcome:<24} {took:6.0f} s   {suite.title}")
    failed = sum(outcome.startswith("failed") for _, outcome, _ in results)
    passed = sum(outcome == "passed" for _, outcome, _ in results)
    skipped = len(results) - failed - passed
    print(f"parts: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
