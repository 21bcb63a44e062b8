"""The demonstration's kiosk: its device, and which invented card lies on its simulated reader."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.clock import SystemClock
from backoffice.devices import signing
from backoffice.devices.models import Device
from backoffice.devices.services import register_device
from backoffice.errors import NotFound
from bootstrap.settings import Settings
from integrations.devices.samv.cards import demo_names

NAME = "demo kiosk"


def device_key(settings: Settings) -> Ed25519PrivateKey:
    """The demonstration's kiosk's key, made by its start."""
    key = load_pem_private_key(settings.demo_device_key_file.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)  # our own start made it
    return key


def demo_device_id(settings: Settings) -> str:
    """The demonstration's kiosk as a device; empty before its start has made a key."""
    if not settings.demo_device_key_file.exists():
        return ""
    return signing.device_id(signing.public_bytes(device_key(settings)))


async def ensure_demo_kiosk(session: AsyncSession, settings: Settings) -> None:
    """Register the demonstration's kiosk, once."""
    public = signing.public_bytes(device_key(settings))
    if await session.get(Device, signing.device_id(public)) is None:
        await register_device(
            session,
            public_key=public.hex(),
            name=NAME,
            now=SystemClock().now(),
            secret=settings.demo_kiosk_secret.get_secret_value(),
        )


def pairing(settings: Settings) -> str:
    """The code with which a page begins visits at the demonstration's kiosk."""
    return f"{demo_device_id(settings)}.{settings.demo_kiosk_secret.get_secret_value()}"


def card_names() -> list[str]:
    """Names of all invented cards."""
    return demo_names()


def lay_card(settings: Settings, name: str | None) -> None:
    """Lay an invented card on the simulated reader; None takes off what lies there.

    Raises:
        NotFound: no such card.
    """
    if name is not None and name not in card_names():
        raise NotFound
    tray: Path = settings.demo_card_file
    part = tray.with_suffix(".part")
    part.write_text(json.dumps({"card": name}, ensure_ascii=False), "utf-8")
    part.replace(tray)
