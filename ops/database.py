"""What an operator's command needs of the installation: its settings, its keys, its database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from backoffice.crypto import KeyRing, use_keys
from backoffice.db import make_engine, make_sessions
from bootstrap.settings import Settings, load_settings


def open_installation() -> Settings:
    """The settings in this process's environment (`python -m ops.run --` sets it); uses their keys."""
    settings = load_settings()
    assert settings.keys_file is not None  # load_settings refuses otherwise
    use_keys(KeyRing.load(settings.keys_file))
    return settings


@asynccontextmanager
async def sessions_of(settings: Settings) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    """Sessions on its database, closed behind the command."""
    engine = make_engine(settings.database)
    try:
        yield make_sessions(engine)
    finally:
        await engine.dispose()
