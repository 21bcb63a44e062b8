"""`make rotate-keys`: a new key at rest; every row, file and blind index made anew with it.

Stop everything first. What stops it (a crash, Ctrl-C) is no harm: the same command goes on. The
old key stays in the key file, since archives and the dialogue engine's events of the last 30 days
still need it; `make rotate-keys REMOVE=1` takes it out once nothing here is sealed with it.
Both key files are changed together: the general one, and that of templates of faces and fingers.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from sqlalchemy import create_engine, inspect, text

from backoffice.crypto import DecryptionFailed, KeyRing, KeysUnusable, use_keys
from backoffice.db import make_engine, make_sessions
from backoffice.rotation import reseal_all, sealed_otherwise
from bootstrap.settings import Settings, load_settings
from migrations import tables  # noqa: F401  (every table must be known)
from ops.data import Installation, OperationFailed, fail, say, sync_url
from ops.env import process_environment
from ops.stack import running_supervisor


def rotate(settings: Settings) -> KeyRing:
    """Begin a rotation, or go on with the one that was begun; the general ring afterwards.

    Raises:
        OperationFailed: something cannot be opened with any key, and stays as it is.
    """
    paths = _key_files(settings)
    rings = [KeyRing.load(path, for_rotation=True) for path in paths]
    for number, (path, ring) in enumerate(zip(paths, rings, strict=True)):
        if ring.rotating:
            say(f"go on with the rotation to {ring.current} …")
        elif not any(later.rotating for later in rings[number + 1 :]):
            # begun and ended in this order: a later one still rotating says that this has ended
            rings[number] = ring.begin_rotation()
            # before the first row, so that nothing is ever sealed with an unsaved key
            rings[number].save(path)
            say(f"new key {rings[number].current} …")
    use_keys(*rings)
    try:
        left = asyncio.run(_reseal(settings))
    except DecryptionFailed as exc:
        raise OperationFailed(f"{exc}; mend or delete that row, then run this again.") from exc
    if left:
        raise OperationFailed(f"Not everything was sealed anew: {left}. Is something running?")
    for path, ring in zip(paths, rings, strict=True):
        ring.end_rotation().save(path)
    return rings[0].end_rotation()


def remove_old_keys(settings: Settings, installation: Installation) -> list[str]:
    """Take old keys out of the key file; their ids.

    Raises:
        OperationFailed: something still needs them.
    """
    paths = _key_files(settings)
    rings = [KeyRing.load(path) for path in paths]
    use_keys(*rings)
    old = sorted(key for ring in rings for key in set(ring.keys) - {ring.current})
    left = asyncio.run(_left(settings)) | _tracker_left(installation, rings[0].current)
    if left:
        raise OperationFailed(
            f"Still sealed with an old key: {left}. `make rotate-keys` mends tables and uploads; "
            "the dialogue engine's events go by themselves 30 days after a visit."
        )
    for path, ring in zip(paths, rings, strict=True):
        ring.without_old_keys().save(path)
    return old


def _key_files(settings: Settings) -> list[Path]:
    """The general ring's file, and that of the templates where there is one."""
    assert settings.keys_file is not None  # load_settings refuses otherwise
    more = settings.biometric_keys_file
    return [settings.keys_file] if more is None else [settings.keys_file, more]


async def _reseal(settings: Settings) -> dict[str, int]:
    engine = make_engine(settings.database)
    try:
        sessions = make_sessions(engine)
        await reseal_all(
            sessions, settings.uploads_dir, lambda name, done: say(f"{name}: {done} …")
        )
        async with sessions.read() as session:
            return await sealed_otherwise(session, settings.uploads_dir)
    finally:
        await engine.dispose()


async def _left(settings: Settings) -> dict[str, int]:
    engine = make_engine(settings.database)
    try:
        async with make_sessions(engine).read() as session:
            return await sealed_otherwise(session, settings.uploads_dir)
    finally:
        await engine.dispose()


def _tracker_left(installation: Installation, current: str) -> dict[str, int]:
    """How many events of the dialogue engine (`<key id>:<base64>`) need an old key."""
    url = sync_url(installation.database)
    if installation.tracker is not None:
        if not installation.tracker.exists():
            return {}
        url = f"sqlite:///{installation.tracker}"  # type: ignore[assignment]
    engine = create_engine(url)
    try:
        if not inspect(engine).has_table("tracker_events"):
            return {}
        counted = text("SELECT count(*) FROM tracker_events WHERE data NOT LIKE :head")
        with engine.connect() as connection:
            count = connection.scalar(counted, {"head": f"{current}:%"}) or 0
    finally:
        engine.dispose()
    return {"tracker_events": int(count)} if count else {}


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make rotate-keys", description=__doc__)
    parser.add_argument("--remove-old", action="store_true", help="take old keys out of the file")
    options = parser.parse_args()
    os.environ.update(process_environment())
    settings = load_settings()
    installation = Installation.from_environment()
    try:
        if running_supervisor(installation.folder):
            raise OperationFailed("小政 is running: stop it first (make down).")
        if options.remove_old:
            old = remove_old_keys(settings, installation)
            say(
                f"removed: {', '.join(old) or 'there was none'}. Older archives hold their own keys."
            )
            return 0
        ring = rotate(settings)
    except OperationFailed as exc:
        return fail(exc)
    except KeysUnusable as exc:
        return fail(OperationFailed(str(exc)))
    say(
        f"everything is sealed with {ring.current}. Make a backup now: it takes the key file along."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
