"""A row of `uploads` and its file: both are there, or neither."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.db import Sessions
from backoffice.uploads import store
from backoffice.uploads.models import Upload


async def keep_with_file(
    sessions: Sessions,
    folder: Path,
    upload: Upload,
    data: bytes,
    *,
    still_wanted: Callable[[AsyncSession], Awaitable[object]] | None = None,
) -> None:
    """Write the file encrypted, then the row in a transaction of its own.

    Args:
        still_wanted: asked in that transaction; what it raises leaves nothing behind.
    """
    await asyncio.to_thread(store.write, folder, upload.id, data)
    try:
        async with sessions.begin() as session:
            if still_wanted is not None:
                await still_wanted(session)
            session.add(upload)
    except BaseException:
        store.remove(folder, upload.id)
        raise
