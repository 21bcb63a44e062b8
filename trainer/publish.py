"""`make publish`, `make rollback`: which model answers, and how another one takes its place."""

import getpass
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from catalogue.loader import Catalogue
from ops.env import process_environment
from trainer import conversations, gate, items, report
from trainer.engine import ROOT, say
from trainer.evaluate import FOLDER, evaluate, held_out, held_out_files, kept, own_of
from trainer.registry import Model, Registry, RegistryError
from trainer.signed import waiting_text

REPORTS = ROOT / "build" / "publish"
PAGE = "publish.html"
_HEADER = "X-Xiaozheng-Secret"
#: Loading a model beside the running one, on a busy machine.
_SWAP_TIMEOUT_S = 180.0


class Refused(Exception):
    """The model may not be published; the message is the reasons, for the trainer.

    Attributes:
        report: where all of it can be read.
    """

    def __init__(self, reasons: str, report: Path) -> None:
        super().__init__(reasons)
        self.report = report


class SwapFailed(Exception):
    """The running bot goes on with the old model; the message says why."""


def installed_registry() -> Registry:
    """The registry that the bot of this installation reads."""
    return Registry(Path(process_environment().get("XZ_BOT_MODELS") or ROOT / "models"))


def who() -> str:
    """Who publishes: `WHO=…`, else the log-in name."""
    return os.environ.get("XZ_PUBLISHER") or getpass.getuser()


def publish_first(registry: Registry) -> None:
    """Part of the first start, and of the first start after the program changed.

    A model that only new data made waits for `make publish`.
    """
    candidate, live = registry.candidate(), registry.live()
    if live is None:
        note = "第一次启动，自动发布"
    elif live.program != candidate.program:
        note = "程序升级，自动发布：旧模型要用旧程序读"
    else:
        if live.fingerprint != candidate.fingerprint:
            say("训练好了一个新模型，还没有上线；要上线请运行 make publish")
        return
    made = registry.add(
        candidate, None, now=datetime.now(UTC), by=who(), note=note, verdict="没有比较"
    )
    registry.set_live(made.id)
    say(f"{note}：{made.id}")


def publish(registry: Registry, catalogue: Catalogue, note: str) -> Model:
    """Judge the candidate, keep it, and let it answer.

    Raises:
        RegistryError, EngineFailed, Refused, SwapFailed
    """
    candidate, live = registry.candidate(), registry.live()
    if live is not None and live.fingerprint == candidate.fingerprint:
        say(f"线上的 {live.id} 就是这个模型，没有要发布的")
        return live
    text, good = items.check()
    if not good:
        items.REPORT.parent.mkdir(exist_ok=True)
        items.REPORT.write_text(text + "\n", "utf-8")
        must = text.partition("\n\n二、")[0]
        raise Refused(f"内容里有必须改的：\n{must}", items.REPORT)
    judged = candidate.fingerprint
    verdict = judge(candidate, live, catalogue, held_out_files())
    if candidate.fingerprint != judged:  # a long time has passed
        raise RegistryError("考试的时候又训练了一个新模型，它还没有考过：请再运行一次 make publish")
    made = registry.add(
        candidate, FOLDER, now=datetime.now(UTC), by=who(), note=note, verdict=verdict
    )
    go_live(registry, made)
    return made


def judge(candidate: Model, live: Model | None, catalogue: Catalogue, files: Sequence[Path]) -> str:
    """One line of verdict. Writes the report to build/publish. Raises Refused."""
    say(f"读保留的句子：{len(files)} 个文件")
    heard = held_out(candidate.file, files, catalogue)
    if live is None:
        evaluate(candidate, files, catalogue, heard=heard)
        return _judged_with(candidate, None, [], None, catalogue)
    say(f"让线上的模型 {live.id} 听同样的句子")
    old = held_out(live.file, files, catalogue)
    _refuse_at_once(candidate, live, gate.compare(old, heard), "保留的句子", catalogue)
    evaluate(candidate, files, catalogue, heard=heard)
    changes = gate.compare(old + own_of(live), kept(FOLDER))
    _refuse_at_once(candidate, live, changes, "句子", catalogue)
    return _judged_with(candidate, live, changes, conversations.kept_with(live.folder), catalogue)


def _judged_with(
    candidate: Model,
    live: Model | None,
    changes: Sequence[gate.Change],
    before: Mapping[str, str] | None,
    catalogue: Catalogue,
) -> str:
    """The verdict, with the conversation tests; `before`: how the live model did in them."""
    tests = conversations.run_all(FOLDER)
    worse = [change for change in changes if change.worse]
    failing = gate.broken(before, tests)
    _write_report(candidate, live, changes, failing, catalogue)
    if worse or failing:
        raise Refused(reasons(worse, failing, catalogue), REPORTS / PAGE)
    return f"{len(changes)} 组比较都没有变差；{len(tests)} 个对话测试没有新的失败"


def _refuse_at_once(
    candidate: Model, live: Model, changes: Sequence[gate.Change], asked: str, catalogue: Catalogue
) -> None:
    """Nobody waits for the rest when what was asked so far has settled it."""
    worse = [change for change in changes if change.hopeless]
    if worse:
        _write_report(candidate, live, changes, [], catalogue, worse=worse)
        note = f"只考了{asked}就差得太多，后面的没有再考。"
        raise Refused(f"{reasons(worse, [], catalogue)}\n{note}", REPORTS / PAGE)


def reasons(worse: Sequence[gate.Change], failing: Sequence[str], catalogue: Catalogue) -> str:
    """Why a model is refused, one reason a line."""
    lines = []
    for one in worse:
        lines.append(
            f"· {title_of(one, catalogue)}变差了：{one.of} 句里，线上对 {one.before} 句，新的对 "
            f"{one.after} 句；{one.lost} 句由对变错，{one.won} 句由错变对"
            f"（碰巧这样的机会只有 {one.chance:.2%}）"
        )
        lines += [f"    {text}" for text in one.examples]
    lines += [f"· 对话测试没通过：{conversations.title(name)}" for name in failing]
    return "\n".join(lines)


def title_of(change: gate.Change, catalogue: Catalogue) -> str:
    """What a group is called."""
    fixed = {
        "all": "总的",
        "rejected": "能办的没有错当成办不了，这一条",
        "pairs": "成对的句子",
    }
    if change.kind in fixed:
        return fixed[change.kind]
    if change.kind == "act":
        return f"行为“{report.act_name(change.label)}”"
    return f"事项“{report.namer(catalogue)(change.label)}”"


def _write_report(
    candidate: Model,
    live: Model | None,
    changes: Sequence[gate.Change],
    failing: Sequence[str],
    catalogue: Catalogue,
    worse: Sequence[gate.Change] | None = None,
) -> None:
    moved = sorted((c for c in changes if c.lost or c.won), key=lambda c: c.chance)
    html = report.render(
        "publish.html",
        catalogue,
        title="新模型能不能上线",
        live=live.id if live else "（还没有）",
        fingerprint=candidate.fingerprint,
        worse=[c for c in moved if c.worse] if worse is None else worse,
        moved=moved,
        unmoved=len(changes) - len(moved),
        failing=[conversations.title(name) for name in failing],
        level=gate.LEVEL,
        title_of=lambda change: title_of(change, catalogue),
        waiting=waiting_text(catalogue),
    )
    for folder in (REPORTS, FOLDER):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PAGE).write_text(html, "utf-8")


def go_live(registry: Registry, model: Model) -> None:
    """Let this model answer, from now on and after every restart. Raises SwapFailed."""
    before = registry.live()
    # first the pointer: the other processes read the facts anew when it changes
    registry.set_live(model.id)
    try:
        told = tell_bot(model.id)
    except SwapFailed:
        if before is not None:
            registry.set_live(before.id)
        raise
    if told:
        say(f"{model.id} 已经在回答；正在说的话没有断")
    else:
        say(f"{model.id} 已经发布；机器人现在没有开，下次启动就用它")


def tell_bot(id: str) -> bool:
    """Swap the running bot; False when none runs. Raises SwapFailed."""
    environment = process_environment()
    headers = {_HEADER: environment.get("XZ_BOT_SECRET", "")}
    try:
        answer = httpx.post(
            f"{environment['XZ_BOT_URL']}/control/model",
            json={"id": id},
            headers=headers,
            timeout=_SWAP_TIMEOUT_S,
            trust_env=False,
        )
    except httpx.ConnectError:
        return False
    except httpx.HTTPError as exc:
        raise SwapFailed(f"机器人没有回应（{type(exc).__name__}），线上没有换") from exc
    if answer.status_code != 200:
        raise SwapFailed(f"机器人没有换上新模型，旧的还在回答：{answer.text[:300]}")
    return True


def rollback(registry: Registry, to: str | None) -> Model:
    """Let the model before the live one answer again, or the one named.

    Raises:
        RegistryError, SwapFailed
    """
    live = registry.live()
    target = registry.find(to) if to else registry.before(live)
    go_live(registry, target)
    return target
