"""What an evaluation measures, from judged sentences."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from trainer.judged import OUT_OF_SCOPE, Judged
from trainer.questions import NONE

BINS = 10
#: Confidences below which one might ask back; the table shows what each would cost and save.
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_WORST = 200


def figures(rows: Sequence[Judged]) -> dict[str, Any]:
    """All figures of one set of sentences; shares are between 0 and 1."""
    return {
        "sentences": len(rows),
        "act": share(rows, lambda r: r.act_right),
        "item": share([r for r in rows if r.gold_items], lambda r: r.item_right),
        "item_among_three": share([r for r in rows if _named(r)], lambda r: r.among_three),
        "both": share(rows, lambda r: r.right),
        "acts": by(rows, lambda r: r.gold_act, lambda r: r.act_right),
        "items": by(rows, lambda r: r.gold_items[0] if _named(r) else None, lambda r: r.item_right),
        "styles": by(rows, lambda r: r.style, lambda r: r.right),
        "sources": by(rows, lambda r: r.source, lambda r: r.right),
        "pairs": pairs(rows),
        "out_of_scope": out_of_scope(rows),
        "reliability": reliability(rows),
        "asking_back": asking_back(rows),
    }


def _named(row: Judged) -> bool:
    return bool(row.gold_items) and NONE not in row.gold_items


def share(rows: Sequence[Judged], right: Callable[[Judged], bool]) -> dict[str, Any]:
    """How many of how many."""
    count = sum(map(right, rows))
    return {"right": count, "of": len(rows), "share": round(count / len(rows), 4) if rows else None}


def by(
    rows: Iterable[Judged],
    label: Callable[[Judged], str | None],
    right: Callable[[Judged], bool],
) -> dict[str, dict[str, Any]]:
    """The share for each label; rows without a label do not count."""
    found: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        if (name := label(row)) is not None:
            found[name].append(row)
    return {name: share(found[name], right) for name in sorted(found)}


def pairs(rows: Iterable[Judged]) -> dict[str, Any]:
    """Minimal pairs: right only when every side is."""
    sides: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        if row.pair is not None:
            sides[row.pair].append(row)
    whole = [found for found in sides.values() if len(found) > 1]
    right = sum(all(side.right for side in found) for found in whole)
    return {
        "right": right,
        "of": len(whole),
        "share": round(right / len(whole), 4) if whole else None,
    }


def out_of_scope(rows: Sequence[Judged]) -> dict[str, Any]:
    """How much that is not ours is recognised, and how much that is ours is rejected."""
    told = [row for row in rows if row.gold_act is not None]
    foreign = [row for row in told if row.gold_act == OUT_OF_SCOPE]
    ours = [row for row in told if row.gold_act != OUT_OF_SCOPE]
    return {
        "recognised": share(foreign, lambda r: r.act == OUT_OF_SCOPE),
        "wrongly_rejected": share(ours, lambda r: r.act == OUT_OF_SCOPE),
    }


def reliability(rows: Sequence[Judged]) -> dict[str, Any]:
    """Confidence against the share of right acts, in bins; `gap` is their mean distance."""
    told = [row for row in rows if row.gold_act is not None]
    bins: list[list[Judged]] = [[] for _ in range(BINS)]
    for row in told:
        bins[min(BINS - 1, int(row.confidence * BINS))].append(row)
    points = [
        {
            "confidence": round(sum(r.confidence for r in found) / len(found), 4),
            "right": round(sum(r.act_right for r in found) / len(found), 4),
            "sentences": len(found),
        }
        for found in bins
        if found
    ]
    gap = sum(abs(p["confidence"] - p["right"]) * p["sentences"] for p in points)
    return {"points": points, "gap": round(gap / len(told), 4) if told else None}


def asking_back(rows: Sequence[Judged]) -> list[dict[str, Any]]:
    """For each threshold: how many would be asked back, how many of these in vain, and the rest.

    Sentences understood as out of scope are not asked back: they are told so and offered a person.
    `asked` of all; `in_vain`: the asked that were right; `answered`: the others that are right.
    """
    told = [r for r in rows if r.gold_act is not None and r.act != OUT_OF_SCOPE]
    found = []
    for threshold in THRESHOLDS:
        asked = [r for r in told if r.confidence < threshold]
        answered = [r for r in told if r.confidence >= threshold]
        found.append(
            {
                "threshold": threshold,
                "asked": share(told, set(asked).__contains__),
                "in_vain": share(asked, lambda r: r.act_right),
                "answered": share(answered, lambda r: r.act_right),
            }
        )
    return found


def confusions(rows: Iterable[Judged], kind: str) -> list[tuple[str, str, int]]:
    """(meant, understood, how often), most frequent first. kind: `act` or `item`."""
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if kind == "act" and not row.act_right:
            found[str(row.gold_act), row.act] += 1
        if kind == "item" and not row.item_right:
            found[row.gold_items[0], row.item] += 1
    return [(meant, heard, count) for (meant, heard), count in found.most_common()]


def worst(rows: Iterable[Judged]) -> list[Judged]:
    """Wrong sentences, the surest first: what to look at."""
    wrong = [row for row in rows if not row.right]
    return sorted(wrong, key=lambda r: -r.confidence)[:_WORST]
