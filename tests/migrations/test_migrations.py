"""The migrations make exactly the tables that the code expects, on every database."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from backoffice.db import make_engine

ROOT = Path(__file__).resolve().parents[2]


def _alembic(url: str) -> Config:
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    return config


def test_migrated_database_has_the_models_tables(database_url: str) -> None:
    config = _alembic(database_url)
    command.upgrade(config, "head")
    command.check(config)  # raises when a model and the migrations differ


def test_the_migrated_audit_trail_refuses_changes(database_url: str) -> None:
    command.upgrade(_alembic(database_url), "head")

    async def tamper() -> None:
        engine = make_engine(database_url)
        try:
            async with engine.begin() as connection:
                await connection.execute(
                    text(
                        "INSERT INTO audit_trail "
                        "(seq, at, actor, action, subject, detail, prev_hash, hash) VALUES "
                        "(1, '2026-01-01 00:00:00', 'a', 'b', 'c', '{}', '0', '0')"
                    )
                )
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE audit_trail SET actor = 'x'"))
        finally:
            await engine.dispose()

    with pytest.raises(Exception, match="append-only"):
        asyncio.run(tamper())


def test_migrations_can_be_taken_back(database_url: str) -> None:
    config = _alembic(database_url)
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    command.upgrade(config, "head")
