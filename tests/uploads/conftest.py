"""A database, keys, a visit with widgets, and a folder for the tests of uploads."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import backoffice.identity.models
import backoffice.uploads.models  # noqa: F401
from backoffice.conversations.models import Conversation, Widget
from backoffice.db import Sessions

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
AddWidget = Callable[..., Awaitable[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
async def conversation_id(sessions: Sessions) -> str:
    async with sessions.begin() as session:
        for name in ("mine", "theirs"):
            session.add(
                Conversation(
                    id=name,
                    channel="phone",
                    token_hash="x",
                    focus={},
                    memory={},
                    created_at=NOW,
                    last_turn_at=NOW,
                )
            )
    return "mine"


@pytest.fixture
def add_widget(sessions: Sessions, conversation_id: str) -> AddWidget:
    async def add(kind: str, conversation: str = conversation_id, state: str = "open") -> str:
        async with sessions.begin() as session:
            widget = Widget(conversation_id=conversation, kind=kind, state=state, issued_at=NOW)
            session.add(widget)
            await session.flush()
            return widget.id

    return add
