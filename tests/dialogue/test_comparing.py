"""Answers that are right by themselves and do not go together."""

from typing import Any

import pytest

from backoffice.applications.services import start
from backoffice.conversations.services import begin_turn
from backoffice.dialogue.agenda import Kind, Next
from backoffice.dialogue.asking import ask_next
from backoffice.dialogue.form import continue_turn
from backoffice.dialogue.prepare import prepare
from backoffice.dialogue.talk import Talk
from tests.dialogue.conftest import NOW


@pytest.fixture
async def letting(talk: Talk) -> Talk:
    """A landlord who registers a let flat."""
    item = talk.knowledge.catalogue.items["rental_house_register"]
    await start(talk.session, item=item, item_version="1", conversation=talk.conversation, now=NOW)
    await talk.load()
    assert talk.draft is not None and talk.draft.item.code == item.code
    return talk


class Teller:
    """Says one thing after another while a certain field is awaited."""

    def __init__(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.talk, self._patch, self._turns = talk, monkeypatch, 0

    async def says(self, words: str, awaited: str) -> str:
        self._turns += 1
        talk = self.talk
        step = Next(Kind.FIELD, awaited)
        self._patch.setattr(Talk, "step", lambda _: step)
        talk.turn = await begin_turn(
            talk.session, talk.conversation, turn_id=f"s{self._turns}", request={"text": words},
            now=NOW,
        )  # fmt: skip
        talk.bubbles.clear()
        await prepare(talk)
        await continue_turn(talk, "inform")
        await ask_next(talk)
        return "\n".join(one["text"] for one in talk.bubbles)

    @property
    def answers(self) -> dict[str, Any]:
        assert self.talk.draft is not None
        return self.talk.draft.answers


@pytest.fixture
def teller(letting: Talk, monkeypatch: pytest.MonkeyPatch) -> Teller:
    return Teller(letting, monkeypatch)


async def test_a_lease_that_ends_before_it_begins_is_refused_in_the_items_words(
    teller: Teller,
) -> None:
    teller.answers["lease_start"] = "2026-12-01"
    assert "租期结束要晚于租期开始" in await teller.says("2026年11月30日", "lease_end")
    assert "租期结束要晚于租期开始" in await teller.says("2026年12月1日", "lease_end")
    assert "lease_end" not in teller.answers
    await teller.says("2027年11月30日", "lease_end")
    assert teller.answers["lease_end"] == "2027-11-30"


async def test_a_beginning_moved_behind_the_end_asks_for_the_end_again(teller: Teller) -> None:
    teller.answers.update(lease_start="2026-01-01", lease_end="2026-12-31")
    said = await teller.says("2027年1月1日", "lease_start")
    assert teller.answers["lease_start"] == "2027-01-01"
    assert "租期结束要晚于租期开始" in said
    assert teller.talk.draft is not None
    assert teller.talk.draft.progress["reopened"] == ["lease_end"]


async def test_a_deposit_of_many_rents_is_doubted_once_and_taken_when_confirmed(
    teller: Teller,
) -> None:
    teller.answers["rent"] = 1000
    said = await teller.says("8000", "deposit")
    assert "押金" in said and "月租金" in said and "3 倍" in said
    assert "deposit" not in teller.answers
    await teller.says("没有写错", "deposit")
    assert teller.answers["deposit"] == 8000


async def test_a_doubted_number_said_again_is_meant_and_another_one_is_looked_at_anew(
    teller: Teller,
) -> None:
    teller.answers["rent"] = 1000
    await teller.says("8000", "deposit")
    assert "倍还多" in await teller.says("9000", "deposit")
    await teller.says("就是9000", "deposit")
    assert teller.answers["deposit"] == 9000


async def test_a_deposit_of_three_rents_is_usual(teller: Teller) -> None:
    teller.answers["rent"] = 1000
    assert "倍还多" not in await teller.says("3000", "deposit")
    assert teller.answers["deposit"] == 3000
