"""`make staff-user`: opens an account for a clerk, a head or an admin."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence

from backoffice.clock import SystemClock
from backoffice.errors import CitizenError
from backoffice.messages import text
from backoffice.staff.models import ALL_DEPARTMENTS, Role
from backoffice.staff.services import create_user
from bootstrap.settings import Settings
from ops.database import open_installation, sessions_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. The password is asked for, or read from standard input when that is a pipe."""
    parser = argparse.ArgumentParser(prog="make staff-user", description="开一个工作人员账号")
    parser.add_argument("username", help="登录名")
    parser.add_argument("--name", required=True, help="姓名")
    parser.add_argument("--role", required=True, choices=[role.value for role in Role])
    parser.add_argument(
        "--department", action="append", help="部门代码，可写几次；不写就是全部部门"
    )
    given = parser.parse_args(arguments)
    settings = open_installation()
    try:
        asyncio.run(_create(settings, given, _password()))
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


async def _create(settings: Settings, given: argparse.Namespace, password: str) -> None:
    async with sessions_of(settings) as sessions, sessions.begin() as session:
        await create_user(
            session,
            username=given.username,
            display_name=given.name,
            password=password,
            role=Role(given.role),
            departments=given.department or [ALL_DEPARTMENTS],
            now=SystemClock().now(),
        )


if __name__ == "__main__":
    sys.exit(main())
