"""The demonstration's invented data: staff accounts with the passwords that the start prints.

`python -m bootstrap.demo`; refuses to run outside the demo mode.
"""

import asyncio
import sys

from backoffice.clock import SystemClock
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from backoffice.staff.factors import ensure_demo_factor
from backoffice.staff.models import Role
from backoffice.staff.services import ensure_demo_staff
from bootstrap.demo_kiosk import ensure_demo_kiosk
from bootstrap.settings import Settings


def main() -> int:
    """Returns the exit code."""
    settings = Settings()
    if not settings.demo or settings.keys_file is None:
        sys.stderr.write("demo data only exists in demo mode (XZ_MODE=demo)\n")
        return 1
    use_keys(KeyRing.load(settings.keys_file))
    asyncio.run(_fill(settings))
    return 0


async def _fill(settings: Settings) -> None:
    engine = make_engine(settings.database)
    passwords = {
        "clerk": settings.demo_clerk_password.get_secret_value(),
        "head": settings.demo_head_password.get_secret_value(),
        "admin": settings.demo_admin_password.get_secret_value(),
        "auditor": settings.demo_auditor_password.get_secret_value(),
    }
    async with make_sessions(engine).begin() as session:
        now = SystemClock().now()
        staff = await ensure_demo_staff(session, passwords, now)
        secret = bytes.fromhex(settings.demo_head_factor.get_secret_value())
        for one in staff:
            if secret and one.role == Role.HEAD:
                await ensure_demo_factor(session, one, secret, now=now)
        await ensure_demo_kiosk(session, settings)
    await engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
