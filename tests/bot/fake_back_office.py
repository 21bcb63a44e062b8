"""An action server's answers, scripted by what the sentence contains.

* `submit` in an answer ends the form; `boom` fails the call; `reject` makes apply_item find no
  application to open.
Runs as a server too: `python fake_back_office.py PORT SECRET LOG [SLOW]`, where every call's
action is appended to LOG, and an action whose text contains `slow` waits.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, Dict, List

OPENERS = {"action_start_application", "action_resume", "action_continue"}
SLOTS = ("application_open", "application_answer", "item")


class Boom(Exception):
    """The action server fails."""


def answer(body: Dict[str, Any]) -> Dict[str, Any]:
    """The SDK's response to one action call."""
    action = body["next_action"]
    text = body["tracker"]["latest_message"]["text"]
    if "boom" in text:
        raise Boom
    if action == "validate_application_form":
        state = "submitted" if "submit" in text else None
        return {"events": [slot("application_answer", state)], "responses": []}
    events: List[Dict[str, Any]] = []
    if action in OPENERS:
        events = [slot("application_open", "reject" not in text)]
    if action == "action_conclude_application":
        events = [slot(name, None) for name in SLOTS]
    return {"events": events, "responses": [{"custom": {"text": action}}]}


def slot(name: str, value: Any) -> Dict[str, Any]:
    return {"event": "slot", "name": name, "value": value}


class FakeEndpoint:
    """Stands where ActionEndpoint stands, without a network; remembers the calls."""

    url = "fake"
    kwargs: Dict[str, Any] = {}

    def __init__(self) -> None:
        self.calls: List[str] = []
        self.bodies: List[Dict[str, Any]] = []

    async def request(self, **kwargs: Any) -> Dict[str, Any]:
        self.calls.append(kwargs["json"]["next_action"])
        self.bodies.append(kwargs["json"])
        return answer(kwargs["json"])


def serve(port: int, secret: str, log: Path) -> None:
    """Serve over HTTP until killed."""
    from aiohttp import web

    async def webhook(request: web.Request) -> web.Response:
        if request.headers.get("X-Xiaozheng-Secret") != secret:
            return web.Response(status=401)
        body = await request.json()
        with log.open("a") as lines:
            lines.write(body["next_action"] + "\n")
        if "slow" in body["tracker"]["latest_message"]["text"]:
            await asyncio.sleep(5)
        try:
            return web.json_response(answer(body))
        except Boom:
            return web.Response(status=500, text="failed on " + str(body))

    app = web.Application()
    app.router.add_post("/webhook", webhook)
    web.run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
