"""Alembic's environment: the database of the settings, or the one handed over by a caller."""

import asyncio

from alembic import context
from sqlalchemy import Connection, LargeBinary
from sqlalchemy.types import TypeDecorator

from backoffice.db import Base, Utc, make_engine
from bootstrap.settings import Settings
from migrations import tables  # noqa: F401  (every table must be known)


def _render(kind: str, item: object, _context: object) -> str | bool:
    """Our column types as what the database sees: migrations must not change with the code."""
    if kind == "type" and isinstance(item, Utc):
        return "sa.DateTime(timezone=True)"
    if (
        kind == "type"
        and isinstance(item, TypeDecorator)
        and isinstance(item.impl_instance, LargeBinary)
    ):
        return "sa.LargeBinary()"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run(url: str) -> None:
    engine = make_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
        await connection.commit()
    await engine.dispose()


def _url() -> str:
    given = context.config.attributes.get("url")
    settings = Settings()
    if given is None and not settings.database_url:
        settings.var_dir.mkdir(parents=True, exist_ok=True)
    return given or settings.database


asyncio.run(_run(_url()))
