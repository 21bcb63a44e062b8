"""`make down|restart|stop|start|status`: speak to the running installation from another terminal."""

import argparse
import os
import signal
import sys
import time
from xmlrpc.client import Fault

from ops.env import var_dir
from ops.stack import control, running_supervisor


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.control", description=__doc__)
    parser.add_argument("verb", choices=["down", "restart", "stop", "start", "status"])
    parser.add_argument("process", nargs="?")
    options = parser.parse_args()
    folder = var_dir()
    supervisor = running_supervisor(folder)
    if supervisor is None:
        print(f"小政 does not run for {folder}. Start it with `make up`.")
        return 0 if options.verb == "down" else 1
    if options.verb == "down":
        os.kill(supervisor, signal.SIGTERM)
        while running_supervisor(folder) is not None:
            time.sleep(0.2)
        print("stopped.")
        return 0
    interface = control(folder)
    if options.verb == "status":
        for info in interface.getAllProcessInfo():
            print(f"{info['name']:<10} {info['statename']:<10} {info['description']}")
        return 0
    if not options.process:
        print(f"Which process? For instance: make {options.verb} P=bot", file=sys.stderr)
        return 2
    try:
        if options.verb in ("stop", "restart"):
            interface.stopProcess(options.process)
        if options.verb in ("start", "restart"):
            interface.startProcess(options.process)
    except Fault as fault:
        print(f"{options.process}: {fault.faultString}", file=sys.stderr)
        return 1
    print(f"{options.process}: {options.verb} done.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
