"""`make erase`: delete a citizen's data at the citizen's request, by phone or identity number.

Who has no phone has an account by the identity number that was proved. The number is asked for, never an argument: it would stay in the shell's history. What the
authority must keep is listed; everything else is gone, also after a later `make restore`.
"""

import argparse
import asyncio
import getpass
import sys
from datetime import UTC, datetime

from sqlalchemy import or_, select

from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from backoffice.erasures.ledger import NAME, export
from backoffice.erasures.models import ErasureKind
from backoffice.erasures.services import Erased, erase
from backoffice.identity.accounts import id_hash, phone_index
from backoffice.identity.models import Citizen
from bootstrap.settings import Settings, load_settings
from ops.env import process_environment


async def erase_by_number(settings: Settings, number: str, kind: ErasureKind) -> Erased | None:
    """Delete and write the ledger's file; None when no account has this number.

    Args:
        number: of the phone, or the identity number that the account's owner has proved.
    """
    engine = make_engine(settings.database)
    now = datetime.now(UTC)
    try:
        sessions = make_sessions(engine)
        async with sessions.begin() as session:
            citizen_id = await session.scalar(
                select(Citizen.id).where(
                    or_(
                        Citizen.phone_index == phone_index(number),
                        Citizen.id_hash == id_hash(number),
                    )
                )
            )
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
    asked = "Phone or identity number of the citizen (not shown): "
    number = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()
    kind = ErasureKind.FACES if options.only_faces else ErasureKind.CITIZEN
    done = asyncio.run(erase_by_number(settings, number.strip(), kind))
    if done is None:
        print("No account has this number.", file=sys.stderr)
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
