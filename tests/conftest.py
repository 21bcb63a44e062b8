"""Fixtures for every test: the databases that we support."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres

_DATABASES = os.environ.get("XZ_TEST_DATABASES", "sqlite,postgresql").split(",")


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
