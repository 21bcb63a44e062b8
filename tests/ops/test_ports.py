"""Ports of installations that come and go: nobody else takes them, not even for a moment."""

import socket
import subprocess
import sys
from pathlib import Path

from ops.env import ROOT
from ops.ports import candidate_ports, claim_port, free_ports

_GIVEN_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_every_setting_gets_a_port_of_its_own() -> None:
    ports = free_ports({})
    assert {"XZ_PORT", "XZ_BOT_PORT", "XZ_ACTIONS_PORT"} <= set(ports)
    assert len(set(ports.values())) == len(ports)


def test_no_outgoing_connection_can_be_given_such_a_port() -> None:
    if _GIVEN_OUT.exists():
        first, _ = map(int, _GIVEN_OUT.read_text().split())
        assert max(candidate_ports()) < first
    assert claim_port() in candidate_ports()


def test_another_program_is_refused_what_is_claimed_though_nothing_listens() -> None:
    """Both may choose among three ports only; two are claimed here, one is listened on."""
    script = (
        "import ops.ports as p, sys; p.candidate_ports = lambda: map(int, sys.argv[1:])\n"
        "try: print(p.claim_port())\n"
        "except p.NoFreePort: print('none')"
    )

    def other(*ports: int) -> str:
        command = [sys.executable, "-c", script, *map(str, ports)]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    ours = [claim_port(), claim_port()]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert other(*ours, taken) == "none"
    # listened on by nobody any more, and what the other program claimed ended with it
    assert other(*ours, taken) == other(*ours, taken) == str(taken)
