"""What understanding costs as the catalogue grows: 40, 200 and 1,000 items.

    bot/.venv/bin/python bench/catalogue.py [40 200 1000]

The first items are the project's own with all their sentences. Each further one is synthetic: a
name of its own made of a place, a matter and a kind of business, said in SENTENCES ways. For each
size, in a process of its own: training as `make train` does it (wall and processor time), the model's size, resident memory
with the model loaded, and the time to understand one sentence (the project's own held-out ones).
Prints a table, writes build/bench/catalogue.json. Exit code 0: every bar was met.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice, product
from pathlib import Path
from random import Random

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bot"))
SIZES = (40, 200, 1000)
SENTENCES = 40
PARSED = 300
PARSE_BAR_MS = 25.0
#: items → seconds of training on two cores.
TRAINING_BARS_S = {40: 90, 1000: 360}
SEED = 20181214

_MATTERS = (
    "水电 燃气 宽带 路灯 绿化 停车 养犬 广告牌 噪声 排污 垃圾 装修 电梯 消防 门牌 道路 桥梁 河道 渔船 农机 果园 鱼塘 茶园 "
    "养蜂 兽医 种子 化肥 农药 粮食 木材 采砂 矿山 爆破 烟花 印刷 出版 演出 网吧 影院 文物 图书馆 体育馆 泳池 "
    "幼儿园 培训班 校车 奖学金 助学金 教师 医师 护士 药店 诊所 献血 疫苗 殡葬 墓地 婚介 收养 律师 公证 仲裁 专利 商标"
).split()
_FORMS = "许可 备案 登记 补贴 奖励 认定 年审 变更 注销 延期 证明 鉴定 验收 报装 减免 查询".split()
_FRAMES = {
    "apply_item": ["我要办{n}", "帮我申请{n}", "{n}怎么申请啊", "想弄个{n}", "我要{n}", "麻烦办一下{n}", "我想攞{n}", "{n}给我办了吧"],
    "ask_what": ["{n}是什么", "{n}有什么用", "{n}係咩嚟㗎"],
    "ask_conditions": ["什么人能办{n}", "{n}要什么条件", "我能不能申请{n}", "外地人可以办{n}吗", "{n}有冇要求"],
    "ask_materials": ["{n}要什么材料", "办{n}带什么", "{n}要准备啲咩"],
    "ask_fee": ["{n}多少钱", "{n}收费吗", "办{n}要交钱不"],
    "ask_time": ["{n}要多久", "{n}几天能办好", "{n}几耐先得"],
    "ask_process": ["{n}怎么办", "{n}流程是什么", "{n}可以网上办吗", "办{n}分几步"],
    "ask_place": ["{n}在哪里办", "{n}去哪个窗口"],
    "ask_amount": ["{n}能领多少", "{n}给几多钱"],
    "ask_validity": ["{n}有效期多久", "{n}几年要换"],
    "ask_progress": ["我的{n}办到哪了", "{n}批了没有"],
    "describe_need": ["听说要先有{n}才能开工", "人家问我有没有{n}", "我们那边要求做{n}"],
}  # fmt: skip


def synthetic(count: int) -> dict[str, dict[str, list[str]]]:
    """Code → act → sentences, of `count` made-up items; the same each time."""
    random = Random(SEED)
    pairs = list(product(_MATTERS, _FORMS))
    random.shuffle(pairs)
    made = {}
    for number, (matter, form) in enumerate(islice(pairs, count)):
        name = matter + form
        said = [(act, frame.format(n=name)) for act, frames in _FRAMES.items() for frame in frames]
        sentences: dict[str, list[str]] = {}
        for act, text in said[:SENTENCES]:
            sentences.setdefault(act, []).append(text)
        made[f"made_up_{number}"] = sentences
    assert len(made) == count, "not enough names"
    return made


def grown_project(items: int, root: Path) -> None:
    """A copy of what training reads, with synthetic items up to the wanted number."""
    for part in ("data/nlu", "data/rules", "build/nlu", "data/lexicon", "data/near"):
        if (ROOT / part).exists():
            shutil.copytree(ROOT / part, root / part)
    for file in ("config.yml", "domain.yml"):
        shutil.copy2(ROOT / file, root / file)
    names = root / "build/nlu/items.yml"
    examples = yaml.safe_load(names.read_text("utf-8"))
    known = sorted({one["item"] for one in examples})
    for code, sentences in synthetic(max(0, items - len(known))).items():
        text = yaml.safe_dump({"item": code, "sentences": sentences}, allow_unicode=True)
        (root / "data/nlu/items" / f"{code}.yml").write_text(text, "utf-8")
        name = sentences["apply_item"][0].removeprefix("我要办")
        examples.append({"text": name, "act": "apply_item", "item": code})
    names.write_text(yaml.safe_dump(examples, allow_unicode=True), "utf-8")


def measure(items: int) -> dict[str, float]:
    """Train and parse at this size, in this process."""
    from bot_server import no_tensorflow, quiet  # noqa: F401  (before anything of rasa)
    from bot_server.registry import MODEL_NAME
    from bot_server.train import train

    quiet.configure("ERROR")
    with tempfile.TemporaryDirectory(prefix="xz-bench-") as folder:
        root = Path(folder)
        grown_project(items, root)
        begun = time.monotonic()
        train(root, root / "models")
        training_s = time.monotonic() - begun
        used = resource.getrusage(resource.RUSAGE_SELF)
        machines_s = cpu_of_descendants()
        model = root / "models" / MODEL_NAME
        command = [sys.executable, __file__, "--parse", str(model)]
        parsed = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        return {
            "items": items,
            "training_s": round(training_s, 1),
            "training_cpu_s": round(used.ru_utime + used.ru_stime + machines_s, 1),
            "of_it_serial_s": round(used.ru_utime + used.ru_stime, 1),
            "training_peak_mb": round(used.ru_maxrss / 1024),
            "model_mb": round(model.stat().st_size / 1e6, 1),
            **parsed,
        }


def cpu_of_descendants() -> float:
    """Processor seconds of the processes that fitted the machines and are still there."""
    parents, spent = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents[int(entry.name)] = int(fields[1])
        spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    found, more = set(), {os.getpid()}
    while more:
        more = {pid for pid, parent in parents.items() if parent in more} - found
        found |= more
    return sum(spent[pid] for pid in found)


def parse(model: Path) -> dict[str, float]:
    """Milliseconds a sentence, and resident memory with the model loaded."""
    from bot_server import no_tensorflow, quiet  # noqa: F401
    from bot_server.parse import parser_of

    quiet.configure("ERROR")
    voices = yaml.safe_load((ROOT / "tests/bot/blind.yml").read_text("utf-8"))
    texts = [said[2] for voice in voices for said in voice["says"] if isinstance(said, list)]
    processor = parser_of(model)

    async def run() -> list[float]:
        await processor.warm_up()
        spent = []
        for text in texts[:PARSED]:
            begun = time.perf_counter()
            await processor.understand(text)
            spent.append((time.perf_counter() - begun) * 1000)
        return sorted(spent)

    spent = asyncio.run(run())
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "parse_p50_ms": round(statistics.median(spent), 1),
        "parse_p95_ms": round(spent[int(len(spent) * 0.95)], 1),
        "resident_mb": round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6),
    }


def main() -> int:
    """Returns 0 when every bar was met."""
    if sys.argv[1:2] == ["--parse"]:
        print(json.dumps(parse(Path(sys.argv[2]))))
        return 0
    if sys.argv[1:2] == ["--measure"]:
        print("\n" + json.dumps(measure(int(sys.argv[2]))))
        return 0
    rows = []
    for items in [int(one) for one in sys.argv[1:]] or SIZES:
        command = [sys.executable, __file__, "--measure", str(items)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], flush=True)
    target = ROOT / "build/bench/catalogue.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(rows, indent=1), "utf-8")
    met = [r["training_s"] <= TRAINING_BARS_S.get(r["items"], 1e9) for r in rows]
    met += [r["parse_p50_ms"] <= PARSE_BAR_MS for r in rows if r["items"] == SIZES[0]]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
