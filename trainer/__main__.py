"""`python -m trainer …`: the trainers' commands. The Makefile calls them; docs/trainers.md tells."""

import argparse
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from catalogue.loader import CatalogueError, load_catalogue
from trainer import alarm, items, new_item, publish, signed
from trainer import evaluate as evaluation
from trainer.engine import ROOT, EngineFailed, say
from trainer.figures import figures
from trainer.questions import QuestionsUnusable
from trainer.registry import Model, Registry, RegistryError

_FAILURES = (
    EngineFailed, RegistryError, QuestionsUnusable, CatalogueError, publish.SwapFailed,
    new_item.AnswersUnusable, ValueError,
)  # fmt: skip


def _new_item(options: argparse.Namespace) -> int:
    catalogue = load_catalogue(ROOT / "data/items")
    if options.answers:
        answers = new_item.read_answers(options.answers, catalogue)
    else:
        print("一共十来个问题；不知道的，能空的就按回车空着，以后在文件里补。\n")
        answers = new_item.asked(input, catalogue)
    for path in new_item.write(answers, catalogue, ROOT / "data"):
        print(f"写好了 {path.relative_to(ROOT)}")
    load_catalogue(ROOT / "data/items")
    left = new_item.still_open(ROOT / "data", answers["code"])
    print("事项目录检查通过。还要填的：\n" + "\n".join(left))
    print(f"共 {len(left)} 处。填好以后运行 make check-items ITEM={answers['code']}")
    return 0


def _check_items(options: argparse.Namespace) -> int:
    text, good = items.check(options.item or None)
    items.REPORT.parent.mkdir(exist_ok=True)
    items.REPORT.write_text(text + "\n", "utf-8")
    print(text)
    if good and options.item:
        left = new_item.still_open(ROOT / "data", options.item)
        print("\n".join([*left, f"待填：{len(left)} 处。"]))
    print(f"全文：{items.REPORT.relative_to(ROOT)}")
    return 0 if good else 1


def _evaluate(options: argparse.Namespace) -> int:
    registry = publish.installed_registry()
    catalogue = load_catalogue(ROOT / "data/items")
    if options.out:
        model = _model(registry, options.model) if options.model else _answering(registry)
        judged = evaluation.answer_file(model, options.files[0], options.out, catalogue)
        if judged:
            print(evaluation.summary({options.files[0].name: figures(judged)}))
        say(f"写好了 {options.out}（模型 {model.id}）")
        return 0
    model = _model(registry, options.model or "candidate")
    files = options.files or evaluation.held_out_files()
    # data/ is what the candidate was made from; of another model it would measure nothing
    quick = options.quick or model.id != "candidate"
    result = evaluation.evaluate(model, files, catalogue, quick=quick)
    print(evaluation.summary(result["parts"]))
    say(f"报告：{(evaluation.FOLDER / evaluation.REPORT).relative_to(ROOT)}")
    return 0


def _answering(registry: Registry) -> Model:
    """The live model; before anything was published, what was trained last."""
    return registry.live() or registry.candidate()


def _model(registry: Registry, name: str) -> Model:
    if name == "candidate":
        return registry.candidate()
    live = registry.live() if name == "live" else registry.find(name)
    if live is None:
        raise RegistryError("还没有发布过")
    return live


def _publish(options: argparse.Namespace) -> int:
    registry = publish.installed_registry()
    if options.first:
        publish.publish_first(registry)
        return 0
    catalogue = load_catalogue(ROOT / "data/items")
    try:
        publish.publish(registry, catalogue, options.note)
    except publish.Refused as refused:
        print(f"不能发布，原因：\n{refused}\n全文：{refused.report.relative_to(ROOT)}")
        return 1
    print(signed.waiting_text(catalogue).splitlines()[-1])
    return 0


def _rollback(options: argparse.Namespace) -> int:
    publish.rollback(publish.installed_registry(), options.to or None)
    return 0


def _models(_: argparse.Namespace) -> int:
    registry = publish.installed_registry()
    live = registry.live()
    for one in registry.history():
        mark = "▶" if live and one.id == live.id else " "
        print(f"{mark} {one.id}  {one.published_at[:16]}  {one.by}  {one.note}  （{one.verdict}）")
    return 0


def _signoffs(_: argparse.Namespace) -> int:
    print(signed.waiting_text(load_catalogue(ROOT / "data/items")))
    return 0


def _sign(options: argparse.Namespace) -> int:
    review = date.fromisoformat(options.review) if options.review else None
    print(signed.sign(load_catalogue(ROOT / "data/items"), options.item, options.by, review))
    return 0


def _alarm(_: argparse.Namespace) -> int:
    print(alarm.train())
    return 0


def _calibrate_faces(options: argparse.Namespace) -> int:
    from bootstrap.container import face_rule
    from bootstrap.settings import Settings
    from trainer.faces_report import calibrate

    print(calibrate(options.folder, options.out, face_rule(Settings())))
    say(f"写好了 {options.out}/calibration.json 和 det.png（只有比率，没有人脸特征）")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sub = commands.add_parser(name)
        sub.set_defaults(run=run)
        return sub

    add("new-item", _new_item).add_argument("--answers", type=Path)
    add("check-items", _check_items).add_argument("--item", default="")
    sub = add("evaluate", _evaluate)
    sub.add_argument("files", type=Path, nargs="*")
    sub.add_argument("--out", type=Path)
    sub.add_argument("--model", default="", help="candidate, live, or an id")
    sub.add_argument("--quick", action="store_true")
    sub = add("publish", _publish)
    sub.add_argument("--first", action="store_true")
    sub.add_argument("--note", default="")
    add("rollback", _rollback).add_argument("--to", default="")
    add("models", _models)
    add("signoffs", _signoffs)
    sub = add("sign", _sign)
    sub.add_argument("--item", required=True)
    sub.add_argument("--by", required=True)
    sub.add_argument("--review", default="")
    add("alarm", _alarm)
    sub = add("calibrate-faces", _calibrate_faces)
    sub.add_argument("folder", type=Path)
    sub.add_argument("--out", type=Path, default=ROOT / "build/calibration")
    return parser


def main() -> int:
    """Returns the exit code: 1 when something must be changed, with the reason in Chinese."""
    os.umask(0o022)
    options = _parser().parse_args()
    if options.command == "evaluate" and options.out and len(options.files) != 1:
        print("OUT 只能和一个 FILE 一起用", file=sys.stderr)
        return 2
    try:
        return int(options.run(options))
    except _FAILURES as exc:
        print(exc, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
