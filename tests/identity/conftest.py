"""A database and keys for the tests of identity."""

from datetime import UTC, datetime

import pytest

import backoffice.applications.models
import backoffice.audit.models
import backoffice.identity.models
import backoffice.outbox.models
import backoffice.uploads.models  # noqa: F401
from backoffice.conversations.models import Conversation
from backoffice.db import Sessions

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
async def conversation_id(sessions: Sessions) -> str:
    async with sessions.begin() as session:
        row = Conversation(
            channel="phone", token_hash="x", focus={}, memory={}, created_at=NOW, last_turn_at=NOW
        )
        session.add(row)
        await session.flush()
        return row.id
