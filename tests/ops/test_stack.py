"""Processes under the supervisor: they come back after a kill, and none outlives the stack."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xmlrpc.client import Fault

import pytest

from ops.ports import free_ports
from ops.processes import read_procfile, socket_path, supervisor_config
from ops.run import end_leftovers, port_in_use
from ops.stack import CannotStart, Stack, control, running_supervisor

STANDIN = f"{sys.executable} {Path(__file__).with_name('standin.py')}"


def eventually(condition: Callable[[], bool], timeout_s: float = 20) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def procfile(tmp_path: Path) -> Path:
    path = tmp_path / "Procfile"
    path.write_text(
        "# two of four\n"
        f"gateway: exec {STANDIN} $XZ_PORT $XZ_METRICS_PORT\n"
        # the child holds the port; only the shell above it is known to the supervisor
        f"bot: {STANDIN} $XZ_BOT_PORT & wait\n"
    )
    return path


@pytest.fixture
def stack(tmp_path: Path, procfile: Path) -> Iterator[Stack]:
    environment = dict(os.environ) | {"XZ_MODE": "test", "XZ_VAR_DIR": str(tmp_path / "var")}
    (tmp_path / "var").mkdir()
    stack = Stack(environment | free_ports(environment), procfile)
    yield stack
    stack.stop()
    end_leftovers("bot", str(stack.folder))


def test_killed_process_comes_back_although_its_child_still_held_the_port(stack: Stack) -> None:
    stack.start()
    stack.wait_ready(30)
    first = stack.states()["bot"]["pid"]
    stack.kill("bot")
    assert eventually(lambda: stack.states()["bot"]["pid"] not in (0, first))
    stack.wait_ready(30)
    assert stack.states()["bot"]["statename"] in ("STARTING", "RUNNING")


def test_nothing_outlives_an_orderly_stop(stack: Stack) -> None:
    stack.start()
    stack.wait_ready(30)
    ports = [int(stack.environment[s]) for s in ("XZ_PORT", "XZ_BOT_PORT")]
    assert all(port_in_use(port) for port in ports)
    stack.stop()
    assert eventually(lambda: not any(port_in_use(port) for port in ports))


def test_gateway_does_not_outlive_a_killed_supervisor(stack: Stack) -> None:
    stack.start()
    stack.wait_ready(30)
    supervisor = running_supervisor(stack.folder)
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    assert eventually(lambda: not port_in_use(int(stack.environment["XZ_PORT"])))
    # what the kernel could not end, a child of a process, does not keep the next start from working
    assert port_in_use(int(stack.environment["XZ_BOT_PORT"]))
    stack.start()
    stack.wait_ready(30)


def test_start_says_which_setting_moves_a_taken_port(stack: Stack) -> None:
    taken = subprocess.Popen([*STANDIN.split(), stack.environment["XZ_BOT_PORT"]])
    try:
        assert eventually(lambda: port_in_use(int(stack.environment["XZ_BOT_PORT"])))
        with pytest.raises(CannotStart, match="XZ_BOT_PORT"):
            stack.start()
    finally:
        taken.kill()
        taken.wait()


def test_second_start_of_the_same_installation_is_refused(stack: Stack) -> None:
    stack.start()
    stack.wait_ready(30)
    with pytest.raises(CannotStart, match="make down"):
        Stack(stack.environment, stack.procfile).start()


def test_process_that_is_not_ready_is_named(stack: Stack, procfile: Path) -> None:
    procfile.write_text("worker: echo the reason; exec sleep 60\n")
    stack.start()
    with pytest.raises(TimeoutError, match=r"worker(.|\n)*the reason"):
        stack.wait_ready(5)


def test_procfile_of_the_project_names_the_four_processes() -> None:
    assert set(read_procfile()) == {"gateway", "actions", "worker", "bot", "devices"}


def test_procfile_fault_is_reported_by_line(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("gateway: x\nnonsense\n")
    with pytest.raises(ValueError, match="line 2"):
        read_procfile(path)


def test_config_escapes_percent_signs_and_shortens_a_long_socket_path(procfile: Path) -> None:
    folder = Path("/srv/100%") / ("x" * 120)
    assert "/srv/100%%/" in supervisor_config(folder, procfile)
    assert len(os.fsencode(socket_path(folder))) < 108


def test_a_process_that_does_not_run_cannot_be_killed_and_nobody_else_is(stack: Stack) -> None:
    """The supervisor shows 0 as its process id, which to the system means our whole group."""
    stack.start()
    stack.wait_ready(30)
    control(stack.folder).stopProcess("bot")
    assert stack.states()["bot"]["pid"] == 0
    with pytest.raises(ProcessLookupError):
        stack.kill("bot")
    with pytest.raises(Fault):
        stack.kill("nobody")
