"""Registers kiosks' devices from the command line, for the operator."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from sqlalchemy import select

from backoffice.clock import SystemClock
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from backoffice.devices.models import Device
from backoffice.devices.services import register_device, revoke_device
from backoffice.errors import CitizenError
from backoffice.messages import text
from bootstrap.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m backoffice.devices", description="自助机设备")
    commands = parser.add_subparsers(dest="command", required=True)
    register = commands.add_parser("register", help="登记一台自助机")
    register.add_argument("public_key", help="自助机上 python -m devices key 显示的 64 位数字")
    register.add_argument("--name", required=True, help="叫什么，比如 大厅1号机")
    revoke = commands.add_parser("revoke", help="停用一台自助机，不能恢复")
    revoke.add_argument("id", help="设备编号")
    commands.add_parser("list", help="列出所有自助机")
    given = parser.parse_args(arguments)
    settings = load_settings()
    assert settings.keys_file is not None  # load_settings refuses otherwise
    use_keys(KeyRing.load(settings.keys_file))
    try:
        print(asyncio.run(_do(settings.database, given)))
    except CitizenError as exc:
        print(text(f"error.{exc.code}", **exc.params), file=sys.stderr)
        return 1
    return 0


async def _do(url: str, given: argparse.Namespace) -> str:
    engine, now = make_engine(url), SystemClock().now()
    try:
        async with make_sessions(engine).begin() as session:
            if given.command == "register":
                device, pairing = await register_device(
                    session, public_key=given.public_key, name=given.name, now=now
                )
                return text("device.registered", id=device.id, pairing=pairing)
            if given.command == "revoke":
                device = await revoke_device(session, id=given.id, now=now)
                return text("device.revoked", id=device.id)
            rows = await session.scalars(select(Device).order_by(Device.created_at))
            return "\n".join(_line(one) for one in rows) or text("device.none")
    finally:
        await engine.dispose()


def _line(device: Device) -> str:
    seen = device.last_seen_at.isoformat(timespec="minutes") if device.last_seen_at else "-"
    state = "revoked" if device.revoked_at else "reader" if device.card_reader_at else "no reader"
    return f"{device.id}  {state:9}  {seen}  {device.name}"
