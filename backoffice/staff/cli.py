"""Opens staff accounts from the command line, for the operator."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence

from backoffice.clock import SystemClock
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from backoffice.errors import CitizenError
from backoffice.messages import text
from backoffice.staff.models import ALL_DEPARTMENTS, Role
from backoffice.staff.services import create_user
from bootstrap.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. The password is asked for, or read from standard input when that is a pipe."""
    parser = argparse.ArgumentParser(prog="python -m backoffice.staff", description="工作人员账号")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create-user", help="开一个账号")
    create.add_argument("username", help="登录名")
    create.add_argument("--name", required=True, help="姓名")
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    create.add_argument(
        "--department", action="append", help="部门代码，可写几次；不写就是全部部门"
    )
    given = parser.parse_args(arguments)
    settings = load_settings()
    assert settings.keys_file is not None  # load_settings refuses otherwise
    use_keys(KeyRing.load(settings.keys_file))
    try:
        asyncio.run(_create(settings.database, given, _password()))
    except CitizenError as exc:
        print(text(f"error.{exc.code}", **exc.params), file=sys.stderr)
        return 1
    print(f"账号 {given.username} 已开通")
    return 0


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("密码：")
    if first != getpass.getpass("再输一次："):
        raise SystemExit("两次输入的密码不一样")
    return first


async def _create(url: str, given: argparse.Namespace, password: str) -> None:
    engine = make_engine(url)
    try:
        async with make_sessions(engine).begin() as session:
            await create_user(
                session,
                username=given.username,
                display_name=given.name,
                password=password,
                role=Role(given.role),
                departments=given.department or [ALL_DEPARTMENTS],
                now=SystemClock().now(),
            )
    finally:
        await engine.dispose()
