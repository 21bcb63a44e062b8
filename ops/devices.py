"""`make register-device`, `make devices`: the kiosks' device daemons that are let in."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from sqlalchemy import select

from backoffice.clock import SystemClock
from backoffice.devices.models import Device
from backoffice.devices.services import register_device, revoke_device
from backoffice.errors import CitizenError
from backoffice.messages import text
from bootstrap.settings import Settings
from ops.database import open_installation, sessions_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.devices", description="自助机设备")
    commands = parser.add_subparsers(dest="command", required=True)
    register = commands.add_parser("register", help="登记一台自助机")
    register.add_argument("public_key", help="自助机上 python -m devices key 显示的 64 位数字")
    register.add_argument("--name", required=True, help="叫什么，比如 大厅1号机")
    revoke = commands.add_parser("revoke", help="停用一台自助机，不能恢复")
    revoke.add_argument("id", help="设备编号")
    commands.add_parser("list", help="列出所有自助机")
    given = parser.parse_args(arguments)
    settings = open_installation()
    try:
        print(asyncio.run(_do(settings, given)))
    except CitizenError as exc:
        print(text(f"error.{exc.code}", **exc.params), file=sys.stderr)
        return 1
    return 0


async def _do(settings: Settings, given: argparse.Namespace) -> str:
    now = SystemClock().now()
    async with sessions_of(settings) as sessions, sessions.begin() as session:
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


def _line(device: Device) -> str:
    seen = device.last_seen_at.isoformat(timespec="minutes") if device.last_seen_at else "-"
    state = "revoked" if device.revoked_at else "reader" if device.card_reader_at else "no reader"
    return f"{device.id}  {state:9}  {seen}  {device.name}"


if __name__ == "__main__":
    sys.exit(main())
