"""`python -m trainer alarm`: learns what a cry for help sounds like, and says how well it hears.

The lines of `data/alarm/`, and all sentences of `data/nlu` as what is none. The weights are kept
beside the lines: the alarm must not depend on anybody having trained on this machine.
"""

import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

from backoffice.understanding.alarm import UNSURE, alarm_in, heard, listed, readings
from backoffice.understanding.cries import (
    FOLDER,
    KINDS,
    LENGTHS,
    WEIGHTS,
    Cry,
    cry_of,
    features,
    pieces,
)
from trainer.engine import ROOT, read_lines, run, say, write_lines

HARMLESS, NONE, OUT_OF_SCOPE = "harmless", "none", "out_of_scope"
FINGERPRINT = FOLDER / "weights.made_of"
NUMBERS = FOLDER / "heard.json"
HELD_OUT = ROOT / "build" / "alarm.jsonl"
"""What was thought of every line by a machine that had not learnt it: for whoever writes more."""
ANSWERS, SEED = 500, 20181214
_COUNTS = 3
"""A line written for this counts as many times an ordinary sentence: a miss is the worse fault, and
so is a false alarm at what was written down as harmless."""
_ALIKE = 0.4
"""Lines that share this much of their pairs of characters are one group: heard together or not."""


@dataclass(frozen=True)
class Line:
    """One line: `label` is a kind of emergency or none; `source` the file or the act."""

    text: str
    label: str
    source: str


def lines() -> list[Line]:
    """All that is learnt from. Raises ValueError when a line stands under two kinds."""
    found: dict[str, Line] = {}
    for name in (*KINDS, HARMLESS):
        for text in yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8")):
            line = Line(str(text), name if name in KINDS else NONE, name)
            if found.setdefault(line.text, line) != line:
                raise ValueError(f"data/alarm：“{text}”既在 {found[line.text].source}，又在 {name}")
    for act, texts in _sentences():
        for text in texts:
            # a cry among what is not the hall's business is none of the harmless ones
            if act != OUT_OF_SCOPE or listed(text) is None:
                found.setdefault(text, Line(text, NONE, act))
    for text in _answers():
        found.setdefault(text, Line(text, NONE, "answers"))
    return list(found.values())


def _answers() -> Iterable[str]:
    """Bare answers to a form's questions, which the sentences only hold as placeholders."""
    words = yaml.safe_load((ROOT / "data/nlu/words/answers.yml").read_text("utf-8"))
    random = Random(SEED)
    leads = (
        "",
        "我叫",
        "他叫",
        "她叫",
        "我是",
        "叫",
        "姓名是",
        "名字叫",
        "宝宝叫",
        "我爸叫",
        "我妈叫",
        "孩子叫",
        "我老婆叫",
        "佢叫",
    )
    for _ in range(ANSWERS):
        name = random.choice(words["surnames"]) + random.choice(words["given"])
        yield random.choice(leads) + name
        yield random.choice(words["leads"]) + random.choice(words["villages"]) + random.choice(
            words["place_ends"])  # fmt: skip
        yield random.choice(("我是", "", "他是我", "帮", "我是孩子的", "我是他")) + random.choice(
            words["kin"])  # fmt: skip
        yield random.choice(("", "我做", "我是")) + random.choice(words["jobs"])


def _sentences() -> Iterable[tuple[str, list[str]]]:
    for path in sorted((ROOT / "data/nlu").glob("*.yml")) + sorted(
        (ROOT / "data/nlu/items").glob("*.yml")
    ):
        content = yaml.safe_load(path.read_text("utf-8"))
        for label, texts in content["sentences"].items():
            yield content.get("act") or label, [str(text) for text in texts or []]


def fingerprint() -> str:
    """Of the lines and the classes of words in data/alarm (not of data/nlu, which grows daily)."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.yml")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def groups(texts: Sequence[str]) -> list[int]:
    """A number per text; near-same wordings share one."""
    pairs = [frozenset(t[i : i + 2] for i in range(len(t) - 1)) or frozenset({t}) for t in texts]
    parent = list(range(len(texts)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        return one

    holders: dict[str, list[int]] = defaultdict(list)
    for number, own in enumerate(pairs):
        shared: dict[int, int] = defaultdict(int)
        for pair in own:
            for other in holders[pair]:
                shared[other] += 1
            holders[pair].append(number)
        for other, count in shared.items():
            if count >= _ALIKE * len(own | pairs[other]):
                parent[root(number)] = root(other)
    return [root(one) for one in range(len(texts))]


def train() -> str:
    """Learn, write weights and figures to data/alarm. Returns the figures as text."""
    all_lines = lines()
    told = [one for one in all_lines if one.source in (*KINDS, HARMLESS)]
    rest = [one for one in all_lines if one.source not in (*KINDS, HARMLESS)]
    numbers = groups([one.text for one in told])
    numbers += range(len(told), len(told) + len(rest))
    say(f"听紧急情况：{len(told)} 句专门写的，{len(rest)} 句办事的话")
    every = told + rest
    rows = [
        {
            "features": features(one.text),
            "label": one.label,
            "group": group,
            "counts": _COUNTS if one.source in (*KINDS, HARMLESS) else 1,
            "heard": [features(piece) for text in readings(one.text) for piece in pieces(text)],
        }
        for one, group in zip(every, numbers, strict=True)
    ]
    figures = _figures(every, _thought(every, _learnt(rows)))
    FINGERPRINT.write_text(fingerprint() + "\n", "utf-8")
    NUMBERS.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return _as_text(figures)


def _learnt(rows: Sequence[dict[str, Any]]) -> list[Any]:
    """Writes the weights; per line the scores of what is heard of it, by one who had not learnt it."""
    with tempfile.TemporaryDirectory() as folder:
        source, made, held_out = (Path(folder) / n for n in ("in.jsonl", "made.npz", "out.jsonl"))
        write_lines(source, rows)
        run("alarm", source, made, held_out, "--kinds", ",".join(KINDS), "--lengths",
            json.dumps(LENGTHS))  # fmt: skip
        scores: list[Any] = read_lines(held_out)
        WEIGHTS.write_bytes(made.read_bytes())
    return scores


def _thought(every: Sequence[Line], scores: Sequence[Any]) -> list[dict[str, Cry]]:
    """Per line, of each of its readings: what somebody heard in it who had not learnt the line."""
    thought = []
    for line, rows in zip(every, scores, strict=True):
        left, own = list(rows), {}
        for text in readings(line.text):
            size = len(pieces(text))
            own[text], left = cry_of(left[:size]), left[size:]
        thought.append(own)
    write_lines(HELD_OUT, [
        {
            "text": line.text,
            "is": line.label,
            "from": line.source,
            "likely": round((cry := heard(line.text, own.__getitem__)).likely, 4),
            "kind": cry.kind,
        }
        for line, own in zip(every, thought, strict=True)
    ])  # fmt: skip
    return thought


def _figures(
    every: Sequence[Line], thought: Sequence[dict[str, Cry]]
) -> dict[str, dict[str, float]]:
    """Shares per kind or source: alarmed outright, or at least told the number beside the answer."""
    found: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    for line, own in zip(every, thought, strict=True):
        alarm = alarm_in(line.text, own.__getitem__)
        alone = heard(line.text, own.__getitem__).likely >= UNSURE
        name = line.source if line.source in (*KINDS, HARMLESS, OUT_OF_SCOPE) else "in_scope"
        for one in (name, "all_cries") if line.label != NONE else (name,):
            found[one].append((alarm is not None and alarm.sure, alarm is not None, alone))
    return {
        name: {
            "lines": len(rows),
            "outright": round(sum(row[0] for row in rows) / len(rows), 4),
            "at_least_beside": round(sum(row[1] for row in rows) / len(rows), 4),
            "without_lists": round(sum(row[2] for row in rows) / len(rows), 4),
        }
        for name, rows in found.items()
    }


def _as_text(figures: dict[str, dict[str, float]]) -> str:
    out = ["没学过的句子（四份轮流留出，相近的说法同进同出）：当成紧急 / 至少给了电话 / 不靠词表"]
    for name, one in figures.items():
        shares = " ".join(
            f"{one[key]:>7.2%}" for key in ("outright", "at_least_beside", "without_lists")
        )
        out.append(f"{shares}  {one['lines']:>6.0f} 句 {name}")
    return "\n".join(out)
