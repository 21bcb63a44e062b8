"""The test suite's own databases."""

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine


async def test_database_url_gives_an_empty_database_for_each_kind(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE marks (word VARCHAR(20))"))
        await connection.execute(text("INSERT INTO marks VALUES ('石湾')"))
        assert (await connection.scalars(text("SELECT word FROM marks"))).all() == ["石湾"]
        if make_url(database_url).get_backend_name() == "postgresql":
            assert await connection.scalar(text("SHOW server_encoding")) == "UTF8"
    await engine.dispose()
