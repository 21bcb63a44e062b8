"""Repeat, on a restored database, the deletions that citizens asked for after the backup."""

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec

from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from bootstrap.settings import load_settings


async def replay() -> bool:
    """Call the back office's `replay_erasures`; False when this version erases nothing yet."""
    if find_spec("backoffice.retention") is None:
        return False
    erase = getattr(import_module("backoffice.retention"), "replay_erasures", None)
    if erase is None:
        return False
    settings = load_settings()
    if settings.keys_file is not None:  # without one, load_settings has refused
        use_keys(KeyRing.load(settings.keys_file))
    engine = make_engine(settings.database)
    try:
        async with make_sessions(engine).begin() as session:
            await erase(session)
    finally:
        await engine.dispose()
    return True


if __name__ == "__main__":
    done = asyncio.run(replay())
    sys.stdout.write("[data] deletions replayed\n" if done else "[data] no deletions to replay\n")
