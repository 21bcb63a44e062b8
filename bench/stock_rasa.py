"""A stock Rasa project as a contestant."""

import http.client
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import yaml

from bench.dialogue import HERE, Kind, Line
from bench.memory import Memory, memory_of
from bench.sides import Citizen, WrongAnswer
from ops.env import ROOT
from ops.run import die_with_parent

_BOT_BIN = ROOT / "bot" / ".venv" / "bin"
_PROJECT = HERE / "stock"
_START_S = 900.0  # TensorFlow on a busy machine takes its time


class Stock:
    """`rasa run` and `rasa run actions` with one of the project's configurations.

    The project is trained in `build/` when it changed, and run in a copy of its own.
    """

    kind: Kind = "stock"

    def __init__(self, name: str, config: str, folder: Path, port: int) -> None:
        self.name, self.config, self.folder, self.port = name, config, folder, port
        self.model = ROOT / "build" / "bench" / f"{name}.tar.gz"
        self._running: list[subprocess.Popen[bytes]] = []
        domain = yaml.safe_load((_PROJECT / "domain.yml").read_text("utf-8"))
        self._texts = {key: value[0]["text"] for key, value in domain["responses"].items()}

    def train(self) -> None:
        """Train, unless the model is newer than everything that it is made of."""
        sources = [p for p in _PROJECT.rglob("*.yml") if p.name not in ("endpoints.yml",)]
        newest = max(p.stat().st_mtime for p in sources)
        if self.model.exists() and self.model.stat().st_mtime > newest:
            return
        self.model.parent.mkdir(parents=True, exist_ok=True)
        command = ["rasa", "train", "--config", f"{self.config}.yml", "--quiet"]
        command += ["--fixed-model-name", self.name, "--out", str(self.model.parent)]
        self._prepare()
        subprocess.run(
            [str(_BOT_BIN / command[0]), *command[1:]],
            cwd=self.folder,
            env=self._environment(),
            check=True,
        )

    def start(self) -> None:
        self.train()
        self._prepare()
        self._run("actions", "run", "actions", "--port", str(self.port + 1))
        server = ("run", "--model", str(self.model), "--port", str(self.port))
        self._run("rasa", *server, "--interface", "127.0.0.1")
        deadline = time.monotonic() + _START_S
        while not (_answers(self.port, "/") and _answers(self.port + 1, "/health")):
            ended = [one.returncode for one in self._running if one.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} is not ready; see {self.folder}/*.log")
            time.sleep(0.5)

    def stop(self) -> None:
        for one in self._running:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGTERM)
        for one in self._running:
            try:
                one.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)
        self._running = []

    def memory(self) -> list[Memory]:
        return memory_of([one.pid for one in self._running])

    async def greet(self, http: aiohttp.ClientSession, citizen: Citizen) -> None:
        citizen.id, citizen.phone = secrets.token_hex(16), "13900000000"

    async def settle(self, http: aiohttp.ClientSession, citizens: Sequence[Citizen]) -> None:
        """The stock project sends no codes."""

    async def say(self, http: aiohttp.ClientSession, citizen: Citizen, line: Line) -> None:
        url = f"http://127.0.0.1:{self.port}/webhooks/rest/webhook"
        body = {"sender": citizen.id, "message": citizen.words(line)}
        async with http.post(url, json=body) as answer:
            said = await answer.json() if answer.status == 200 else []
        last = said[-1].get("text") if said else None
        wanted = line.stock
        if last is None or (wanted is not None and last != self._text(wanted)):
            raise WrongAnswer(f"{self.name}: {line.say!r} was answered {last!r}")

    def _text(self, awaited: str) -> str:
        key = "utter_submitted" if awaited == "submitted" else f"utter_ask_{awaited}"
        return str(self._texts[key])

    def _prepare(self) -> None:
        shutil.copytree(_PROJECT, self.folder, dirs_exist_ok=True)
        endpoints = self.folder / "endpoints.yml"
        moved = endpoints.read_text("utf-8").replace(":5055/", f":{self.port + 1}/")
        endpoints.write_text(moved, "utf-8")

    @staticmethod
    def _environment() -> dict[str, str]:
        return dict(os.environ) | {"RASA_TELEMETRY_ENABLED": "false"}

    def _run(self, log: str, *arguments: str) -> None:
        with (self.folder / f"{log}.log").open("wb") as output:
            self._running.append(
                subprocess.Popen(
                    [str(_BOT_BIN / "rasa"), *arguments],
                    cwd=self.folder,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
            )


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
