"""`make verify-audit`: whether the audit trail was changed; exit code 1 when its chain breaks."""

import asyncio
import sys

from sqlalchemy import func, select

from backoffice.audit.models import AuditEntry
from backoffice.audit.services import Break, verify
from bootstrap.settings import Settings
from ops.database import open_installation, sessions_of

_FAULTS = {
    "altered": "内容被改过",
    "unlinked": "和前一条接不上",
    "missing": "前面少了记录",
    "cut": "后面的记录被删掉了",
}


def main() -> int:
    """Entry point; prints what is wrong, in Chinese, for the operator."""
    count, breaks = asyncio.run(_verify(open_installation()))
    for one in breaks:
        print(f"第 {one.seq} 条：{_FAULTS[one.fault]}")
    print(f"共 {count} 条，{'没有发现改动' if not breaks else f'发现 {len(breaks)} 处问题'}")
    return 1 if breaks else 0


async def _verify(settings: Settings) -> tuple[int, list[Break]]:
    async with sessions_of(settings) as sessions, sessions.begin() as session:
        count = await session.scalar(select(func.count()).select_from(AuditEntry)) or 0
        return count, await verify(session)


if __name__ == "__main__":
    sys.exit(main())
