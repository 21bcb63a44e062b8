"""The demonstration's reader: a simulator on which a file lays invented cards."""

import asyncio
import json
from pathlib import Path

import httpx

from backoffice.logs import log
from integrations.devices.samv.cards import NoSuchCard, demo_chip
from integrations.devices.samv.simulator import CardReaderSimulator

LOOK_EVERY_S = 0.2
_ASK_EVERY_S = 2.0


async def only_with_a_demonstration(url: str) -> None:
    """Wait for the server; return when it says that it is a demonstration.

    Raises:
        RuntimeError: it is none: invented cards must not reach real forms.
    """
    async with httpx.AsyncClient(base_url=url, timeout=5, trust_env=False) as client:
        while True:
            try:
                answer = await client.get("/api/v1/info")
                if answer.status_code == 200:
                    if answer.json().get("demo") is True:
                        return
                    raise RuntimeError("XZ_DEVICE_SIMULATED_TRAY is set, but the server is no demo")
            except (httpx.HTTPError, ValueError):
                pass  # not up yet
            await asyncio.sleep(_ASK_EVERY_S)


async def follow(tray: Path, link: Path) -> None:
    """Simulate a reader at `link` until cancelled; `{"card": name or null}` in `tray` rules it."""
    tray.unlink(missing_ok=True)  # a card from yesterday does not lie there any more
    lying: str | None = None
    with CardReaderSimulator(link) as reader:
        while True:
            wanted = _wanted(tray)
            if wanted != lying:
                lying = wanted
                try:
                    reader.take_off()
                    if wanted is not None:
                        await asyncio.sleep(1)  # as a hand needs, so that the daemon sees it empty
                        reader.lay_on(demo_chip(wanted))
                except NoSuchCard:
                    log("devices").warning("tray.no_such_card")
            await asyncio.sleep(LOOK_EVERY_S)


def _wanted(tray: Path) -> str | None:
    try:
        name = json.loads(tray.read_text("utf-8"))["card"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return name if isinstance(name, str) else None
