"""Taking an answer, with everything that hangs on it; against both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import AnswerRow, CheckRow
from backoffice.dialogue.capture import count_failure, reopen, skip, take_answer
from backoffice.dialogue.talk import Talk
from tests.dialogue.conftest import CHECKS

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def draft_of(talk: Talk) -> Draft:
    assert talk.draft is not None
    return talk.draft


async def take(talk: Talk, field: str, value: Any) -> bool:
    return await take_answer(talk, draft_of(talk), field, value, source="typed")


async def test_an_answer_is_stored_and_a_new_one_replaces_it(talk: Talk) -> None:
    assert await take(talk, "name", "李梅") is False
    assert await take(talk, "name", "李梅") is False
    assert await take(talk, "name", "李小梅") is True
    await talk.session.flush()
    again = await load_draft(talk.session, draft_of(talk).application, draft_of(talk).item)
    assert again.answers == {"name": "李小梅"}
    rows = list(await talk.session.scalars(select(AnswerRow)))
    assert [(row.field, row.turn_id) for row in rows] == [("name", "t1")]


async def test_a_changed_answer_voids_what_was_read_back_and_signed(talk: Talk) -> None:
    draft = draft_of(talk)
    await take(talk, "name", "李梅")
    draft.remember(reviewed=True)
    await take(talk, "signature", "upload-1")
    assert draft.progress["reviewed"] is True and "signature" in draft.answers
    await take(talk, "name", "李小梅")
    assert "reviewed" not in draft.progress and "signature" not in draft.answers


async def test_the_same_answer_again_leaves_the_signature_standing(talk: Talk) -> None:
    await take(talk, "name", "李梅")
    await take(talk, "signature", "upload-1")
    await take(talk, "name", "李梅")
    assert "signature" in draft_of(talk).answers


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [("id_no", "430121199207154022", False), ("phone", "13800138000", True)],
)
async def test_registers_are_asked_again_only_when_what_they_were_asked_with_changed(
    talk: Talk, field: str, value: str, kept: bool
) -> None:
    draft = draft_of(talk)
    await take(talk, "id_no", "11010519491231002X")
    for name, answer in CHECKS.items():
        row = CheckRow(application_id=draft.application.id, name=name, answer=answer,
                       source="sandbox", as_of=NOW, asked_at=NOW)  # fmt: skip
        talk.session.add(row)
        draft.checks[name] = answer
    await talk.session.flush()
    await take(talk, field, value)
    rows = list(await talk.session.scalars(select(CheckRow)))
    assert bool(rows) is kept and bool(draft.checks) is kept


async def test_an_answer_ends_counting_of_failures_and_reopening(talk: Talk) -> None:
    draft = draft_of(talk)
    assert (count_failure(draft, "name"), count_failure(draft, "name")) == (1, 2)
    reopen(draft, "name")
    skip(draft, "phone")
    await take(talk, "name", "李梅")
    assert draft.progress.get("attempts") is None and draft.progress.get("reopened") is None
    assert draft.progress["skipped"] == ["phone"]


async def test_reopening_puts_the_newest_first_and_once(talk: Talk) -> None:
    draft = draft_of(talk)
    for one in ("name", "phone", "name"):
        reopen(draft, one)
    assert draft.progress["reopened"] == ["name", "phone"]


async def test_a_corrected_choice_asks_again_whether_it_fits(talk: Talk) -> None:
    draft = draft_of(talk)
    await take(talk, "waive_type", "not_registered")
    draft.remember(go_on=True)
    await take(talk, "waive_type", "none")
    assert "go_on" not in draft.progress
