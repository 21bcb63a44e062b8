"""`make evaluate`: how well a model understands, on sentences that it has not been trained on."""

import json
import os
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backoffice.clock import china_date
from catalogue.loader import Catalogue
from trainer import charts, report
from trainer.engine import ROOT, read_lines, run, say, understand, write_lines
from trainer.figures import confusions, figures, worst
from trainer.judged import CLARIFY_BELOW, Judged, decision, judged, own
from trainer.questions import Question, as_said_first, read_questions
from trainer.registry import Model

FOLDER = ROOT / "build" / "evaluation"
PREDICTIONS, FIGURES, REPORT = "predictions.jsonl", "figures.json", "report.html"
_OWN = "own"


@dataclass
class Part:
    """One set of sentences with its figures."""

    name: str
    title: str
    explained: str
    rows: list[Judged]
    figures: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.figures = figures(self.rows)


def held_out_files() -> list[Path]:
    """The files of sentences that are never trained on and that nobody tuned against."""
    return sorted((ROOT / "tests" / "bot").glob("blind*.yml"))


def ask(model: Path, questions: Sequence[Question], catalogue: Catalogue) -> list[dict[str, Any]]:
    """What the model in this file understands of each question, as the first of a visit."""
    today = china_date(datetime.now(UTC))
    asked = [as_said_first(one.text, catalogue, today) for one in questions]
    with tempfile.TemporaryDirectory() as scratch:
        return understand(model, asked, Path(scratch))


def held_out(model: Path, files: Sequence[Path], catalogue: Catalogue) -> list[Judged]:
    """The sentences of these files, judged."""
    questions = read_questions(files)
    answers = ask(model, questions, catalogue)
    return [judged(q, a) for q, a in zip(questions, answers, strict=True)]


def cross_validated(fingerprint: str) -> list[Judged]:
    """Our own sentences, each understood by a model that was trained without it.

    Done once for each state of the data and the program; that takes minutes.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = FOLDER / f"own-{fingerprint[:16]}.jsonl"
    if not done.exists():
        say("交叉验证：把自己的句子分成三份，轮流留出一份不训练、只用来考（要几分钟）")
        run("crossval", done)
        for old in FOLDER.glob("own-*.jsonl"):
            if old != done:
                old.unlink()
    return own(read_lines(done))


def evaluate(
    model: Model,
    files: Sequence[Path],
    catalogue: Catalogue,
    *,
    quick: bool = False,
    heard: list[Judged] | None = None,
) -> dict[str, Any]:
    """Measure, and write figures, pictures and report to build/evaluation. Returns the figures.

    Args:
        quick: without cross-validation.
        heard: the held-out sentences, where the model has answered them already.
    """
    if heard is None:
        say(f"读保留的句子：{len(files)} 个文件")
        heard = held_out(model.file, files, catalogue)
    parts = [
        Part(
            "held_out",
            "保留的句子",
            "别人写的、从来不拿来训练的句子：最接近上线以后的样子。",
            heard,
        )
    ]
    if not quick:
        explained = "训练师写的句子，每一句都由没学过它、也没学过它的变体的模型来听。"
        parts.append(
            Part(_OWN, "自己的句子（交叉验证）", explained, cross_validated(model.fingerprint))
        )
    parts = [part for part in parts if part.rows]
    return _write(model, parts, catalogue)


def _write(model: Model, parts: Sequence[Part], catalogue: Catalogue) -> dict[str, Any]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    when = datetime.now(UTC)
    result = {
        "model": model.id,
        "fingerprint": model.fingerprint,
        "when": when.isoformat(timespec="seconds"),
        "parts": {part.name: part.figures for part in parts},
        "confusions": {
            part.name: {kind: confusions(part.rows, kind)[:100] for kind in ("act", "item")}
            for part in parts
        },
    }
    (FOLDER / FIGURES).write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    write_lines(FOLDER / PREDICTIONS, [row.as_json() for part in parts for row in part.rows])
    shown = [
        {
            "title": part.title,
            "explained": part.explained,
            "figures": part.figures,
            "worst": worst(part.rows),
            "pictures": _pictures(part, catalogue),
        }
        for part in parts
    ]
    html = report.render(
        "evaluation.html",
        catalogue,
        title="小政听懂了多少",
        when=when.astimezone().strftime("%Y-%m-%d %H:%M"),
        model=model.id,
        fingerprint=model.fingerprint,
        parts=shown,
        clarify_below=CLARIFY_BELOW,
    )
    (FOLDER / REPORT).write_text(html, "utf-8")
    return result


def _pictures(part: Part, catalogue: Catalogue) -> list[dict[str, str]]:
    item_name = report.namer(catalogue)
    made = [
        (
            "reliability",
            "把握可不可信",
            charts.reliability_png(part.figures["reliability"], "把握可不可信"),
        ),
        (
            "confusion-act",
            "行为听混了",
            charts.confusion_png(confusions(part.rows, "act"), report.act_name, "行为：谁听成了谁"),
        ),
        (
            "confusion-item",
            "事项听混了",
            charts.confusion_png(confusions(part.rows, "item"), item_name, "事项：谁听成了谁"),
        ),
    ]
    pictures = []
    for name, title, png in made:
        if png is not None:
            (FOLDER / f"{part.name}-{name}.png").write_bytes(png)
            pictures.append({"title": title, "src": report.embedded(png)})
    return pictures


def own_of(model: Model) -> list[Judged]:
    """A published model's own sentences, as `cross_validated` judges them.

    A model that was published without being judged (the first start) is judged now, on what it was
    trained on, and keeps the result. Empty for one that kept neither.
    """
    rows = [row for row in kept(model.folder) if row.source == _OWN]
    done = model.folder / "own.jsonl"
    if rows or not (done.exists() or model.trained_on.exists()):
        return rows
    if not done.exists():
        say(f"线上的模型 {model.id} 还没有考过：先用它自己的句子考一遍，只要这一次（要几分钟）")
        with tempfile.TemporaryDirectory() as root:
            with tarfile.open(model.trained_on) as archive:
                archive.extractall(root, filter="data")
            run("crossval", Path(root) / done.name, "--root", root)
            unfinished = done.with_suffix(".part")
            unfinished.write_bytes((Path(root) / done.name).read_bytes())
            os.replace(unfinished, done)
    return own(read_lines(done))


def kept(folder: Path) -> list[Judged]:
    """The judged sentences that were kept with a model; empty when it was never evaluated."""
    path = folder / PREDICTIONS
    return [Judged.from_json(row) for row in read_lines(path)] if path.exists() else []


def answer_file(model: Model, source: Path, target: Path, catalogue: Catalogue) -> list[Judged]:
    """`FILE=… OUT=…`: understand each line of a file. Returns what can be judged of it."""
    questions = read_questions([source])
    answers = ask(model.file, questions, catalogue)
    lines = []
    for question, answer in zip(questions, answers, strict=True):
        line = {
            "text": question.text,
            "act": answer["act"],
            "items": answer["items"][:3],
            "confidence": answer["confidence"],
            "decision": decision(answer),
        }
        if answer.get("also"):
            line["also"] = answer["also"]
        lines.append(line)
    write_lines(target, lines)
    rows = [judged(q, a) for q, a in zip(questions, answers, strict=True)]
    return [row for row in rows if row.gold_act is not None or row.gold_items]


def summary(parts: dict[str, dict[str, Any]]) -> str:
    """The figures as text for the terminal."""
    lines = []
    for name, one in parts.items():
        lines.append({"own": "自己的句子（交叉验证）", "held_out": "保留的句子"}.get(name, name))
        scope = one["out_of_scope"]
        for title, figure in (
            ("行为对", one["act"]),
            ("事项对", one["item"]),
            ("全对", one["both"]),
            ("成对的两边都对", one["pairs"]),
            ("办不了的认出来", scope["recognised"]),
            ("能办的错当成办不了", scope["wrongly_rejected"]),
        ):
            lines.append("  " + _line(title, figure))
        for title, table, label in (
            ("按行为", one["acts"], report.act_name),
            ("按事项", one["items"], str),
            ("按说法", one["styles"], str),
        ):
            if table:
                lines.append(f"  {title}")
                ordered = sorted(table.items(), key=lambda pair: pair[1]["share"])
                lines += [f"    {_line(label(key), figure)}" for key, figure in ordered]
    return "\n".join(lines)


def _line(title: str, figure: dict[str, Any]) -> str:
    share = "–" if figure["share"] is None else f"{figure['share']:.1%}"
    return f"{share:>7}  {figure['right']:>5}/{figure['of']:<5} {title}"
