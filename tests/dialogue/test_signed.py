"""In production an item that nobody stands for is only consulted about."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backoffice.clock import china_date
from backoffice.dialogue.applying import resume, start_application
from backoffice.dialogue.talk import Talk
from catalogue.schema import ServiceItem
from catalogue.signoffs import SignOff, item_fingerprint
from tests.dialogue.conftest import NOW

CODE = "elder_card"


def signed(item: ServiceItem, **change: object) -> dict[str, SignOff]:
    today = china_date(NOW)
    one = SignOff(
        item=item.code,
        department=item.department,
        by="陈某，科长",
        on=today,
        review=today + timedelta(days=90),
        fingerprint=item_fingerprint(item),
    )
    return {item.code: one.model_copy(update=change)}


async def begun(talk: Talk, signoffs: dict[str, SignOff] | None) -> tuple[bool, str]:
    """Whether applying for the item began, and what was said."""
    talk.knowledge = replace(talk.knowledge, signoffs=signoffs)
    talk.conversation.application_id = None
    talk.draft = None
    await start_application(talk, CODE)
    return bool(talk.slots["application_open"]), "".join(b["text"] for b in talk.bubbles)


async def test_without_a_signature_nothing_is_begun_and_a_person_is_offered(talk: Talk) -> None:
    opened, said = await begun(talk, {})
    assert not opened and talk.draft is None
    assert "以公告为准" in said
    assert [b["title"] for b in talk.bubbles[-1]["buttons"]] == ["请工作人员回电话", "大厅在哪里"]


@pytest.mark.parametrize("change", [{"fingerprint": "0" * 64}, {"review": china_date(NOW)}])
async def test_changed_or_overdue_counts_as_unsigned(talk: Talk, change: dict[str, object]) -> None:
    item = talk.knowledge.catalogue.items[CODE]
    opened, said = await begun(talk, signed(item, **change))
    assert not opened and "以公告为准" in said


async def test_what_is_signed_is_applied_for(talk: Talk) -> None:
    opened, said = await begun(talk, signed(talk.knowledge.catalogue.items[CODE]))
    assert opened and "以公告为准" not in said


async def test_in_a_demonstration_everything_is(talk: Talk) -> None:
    assert (await begun(talk, None))[0]


async def test_a_draft_whose_item_lost_its_signature_does_not_go_on(talk: Talk) -> None:
    talk.knowledge = replace(talk.knowledge, signoffs={})
    await resume(talk)
    assert not talk.slots["application_open"] and "以公告为准" in talk.bubbles[-1]["text"]
