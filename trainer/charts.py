"""The report's pictures (PNG)."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from pylopdf_fonts_zh_cn import sans_path

_INK, _GOOD, _BAD = "#1f2d3d", "#2a7f62", "#b03a2e"
#: More labels than this on one axis cannot be read.
MOST_LABELS = 24


def _font(size: float) -> FontProperties:
    return FontProperties(fname=str(sans_path()), size=size)


def reliability_png(reliability: dict[str, Any], title: str) -> bytes:
    """Confidence against truth: on the diagonal, confidence can be believed."""
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.subplots()
    points = reliability["points"]
    axes.plot([0, 1], [0, 1], "--", color="#999999", linewidth=1)
    most = max((p["sentences"] for p in points), default=1)
    axes.scatter(
        [p["confidence"] for p in points],
        [p["right"] for p in points],
        s=[20 + 280 * p["sentences"] / most for p in points],
        color=_GOOD,
        alpha=0.8,
    )
    for p in points:
        axes.annotate(
            str(p["sentences"]), (p["confidence"], p["right"]), fontsize=7, color=_INK, ha="center"
        )
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("机器人说的把握", fontproperties=_font(10))
    axes.set_ylabel("其中真的听对的", fontproperties=_font(10))
    axes.set_title(f"{title}（点上的数字是句数）", fontproperties=_font(11))
    return _png(figure)


def confusion_png(
    confused: Sequence[tuple[str, str, int]], name: Callable[[str], str], title: str
) -> bytes | None:
    """Who is taken for whom; only labels that are confused at all. None when nothing is."""
    if not confused:
        return None
    weight: dict[str, int] = {}
    for meant, heard, count in confused:
        weight[meant] = weight.get(meant, 0) + count
        weight[heard] = weight.get(heard, 0) + count
    labels = sorted(sorted(weight, key=lambda one: -weight[one])[:MOST_LABELS])
    place = {label: number for number, label in enumerate(labels)}
    size = 2.6 + 0.36 * len(labels)
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    axes = figure.subplots()
    grid = [[0] * len(labels) for _ in labels]
    for meant, heard, count in confused:
        if meant in place and heard in place:
            grid[place[meant]][place[heard]] = count
    axes.imshow(grid, cmap="OrRd", aspect="equal")
    highest = max(max(row) for row in grid)
    for y, row in enumerate(grid):
        for x, count in enumerate(row):
            if count:
                shade = "white" if count > highest * 0.6 else _INK
                axes.text(x, y, str(count), ha="center", va="center", fontsize=7, color=shade)
    ticks = range(len(labels))
    names = [name(label) for label in labels]
    axes.set_xticks(ticks, names, rotation=60, ha="right", fontproperties=_font(8))
    axes.set_yticks(ticks, names, fontproperties=_font(8))
    axes.set_xlabel("听成了", fontproperties=_font(10))
    axes.set_ylabel("本来是", fontproperties=_font(10))
    axes.set_title(title, fontproperties=_font(11))
    return _png(figure)


def det_png(curves: Mapping[str, tuple[Any, Any]], title: str) -> bytes:
    """False accepts against false rejects of each model, logarithmic; lower left is better."""
    figure = Figure(figsize=(5.6, 4.8), layout="constrained")
    axes = figure.subplots()
    for (name, (accepted, rejected)), colour in zip(
        curves.items(), ("#3a6ea5", _BAD, _GOOD), strict=False
    ):
        shown = accepted > 0
        axes.step(accepted[shown], rejected[shown], where="post", label=name, color=colour)
    axes.set_xscale("log")
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3, which="both")
    axes.set_xlabel("不同的人被认成同一个人 FAR", fontproperties=_font(10))
    axes.set_ylabel("同一个人没有认出 FRR", fontproperties=_font(10))
    axes.set_title(title, fontproperties=_font(11))
    axes.legend()
    return _png(figure)


def _png(figure: Figure) -> bytes:
    target = BytesIO()
    figure.savefig(target, format="png", dpi=130)
    return target.getvalue()
