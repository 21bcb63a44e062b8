"""`make erase`: delete a citizen's data at the citizen's request, by phone number.

The number is asked for, never an argument: it would stay in the shell's history. What the
authority must keep is listed; everything else is gone, also after a later `make restore`.
"""

import argparse
import asyncio
import getpass
import sys
from datetime import UTC, datetime

from sqlalchemy import select

from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from backoffice.erasures.ledger import NAME, export
from backoffice.erasures.models import ErasureKind
from backoffice.erasures.services import Erased, erase
from backoffice.identity.models import Citizen
from backoffice.identity.services import phone_index
from bootstrap.settings import Settings, load_settings
from ops.env import process_environment


async def erase_by_phone(settings: Settings, phone: str, kind: ErasureKind) -> Erased | None:
    """Delete and write the ledger's file; None when nobody signs in with this number."""
    engine = make_engine(settings.database)
    now = datetime.now(UTC)
    try:
        sessions = make_sessions(engine)
        async with sessions.begin() as session:
            wanted = select(Citizen.id).where(Citizen.phone_index == phone_index(phone))
            citizen_id = await session.scalar(wanted)
            if citizen_id is None:
                return None
            done = await erase(
                session,
                settings.uploads_dir,
                kind=kind,
                citizen_id=citizen_id,
                now=now,
                actor="system",
            )
        async with sessions.begin() as session:
            await export(session, settings.backups_dir / NAME, now=now)
        return done
    finally:
        await engine.dispose()


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make erase", description=__doc__)
    parser.add_argument("--only-faces", action="store_true", help="selfies and their comparisons")
    options = parser.parse_args()
    settings = load_settings()
    assert settings.keys_file is not None  # load_settings refuses otherwise
    use_keys(KeyRing.load(settings.keys_file))
    asked = "Phone number of the citizen (not shown): "
    phone = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()
    kind = ErasureKind.FACES if options.only_faces else ErasureKind.CITIZEN
    done = asyncio.run(erase_by_phone(settings, phone.strip(), kind))
    if done is None:
        print("Nobody has signed in with this number.", file=sys.stderr)
        return 1
    print(
        f"Deleted: {done.applications} applications, {done.conversations} visits, "
        f"{done.uploads} pictures and papers."
    )
    for number in done.kept:
        print(f"Kept, because it was handed in to the authority: {number}")
    return 0


if __name__ == "__main__":
    import os

    os.environ.update(process_environment())
    sys.exit(main())
