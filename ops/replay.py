"""Repeat, on a restored database, the deletions that citizens asked for after the backup.

python -m ops.replay FILE …    ledgers of deletions (`erasures.jsonl`)
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from backoffice.erasures.ledger import read_ledger, replay_erasures
from bootstrap.settings import load_settings


async def replay(ledgers: Sequence[Path]) -> int:
    """How many deletions were repeated; all of them or none."""
    settings = load_settings()
    if settings.keys_file is not None:  # without one, load_settings has refused
        use_keys(KeyRing.load(settings.keys_file))
    entries = [entry for path in ledgers for entry in read_ledger(path)]
    engine = make_engine(settings.database)
    try:
        async with make_sessions(engine).begin() as session:
            return await replay_erasures(
                session, settings.uploads_dir, entries, now=datetime.now(UTC)
            )
    finally:
        await engine.dispose()


if __name__ == "__main__":
    count = asyncio.run(replay([Path(one) for one in sys.argv[1:]]))
    sys.stdout.write(f"[data] {count} deletions repeated\n")
