"""`make up`: start everything, wait until it answers, show the addresses, stop on one Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from xmlrpc.client import Fault

from ops.env import ROOT, STAFF_ROLES, ensure_demo_env, process_environment
from ops.stack import CannotStart, Stack

_WIDTH = 78


class Stopped(Exception):
    """Somebody asked us to stop."""


def say(line: str) -> None:
    """One line of progress."""
    print(f"[up] {line}", flush=True)


def _stop(number: int, frame: FrameType | None) -> None:
    # A second Ctrl-C must not break off the orderly stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def prepare(environment: dict[str, str]) -> None:
    """Bring the database to the current tables, and in demo mode fill in the demo people.

    Raises:
        CannotStart: a step failed; its own output says why.
    """
    python = str(ROOT / ".venv" / "bin" / "python")
    steps = [("bring the database up to date", [python, "-m", "alembic", "upgrade", "head"])]
    if environment.get("XZ_MODE") == "demo" and find_spec("bootstrap.demo") is not None:
        steps.append(("put in the demo people and staff", [python, "-m", "bootstrap.demo"]))
    for what, command in steps:
        say(f"{what} …")
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            raise CannotStart(f"Could not {what}: see above.")


def box(environment: dict[str, str], url: str) -> str:
    """What the person at the terminal needs to know, framed."""
    public = environment.get("XZ_PUBLIC_URL") or url
    lines = [
        "小政 is running.",
        "",
        f"Chat (citizens)       {public}/",
        f"Back office (staff)   {public}/staff",
    ]
    if environment.get("XZ_MODE") == "demo":
        lines += [
            f"Demo desk, kiosk      {url}/demo",
            f"SMS and notices       {url}/demo/inbox",
            f"For programs          {public}/openapi.json",
            "",
            "DEMO MODE: invented people, sandboxes instead of outside systems.",
            "Never enter a real person's data.",
            "",
            "Staff log-ins         user        password",
            *(
                f"                      {role:<11} {environment[f'XZ_DEMO_{role.upper()}_PASSWORD']}"
                for role in STAFF_ROLES
            ),
            f"Head's second factor  {url}/demo/factor   (the code of this moment)",
        ]
    lines += [
        "",
        f"Logs                  {environment['XZ_VAR_DIR']}/log   (make logs)",
        "One process           make restart P=bot   make stop P=bot   make start P=bot",
        "Stop everything       Ctrl-C here, or make down",
    ]
    rule = "═" * _WIDTH
    return f"\n{rule}\n" + "\n".join(f"  {line}".rstrip() for line in lines) + f"\n{rule}\n"


def watch(stack: Stack) -> None:
    """Until `make down` stops it: say when a process died and came back.

    Raises:
        CannotStart: the supervisor itself died.
    """
    known = {name: info["pid"] for name, info in stack.states().items()}
    while stack.alive():
        time.sleep(1)
        try:
            states = stack.states()
        except (OSError, Fault):
            continue  # the supervisor is ending; the loop's condition sees it
        for name, info in states.items():
            if info["pid"] != known[name]:
                log = f"{stack.folder}/log/{name}.log"
                happened = (
                    "was started again"
                    if info["pid"]
                    else f"ended ({info['spawnerr'] or info['statename']})"
                )
                say(f"{name} {happened}; log: {log}")
                known[name] = info["pid"]
    if not stack.ended_in_order():
        raise CannotStart(f"supervisord ended; see {stack.folder}/log/supervisord.log")


def main() -> int:
    """Returns the exit code: 0 after an orderly stop, 1 when something prevented the start."""
    os.umask(0o077)  # everything below var/ is for the owner only
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    environment = process_environment()
    if environment.get("XZ_MODE", "demo") == "demo":
        ensure_demo_env(Path(environment["XZ_VAR_DIR"]))
        environment = process_environment()
    stack = Stack(environment)
    begin = time.monotonic()
    try:
        if "--prepare-only" in sys.argv[1:]:
            prepare(environment)
            return 0
        stack.check_free()
        prepare(environment)
        say("start the processes; the bot needs about 30 s …")
        stack.start()
        stack.wait_ready(progress=say)
        print(box(environment, stack.url), flush=True)
        say(f"started in {time.monotonic() - begin:.0f} s")
        watch(stack)
    except Stopped:
        say("stopping …")
    except (CannotStart, TimeoutError) as exc:
        print(f"\n{exc}\n", file=sys.stderr)
        return 1
    finally:
        stack.stop()
    say("stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
