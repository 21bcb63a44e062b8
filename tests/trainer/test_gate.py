"""A model that got worse is refused, with the reason; noise is not a reason."""

import pytest

from catalogue.loader import Catalogue
from trainer.gate import LEVEL, broken, by_chance, compare
from trainer.judged import Judged
from trainer.publish import reasons


def said(
    text: str, gold: str, act: str, item: str = "none", heard: str = "none", pair: str | None = None
) -> Judged:
    items = () if heard in ("none", "other") else (heard,)
    return Judged(text, gold, (item,), act, heard, items, 0.9, "own", None, pair)


def group(lost: int, won: int, same: int = 50) -> tuple[list[Judged], list[Judged]]:
    """`lost` sentences right before and wrong after, and so on; all of one act."""
    before = [said(f"{n}", "ask_fee", "ask_fee") for n in range(same + lost)]
    before += [said(f"w{n}", "ask_fee", "ask_time") for n in range(won)]
    after = [
        said(f"{n}", "ask_fee", "ask_fee" if n < same else "ask_time") for n in range(same + lost)
    ]
    after += [said(f"w{n}", "ask_fee", "ask_fee") for n in range(won)]
    return before, after


@pytest.mark.parametrize(
    ("lost", "won", "worse"),
    [
        (0, 0, False),
        (6, 0, False),
        (7, 0, True),
        (8, 8, False),
        (9, 1, False),
        (10, 1, True),
        (40, 35, False),
    ],
)
def test_worse_is_what_chance_does_not_explain(lost: int, won: int, worse: bool) -> None:
    change = next(c for c in compare(*group(lost, won)) if c.kind == "act")
    assert (change.lost, change.won, change.worse) == (lost, won, worse)


def test_the_chance_is_that_of_a_fair_coin() -> None:
    assert by_chance(0, 0) == 1.0
    assert by_chance(7, 0) == pytest.approx(1 / 128)
    assert by_chance(1, 1) == pytest.approx(3 / 4)
    # about LEVEL of fair splits are called worse, never more
    for n in (5, 20, 60):
        called = [k for k in range(n + 1) if by_chance(k, n - k) < LEVEL]
        assert not called or by_chance(called[0], n - called[0]) < LEVEL


def test_an_act_that_falls_is_seen_although_the_whole_got_better() -> None:
    before, after = group(12, 0)
    before += [said(f"b{n}", "greet", "thank") for n in range(40)]
    after += [said(f"b{n}", "greet", "greet") for n in range(40)]
    worse = [c for c in compare(before, after) if c.worse]
    assert [(c.kind, c.label) for c in worse] == [("act", "ask_fee")]


def test_items_rejections_and_pairs_have_groups_of_their_own() -> None:
    def rows(item: str, act: str) -> list[Judged]:
        return [
            said(f"{n}", "apply_item", act, "elder_card", item, pair=f"p{n // 2}")
            for n in range(20)
        ]

    worse = {
        c.kind
        for c in compare(rows("elder_card", "apply_item"), rows("none", "out_of_scope"))
        if c.worse
    }
    assert worse == {"all", "act", "item", "rejected", "pairs"}


def test_only_the_same_question_is_compared() -> None:
    before, after = group(20, 0)
    relabelled = [said(row.text, "ask_what", row.act) for row in after]
    assert compare(before, relabelled) == []


def test_a_conversation_that_fails_now_is_a_reason_and_an_old_failure_is_not() -> None:
    after = {"a": "failed", "b": "failed", "c": "passed", "new": "failed", "known": "skipped"}
    assert broken({"a": "passed", "b": "failed", "c": "failed"}, after) == ["a", "new"]
    assert broken(None, after) == ["a", "b", "new"]


def test_the_reasons_name_the_group_the_numbers_and_sentences(catalogue: Catalogue) -> None:
    worse = [c for c in compare(*group(12, 1)) if c.kind == "act"]
    text = reasons(worse, ["test_quick[28_撤回]"], catalogue)
    assert "问收费" in text and "12 句由对变错，1 句由错变对" in text and "28_撤回" in text
