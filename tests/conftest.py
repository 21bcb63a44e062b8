"""Fixtures for every test: the databases that we support."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Base, Sessions, make_engine, make_sessions
from tests import postgres

_DATABASES = os.environ.get("XZ_TEST_DATABASES", "sqlite,postgresql").split(",")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `one_database` runs on the first kind only: it hangs on words, not on rows."""
    again = [one for one in items if one.get_closest_marker("one_database") and _is_further(one)]
    config.hook.pytest_deselected(items=again)
    left_out = set(again)
    items[:] = [one for one in items if one not in left_out]


def _is_further(test: pytest.Item) -> bool:
    spec = getattr(test, "callspec", None)
    return spec is not None and spec.params.get("database_url") in _DATABASES[1:]


@pytest.fixture(params=_DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database; the test runs once for each kind in `XZ_TEST_DATABASES`."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    if request.param != "postgresql":
        raise ValueError(
            f"XZ_TEST_DATABASES: sqlite and postgresql are known, not {request.param!r}"
        )
    url = postgres.postgres_url()
    yield url
    postgres.server().drop_database(url)


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    """An empty database with fresh keys and the tables of every model imported by the test."""
    use_keys(KeyRing.generate())
    engine = make_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield make_sessions(engine)
    await engine.dispose()
