"""Run one process of the Procfile, or any command, with this installation's environment.

python -m ops.run bot                      one process, in the foreground
python -m ops.run -- .venv/bin/alembic upgrade head
"""

import argparse
import contextlib
import ctypes
import os
import signal
import socket
import sys
import time
from pathlib import Path

from ops.env import ROOT, process_environment
from ops.processes import addresses, read_procfile

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Let the kernel end this process when the supervisor is killed, so that nothing is orphaned."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end_leftovers(name: str, folder: str) -> None:
    """Kill children that a former, killed instance of this process left behind.

    They would hold its port. They are known by the marks that `main` puts into the environment.
    """
    deadline = time.monotonic() + 3
    while (left := _marked(name, folder)) and time.monotonic() < deadline:
        for process in left:
            with contextlib.suppress(OSError):  # gone meanwhile
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)


def _marked(name: str, folder: str) -> list[int]:
    marks = {f"XZ_PROCESS={name}".encode(), f"XZ_VAR_DIR={folder}".encode()}
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # another user's process, or gone meanwhile
            own = int(entry.name) == os.getpid()
            if not own and marks <= set((entry / "environ").read_bytes().split(b"\0")):
                found.append(int(entry.name))
    return found


def port_in_use(port: int) -> bool:
    """Whether something listens on this port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main(argv: list[str] | None = None) -> None:
    """Replace this process by the command."""
    argv = sys.argv[1:] if argv is None else argv
    environment = process_environment()
    if argv[:1] == ["--"]:
        os.execvpe(argv[1], argv[1:], environment)
    parser = argparse.ArgumentParser(prog="python -m ops.run", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--procfile", type=Path, default=ROOT / "Procfile")
    options = parser.parse_args(argv)
    commands = read_procfile(options.procfile)
    if options.name not in commands:
        sys.exit(f"There is no process {options.name!r}; the Procfile has: {', '.join(commands)}")
    if options.supervised:
        die_with_parent()
        end_leftovers(options.name, environment["XZ_VAR_DIR"])
        environment["XZ_PROCESS"] = options.name
    else:
        for address in addresses(environment):
            if address.process == options.name and port_in_use(address.port):
                sys.exit(
                    f"{options.name} already runs, or something else uses port {address.port}.\n"
                    f"Under `make up` use `make restart P={options.name}`, "
                    f"or `make stop P={options.name}` first."
                )
    os.chdir(ROOT)
    # The Procfile's own `exec` lets the process take this one's place, so that a signal reaches it.
    os.execvpe("/bin/sh", ["/bin/sh", "-c", commands[options.name]], environment)


if __name__ == "__main__":
    main()
