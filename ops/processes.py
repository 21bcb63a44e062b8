"""The list of processes (`Procfile`) and the supervisor's configuration made from it."""

import os
import re
import shlex
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ops.env import ROOT

_LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(.+)$")


@dataclass(frozen=True)
class Address:
    """One port that a process listens on.

    Attributes:
        setting: name of the setting that moves it.
        port: the port now.
        health: path that answers 200 when ready; None when an open port is all there is to see.
    """

    process: str
    setting: str
    port: int
    health: str | None


def read_procfile(path: Path = ROOT / "Procfile") -> dict[str, str]:
    """Name → shell command.

    Raises:
        ValueError: a line that is neither blank, a comment, nor `name: command`.
    """
    commands: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.match(line)
        if found is None:
            raise ValueError(f"{path.name}: line {number} is not `name: command`")
        commands[found[1]] = found[2].strip()
    return commands


def addresses(environment: dict[str, str]) -> list[Address]:
    """Every port of the installation, with the setting that moves it."""
    known = [
        ("gateway", "XZ_PORT", "8000", "/health/ready"),
        ("gateway", "XZ_METRICS_PORT", "9100", None),
        ("actions", "XZ_ACTIONS_PORT", "5055", "/health"),
        ("worker", "XZ_WORKER_METRICS_PORT", "9101", None),
        ("bot", "XZ_BOT_PORT", "5005", "/health/ready"),
    ]
    return [
        Address(process, setting, int(environment.get(setting) or default), health)
        for process, setting, default, health in known
    ]


def supervisor_config(folder: Path, procfile: Path = ROOT / "Procfile") -> str:
    """The configuration of supervisord for every process of the Procfile.

    A process that ends is started again: at once if it had run for `startsecs`, else after a pause
    that grows by a second with each attempt. Logs are rotated at 10 MB, five are kept.
    """
    escaped = str(folder).replace("%", "%%")
    socket = str(socket_path(folder)).replace("%", "%%")
    parts = [
        f"""[supervisord]
nodaemon=true
pidfile={escaped}/run/supervisord.pid
logfile={escaped}/log/supervisord.log
logfile_maxbytes=10MB
logfile_backups=5
childlogdir={escaped}/log
silent=true

[unix_http_server]
file={socket}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""
    ]
    for name in read_procfile(procfile):
        arguments = [
            sys.executable,
            "-m",
            "ops.run",
            "--supervised",
            "--procfile",
            str(procfile),
            name,
        ]
        command = shlex.join(arguments).replace("%", "%%")
        parts.append(
            f"""[program:{name}]
command={command}
directory={str(ROOT).replace("%", "%%")}
autostart=true
autorestart=true
startsecs=5
startretries=1000000
stopsignal=TERM
stopwaitsecs=15
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={escaped}/log/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=5
"""
        )
    return "\n".join(parts)


def socket_path(folder: Path) -> Path:
    """Where supervisorctl speaks to supervisord.

    A Unix socket's path may have 107 bytes at most; a deep folder's is put below /tmp.
    """
    inside = folder / "run" / "supervisor.sock"
    if len(os.fsencode(inside)) <= 100:
        return inside
    digest = sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(f"/tmp/xiaozheng-{os.getuid()}-{digest}.sock")
