"""The running installation: all processes under supervisord, for `make up` and for tests.

with Stack(environment) as stack:
    stack.wait_ready()
    stack.kill("bot")            # it comes back by itself
"""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import Faults, SupervisorTransport

from ops.env import ROOT
from ops.processes import Address, addresses, read_procfile, socket_path, supervisor_config
from ops.run import die_with_parent, end_leftovers, port_in_use


class CannotStart(Exception):
    """Something must be put right first; the message is for the person at the terminal."""


class Stack:
    """One installation's processes.

    Attributes:
        environment: what the processes get; names its folder in `XZ_VAR_DIR`.
    """

    def __init__(self, environment: dict[str, str], procfile: Path = ROOT / "Procfile") -> None:
        self.environment = environment
        self.folder = Path(environment["XZ_VAR_DIR"])
        self.procfile = procfile
        self._supervisord: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the gateway answers on this machine."""
        return f"http://127.0.0.1:{self.environment.get('XZ_PORT') or 8000}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start every process; returns before they are ready.

        Raises:
            CannotStart: this installation runs already, or a port is taken.
        """
        self.check_free()
        for name in ("run", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        socket_path(self.folder).unlink(missing_ok=True)
        config = self.folder / "run" / "supervisord.conf"
        config.write_text(supervisor_config(self.folder, self.procfile), "utf-8")
        self._supervisord = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            # A terminal's Ctrl-C must reach only us: we stop the processes in order.
            start_new_session=True,
            preexec_fn=die_with_parent,
        )

    def check_free(self) -> None:
        """Make sure that nothing stands in the way.

        Raises:
            CannotStart: this installation runs already, or a port is taken.
        """
        if running_supervisor(self.folder):
            raise CannotStart(
                f"小政 already runs for {self.folder}, at {self.url}\n"
                "Stop it with `make down`, or with Ctrl-C in its terminal."
            )
        names = read_procfile(self.procfile)
        for name in names:  # of a supervisor that was killed
            end_leftovers(name, str(self.folder))
        taken = [a for a in self._addresses() if a.process in names and port_in_use(a.port)]
        if taken:
            lines = [
                f"  port {a.port} (for {a.process}; another one: {a.setting}=…)" for a in taken
            ]
            raise CannotStart(
                "Something else already uses\n"
                + "\n".join(lines)
                + "\nStop that program, or choose other ports, for instance: XZ_PORT=18000 make up"
            )

    def _addresses(self) -> list[Address]:
        return addresses(self.environment)

    def wait_ready(
        self, timeout_s: float = 180, progress: Callable[[str], None] = lambda line: None
    ) -> None:
        """Wait until every process answers its health check.

        Args:
            progress: is told a line whenever another process is ready, and every ten seconds.

        Raises:
            TimeoutError: names the processes that were not ready, and their logs.
            CannotStart: the supervisor itself ended.
        """
        names = read_procfile(self.procfile)
        waiting = [a for a in self._addresses() if a.process in names]
        begin = told = time.monotonic()
        while waiting:
            for address in [a for a in waiting if is_ready(a)]:
                waiting.remove(address)
                if address.process not in {a.process for a in waiting}:
                    progress(f"{address.process} is ready ({time.monotonic() - begin:.0f} s)")
            if self._supervisord is not None and self._supervisord.poll() is not None:
                raise CannotStart(f"supervisord ended; see {self.folder}/log/supervisord.log")
            late = sorted({a.process for a in waiting})
            if late and time.monotonic() - begin > timeout_s:
                logs = "\n".join(self._last_words(name) for name in late)
                raise TimeoutError(f"Not ready after {timeout_s:.0f} s: {', '.join(late)}\n{logs}")
            if late and time.monotonic() - told > 10:
                told = time.monotonic()
                progress(f"still waiting for {', '.join(late)} ({told - begin:.0f} s)")
                states = self.states()
                for name in late:
                    if states[name]["statename"] == "BACKOFF":
                        progress(f"{name} ends at once; its log says:\n{self._last_words(name)}")
            time.sleep(0.2)

    def _last_words(self, name: str) -> str:
        """Where the log of a process lies, and its end."""
        path = self.folder / "log" / f"{name}.log"
        with contextlib.suppress(OSError):
            end = path.read_text("utf-8", "replace")[-2000:].splitlines()[-4:]
            return "\n".join([f"  {path}", *(f"    {line}" for line in end)])
        return f"  {path}"

    def states(self) -> dict[str, dict[str, Any]]:
        """Name → supervisor's description of the process (`statename`, `pid`, …)."""
        return {info["name"]: info for info in control(self.folder).getAllProcessInfo()}

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one process; it is started again by itself.

        The supervisor sends it: it knows whether the process runs at this moment. The process id
        that it shows of one that does not is 0, and that would signal ourselves and all around us.

        Raises:
            ProcessLookupError: the process does not run now (it may be about to be started again).
        """
        try:
            control(self.folder).signalProcess(name, str(int(number)))
        except Fault as exc:
            if exc.faultCode != Faults.NOT_RUNNING:
                raise
            raise ProcessLookupError(f"{name} does not run") from exc

    def alive(self) -> bool:
        """Whether the supervisor runs."""
        return self._supervisord is not None and self._supervisord.poll() is None

    def ended_in_order(self) -> bool:
        """Whether the supervisor ended because somebody asked it to."""
        return self._supervisord is None or self._supervisord.poll() == 0

    def stop(self) -> None:
        """Stop every process and wait for it. Safe to call twice."""
        if self._supervisord is None:
            return
        self._supervisord.terminate()
        try:
            self._supervisord.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self._supervisord.kill()  # its children get SIGTERM from the kernel
        self._supervisord = None


def is_ready(address: Address) -> bool:
    """Whether this address answers 200 (or, without a health path, accepts a connection)."""
    if address.health is None:
        return port_in_use(address.port)
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=3)
    try:
        connection.request("GET", address.health)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def control(folder: Path) -> Any:
    """Supervisor's remote interface for this installation."""
    transport = SupervisorTransport(None, None, f"unix://{socket_path(folder)}")
    return ServerProxy("http://127.0.0.1", transport=transport).supervisor


def running_supervisor(folder: Path) -> int | None:
    """Process id of the supervisor of this installation, when it runs."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(socket_path(folder)))
        except OSError:
            return None
    # not asked over the socket: a supervisor that is ending answers with faults or not at all
    with contextlib.suppress(FileNotFoundError):
        return int((folder / "run" / "supervisord.pid").read_text("ascii"))
    return None
