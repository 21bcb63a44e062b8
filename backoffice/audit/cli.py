"""Checks the audit trail from the command line: exit code 1 when the chain does not hold."""

import argparse
import asyncio
from collections.abc import Sequence

from sqlalchemy import func, select

from backoffice.audit.models import AuditEntry
from backoffice.audit.services import Break, verify
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from bootstrap.settings import load_settings

_FAULTS = {
    "altered": "内容被改过",
    "unlinked": "和前一条接不上",
    "missing": "前面少了记录",
    "cut": "后面的记录被删掉了",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; prints what is wrong, in Chinese, for the operator."""
    parser = argparse.ArgumentParser(prog="python -m backoffice.audit", description="审计记录")
    parser.add_argument("command", choices=["verify"], help="verify 核对整条记录有没有被改动")
    parser.parse_args(arguments)
    settings = load_settings()
    assert settings.keys_file is not None  # load_settings refuses otherwise
    use_keys(KeyRing.load(settings.keys_file))
    count, breaks = asyncio.run(_verify(settings.database))
    for one in breaks:
        print(f"第 {one.seq} 条：{_FAULTS[one.fault]}")
    print(f"共 {count} 条，{'没有发现改动' if not breaks else f'发现 {len(breaks)} 处问题'}")
    return 1 if breaks else 0


async def _verify(url: str) -> tuple[int, list[Break]]:
    engine = make_engine(url)
    try:
        async with make_sessions(engine).begin() as session:
            count = await session.scalar(select(func.count()).select_from(AuditEntry)) or 0
            return count, await verify(session)
    finally:
        await engine.dispose()
