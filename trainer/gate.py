"""May a model replace the live one? Only if nothing got worse beyond noise.

Both models answer the same sentences. A sentence that both get right, or both get wrong, says
nothing about which is better; of those that only one gets right, an even split is noise. So each
act, each item, what is out of scope, what is wrongly rejected, and the minimal pairs are judged by
the exact McNemar test (one-sided binomial test of the discordant sentences): worse when a split
this bad or worse would come by chance less often than LEVEL. With LEVEL 1 % that is 7 sentences
lost and none won, or 10 lost and 1 won. Each group is tested at that level by itself: a refusal by
chance once in a while costs a look; an item lost unnoticed costs citizens.

Conversation tests know no noise: one that passed and now fails is a reason.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

from trainer.judged import OUT_OF_SCOPE, Judged
from trainer.questions import NONE

LEVEL = 0.01
AT_ONCE = 0.005
"""Level of the held-out sentences alone, at which the rest need not be asked: 8 lost, none won."""


@dataclass(frozen=True)
class Change:
    """One group of sentences, by the live model and by the new one.

    Attributes:
        kind: all, act, item, out_of_scope, rejected, pairs.
        label: the act or the item's code.
        lost: sentences that only the live model gets right.
        won: sentences that only the new model gets right.
        chance: how often a split this bad or worse comes by chance.
        examples: some of the lost sentences.
    """

    kind: str
    label: str
    of: int
    before: int
    after: int
    lost: int
    won: int
    chance: float
    examples: tuple[str, ...]

    @property
    def worse(self) -> bool:
        return self.chance < LEVEL

    @property
    def hopeless(self) -> bool:
        """So much worse that further sentences would not make it good."""
        return self.chance < AT_ONCE


def by_chance(lost: int, won: int) -> float:
    """Probability of at least `lost` among the discordant when both are equally likely."""
    n = lost + won
    return sum(comb(n, k) for k in range(lost, n + 1)) / 2**n if n else 1.0


def compare(before: Iterable[Judged], after: Iterable[Judged]) -> list[Change]:
    """Every group that both models answered; sentences that only one was asked do not count."""
    old = {row.key: row for row in before}
    both = [(old[row.key], row) for row in after if row.key in old]
    groups: dict[tuple[str, str], list[tuple[bool, bool, str]]] = defaultdict(list)

    def judge(kind: str, label: str, a: Judged, b: Judged, right: Callable[[Judged], bool]) -> None:
        groups[kind, label].append((right(a), right(b), b.text))

    for a, b in both:
        judge("all", "", a, b, lambda r: r.right)
        if b.gold_act is not None:
            judge("act", b.gold_act, a, b, lambda r: r.act_right)
            if b.gold_act != OUT_OF_SCOPE:
                judge("rejected", "", a, b, lambda r: r.act != OUT_OF_SCOPE)
        if b.gold_items and NONE not in b.gold_items:
            judge("item", b.gold_items[0], a, b, lambda r: r.item_right)
    for sides in _pairs(both).values():
        a_right, b_right = all(a.right for a, _ in sides), all(b.right for _, b in sides)
        groups["pairs", ""].append((a_right, b_right, " / ".join(b.text for _, b in sides)))
    return [_change(kind, label, found) for (kind, label), found in sorted(groups.items())]


def _pairs(both: Sequence[tuple[Judged, Judged]]) -> dict[str, list[tuple[Judged, Judged]]]:
    sides: dict[str, list[tuple[Judged, Judged]]] = defaultdict(list)
    for a, b in both:
        if b.pair is not None:
            sides[b.pair].append((a, b))
    return sides


def _change(kind: str, label: str, found: Sequence[tuple[bool, bool, str]]) -> Change:
    lost = [text for a, b, text in found if a and not b]
    won = sum(b and not a for a, b, _ in found)
    return Change(
        kind=kind,
        label=label,
        of=len(found),
        before=sum(a for a, _, _ in found),
        after=sum(b for _, b, _ in found),
        lost=len(lost),
        won=won,
        chance=by_chance(len(lost), won),
        examples=tuple(lost[:8]),
    )


def broken(before: Mapping[str, str] | None, after: Mapping[str, str]) -> list[str]:
    """Conversation tests that fail now and did not fail for the live model.

    Args:
        before: test → `passed`/`failed`/`skipped`; None when the live model has no record, then
            every test must pass.
    """
    return sorted(
        name
        for name, outcome in after.items()
        if outcome == "failed" and (before or {}).get(name) != "failed"
    )
