"""What is said of an answer that cannot be taken."""

import pytest

from backoffice import messages
from backoffice.conversations.services import begin_turn
from backoffice.dialogue.form import continue_turn
from backoffice.dialogue.prepare import prepare
from backoffice.dialogue.talk import Talk
from tests.dialogue.conftest import COMPLETE, NOW


@pytest.fixture
def moving_in(talk: Talk) -> Talk:
    """Asked when one moved in."""
    assert talk.draft is not None
    before = list(COMPLETE)[: list(COMPLETE).index("move_in_date")]
    talk.draft.answers.update({key: COMPLETE[key] for key in before})
    talk.draft.remember(card="typed", sign_in_later=True)
    return talk


async def _hear(talk: Talk, words: str) -> list[str]:
    talk.turn = await begin_turn(
        talk.session, talk.conversation, turn_id="said", request={"text": words}, now=NOW
    )
    await prepare(talk)
    await continue_turn(talk, "inform")
    return [one["text"] for one in talk.bubbles]


async def test_a_broken_date_rule_is_told_in_the_items_words(moving_in: Talk) -> None:
    assert moving_in.draft is not None
    field = moving_in.draft.item.field("move_in_date")
    assert field is not None and field.validation.message
    assert await _hear(moving_in, "2027年3月1日") == [field.validation.message]


async def test_a_day_that_does_not_exist_keeps_the_general_words(moving_in: Talk) -> None:
    assert await _hear(moving_in, "2025年2月30日") == [messages.text("fault.date.impossible")]
