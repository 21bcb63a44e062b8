"""Our whole installation as a contestant."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from bench.dialogue import Kind, Line
from bench.memory import Memory, memory_of
from bench.sides import Citizen, WrongAnswer
from ops.env import ROOT, ensure_demo_env, process_environment
from ops.stack import Stack
from ops.up import prepare

_CARD = ROOT / "data" / "demo" / "cards" / "李小梅.jpg"
_SMS_WAIT_S = 60.0


class Ours:
    """Gateway, actions, worker and bot under their supervisor, in a folder of their own."""

    name = "ours"
    kind: Kind = "ours"

    def __init__(self, folder: Path, port: int) -> None:
        ports = ("XZ_PORT", "XZ_METRICS_PORT", "XZ_ACTIONS_PORT", "XZ_WORKER_METRICS_PORT")
        settings = {name: str(port + i) for i, name in enumerate((*ports, "XZ_BOT_PORT"))}
        settings |= {"XZ_VAR_DIR": str(folder), "XZ_MODE": "demo"}
        ensure_demo_env(folder)
        self.stack = Stack(process_environment(settings))

    def start(self) -> None:
        prepare(self.stack.environment)
        self.stack.start()
        self.stack.wait_ready(timeout_s=300)

    def stop(self) -> None:
        self.stack.stop()

    def memory(self) -> list[Memory]:
        supervisor = int((self.stack.folder / "run" / "supervisord.pid").read_text())
        return memory_of([supervisor])

    async def greet(self, http: aiohttp.ClientSession, citizen: Citizen) -> None:
        opened = await self._post(http, "/api/v1/conversations/", "", {"channel": "phone"})
        citizen.id, citizen.token = opened["id"], opened["token"]
        # a phone may have few codes an hour, so every visit is somebody else's
        citizen.phone = f"139{secrets.randbelow(10**8):08d}"

    async def settle(self, http: aiohttp.ClientSession, citizens: Sequence[Citizen]) -> None:
        waiting = {one.phone: one for one in citizens}
        deadline = time.monotonic() + _SMS_WAIT_S
        while waiting and time.monotonic() < deadline:
            async with http.get(f"{self.stack.url}/demo/inbox") as answer:
                sent = (await answer.json())["messages"]
            for message in sent:
                if (citizen := waiting.pop(message["to"], None)) is not None:
                    citizen.code = message["params"]["code"]
            if waiting:
                await asyncio.sleep(0.2)
        if waiting:
            raise WrongAnswer(f"ours: {len(waiting)} codes were not sent in {_SMS_WAIT_S:.0f} s")

    async def say(self, http: aiohttp.ClientSession, citizen: Citizen, line: Line) -> None:
        path = f"/api/v1/conversations/{citizen.id}/messages"
        turn_id = secrets.token_hex(8)  # as the pages do, so that a turn can be sent again
        said = {"text": citizen.words(line), "turn_id": turn_id}
        answer = await self._post(http, path, citizen.token, said)
        state = answer["state"]
        awaits = (state.get("draft") or {}).get("awaiting")
        if not answer["messages"] or line.ours not in (None, awaits):
            raise WrongAnswer(f"ours: {line.say!r} led to {awaits!r} ({state.get('act')})")

    async def _post(
        self, http: aiohttp.ClientSession, path: str, token: str, body: dict[str, Any]
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        async with http.post(self.stack.url + path, json=body, headers=headers) as answer:
            if answer.status >= 300:
                raise WrongAnswer(f"ours: status {answer.status} at {path.rsplit('/', 1)[-1]}")
            return await answer.json()

    async def photograph_card(
        self, http: aiohttp.ClientSession, citizen: Citizen, lines: Sequence[Line]
    ) -> None:
        """Lead a visit to the question for the card and upload a photograph of one."""
        await self.greet(http, citizen)
        for line in lines:
            await self.say(http, citizen, line)
            if line.ours == "name":  # the card is asked for here
                break
        headers = {"Authorization": f"Bearer {citizen.token}"}
        url = f"{self.stack.url}/api/v1/conversations/{citizen.id}/messages"
        async with http.get(url, headers=headers) as answer:
            shown = (await answer.json())["messages"]
        widget = next(m["widget"] for m in reversed(shown) if m.get("widget"))
        form = aiohttp.FormData()
        form.add_field("file", _CARD.read_bytes(), filename="card.jpg", content_type="image/jpeg")
        upload = self.stack.url + widget["upload_url"]
        async with http.post(upload, data=form, headers=headers) as answer:
            if answer.status != 201:
                raise WrongAnswer(f"ours: the card's photograph was answered {answer.status}")
