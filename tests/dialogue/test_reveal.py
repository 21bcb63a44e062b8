"""Values reach a reply only through placeholders, and identifiers only masked."""

import pytest

from backoffice.dialogue.reveal import before, placeholder, reveal, reveal_words
from tests.dialogue.conftest import COMPLETE, MakeDraft


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("name", "李*"),
        ("id_no", "1101**********002X"),
        ("phone", "138****8000"),
        ("housing_type", "自有房（本人或直系亲属）"),
        ("move_in_date", "2025年3月1日"),
        ("ems_address", "未填"),
    ],
)
def test_value_is_shown_as_the_citizen_may_see_it(draft: MakeDraft, field: str, shown: str) -> None:
    assert reveal_words(placeholder(field), draft(COMPLETE)) == shown


def test_the_room_of_an_address_is_never_shown(draft: MakeDraft) -> None:
    assert "502" not in reveal_words(placeholder("current_address"), draft(COMPLETE))


def test_the_value_before_is_masked_too(draft: MakeDraft) -> None:
    changed = draft(COMPLETE, before={"name": "李小梅"})
    assert reveal_words(f"{before('name')}→{placeholder('name')}", changed) == "李**→李*"


def test_without_a_draft_nothing_is_left_of_a_placeholder() -> None:
    bubbles = reveal([{"text": f"您好{placeholder('name')}", "buttons": []}], None)
    assert bubbles == [{"text": "您好", "buttons": []}]


def test_what_is_no_field_is_not_shown(draft: MakeDraft) -> None:
    assert reveal_words("⟦citizen_id⟧", draft(COMPLETE)) == ""
