"""An empty database with keys."""

from collections.abc import AsyncIterator

import pytest

import backoffice.audit  # the tables
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Base, Sessions, make_engine, make_sessions

assert backoffice.audit


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    use_keys(KeyRing.generate())
    engine = make_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield make_sessions(engine)
    await engine.dispose()
