"""Ports for installations that come and go: several test runs at once take none from each other.

A process that is killed and started again must find its port still free. So the ports lie below
those that the system gives to outgoing connections, and each is claimed, by a locked file, for as
long as the claiming program lives.
"""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

from ops.processes import addresses

_GIVEN_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_GIVEN_OUT = 49152  # RFC 6335, where the system does not say
_WIDTH = 12_000
_claims: list[IO[str]] = []


class NoFreePort(Exception):
    """Every port that could be used is taken."""


def free_ports(environment: dict[str, str]) -> dict[str, str]:
    """Settings that move every port of an installation to one that is this program's own.

    Raises:
        NoFreePort.
    """
    return {one.setting: str(claim_port()) for one in addresses(environment)}


def claim_port() -> int:
    """A port of the loopback that is free and that no other run will take.

    Raises:
        NoFreePort.
    """
    folder = Path(tempfile.gettempdir()) / f"xiaozheng-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    candidates = list(candidate_ports())
    random.shuffle(candidates)
    for port in candidates:
        claim = (folder / str(port)).open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # another run's
            claim.close()
            continue
        if _may_be_listened_on(port):
            _claims.append(claim)  # closed, and so given back, when this program ends
            return port
        claim.close()
    raise NoFreePort


def candidate_ports() -> range:
    """The ports just below those that outgoing connections are given."""
    try:
        first = int(_GIVEN_OUT.read_text("ascii").split()[0])
    except (OSError, ValueError):
        first = _FIRST_GIVEN_OUT
    return range(max(1024, first - _WIDTH), first)


def _may_be_listened_on(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
