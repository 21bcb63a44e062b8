"""Cross-validation on the trainers' own sentences: `python -m bot_server.crossval OUT.jsonl`.

The written sentences are dealt into folds; for each fold the project's whole training graph is
run without them, and without every variant made of them, and then reads them. So it measures
whatever graph config.yml describes. Names of items, which come from the catalogue, and bare
answers, which are made, are always trained and never asked.

Each line: what was understood (see parse.py), with `text`, `gold_act`, `gold_item`, `fold`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from copy import copy
from pathlib import Path
from random import Random
from typing import Dict, FrozenSet, Iterable, List, Optional, TextIO

from bot_server import no_tensorflow, quiet  # noqa: F401  (before anything of rasa)
from bot_server.importer import GROUP, TOLD, Sentence, TrainerFiles, read_sentences
from bot_server.settings import ROOT
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.training_data import TrainingData

FOLDS = 3
SEED = 20181214
_TOLD_EVERY_S = 10


class WithoutSome(TrainerFiles):
    """The trainers' files without the groups that are held out."""

    held_out: FrozenSet[int] = frozenset()
    #: What is asked: a variant of another sentence may happen to read the same.
    asked: FrozenSet[str] = frozenset()
    #: Read once: files that change meanwhile must not move a sentence to another group.
    whole: Optional[TrainingData] = None

    def get_nlu_data(self, language: Optional[str] = "zh") -> TrainingData:
        """As TrainerFiles, less the held-out sentences and everything made of them."""
        whole = self.whole or super().get_nlu_data(language)
        return TrainingData(
            [
                copy(m)
                for m in whole.training_examples
                if not {m.get(GROUP), m.get(TOLD)} & self.held_out
                and m.get(TEXT) not in self.asked
            ]
        )


def deal(written: List[Sentence], asked: Iterable[int], folds: int) -> List[FrozenSet[int]]:
    """Groups of each fold: label by label, so that each fold has its share of every label.

    A sentence that is written twice (the same words in two places) is asked once; both go to one
    fold, or the model would have seen it.
    """
    first: Dict[str, int] = {}
    same: Dict[int, List[int]] = {}
    for number in asked:
        same.setdefault(first.setdefault(written[number].text, number), []).append(number)
    order = sorted(same)
    Random(SEED).shuffle(order)
    order.sort(key=lambda n: (written[n].act, written[n].item))
    return [frozenset(g for n in order[k::folds] for g in same[n]) for k in range(folds)]


def cross_validate(root: Path, out: TextIO, folds: int = FOLDS) -> int:
    """Write every asked sentence's line; answers how many."""
    from bot_server.train import data_folders, importer_of

    written = read_sentences(data_folders(root))
    compiled = {s.text for s in read_sentences([root / "build" / "nlu"])}
    asked = [n for n, s in enumerate(written) if s.text not in compiled]
    whole = importer_of(root).get_nlu_data()
    count = 0
    for number, held_out in enumerate(deal(written, asked, folds), start=1):
        print(f"第 {number} 份，共 {folds} 份：训练……", flush=True)
        lines = asyncio.run(_one_fold(root, whole, written, held_out, f"{number}/{folds}"))
        for line in lines:
            out.write(json.dumps({**line, "fold": number}, ensure_ascii=False) + "\n")
        count += len(lines)
    return count


async def _one_fold(
    root: Path,
    whole: TrainingData,
    written: List[Sentence],
    held_out: FrozenSet[int],
    name: str,
) -> List[dict]:
    from bot_server.parse import parser_of
    from bot_server.train import importer_of, run_graph

    with tempfile.TemporaryDirectory() as folder:
        importer = importer_of(root, WithoutSome)
        importer.held_out, importer.whole = held_out, whole
        importer.asked = frozenset(written[group].text for group in held_out)
        made = Path(folder) / "fold.tar.gz"
        # the graph runner starts a loop of its own
        await asyncio.get_running_loop().run_in_executor(
            None, run_graph, importer, made, Path(folder)
        )
        processor = parser_of(made)
        lines, told, seen = [], time.monotonic(), set()
        for done, group in enumerate(sorted(held_out), start=1):
            sentence = written[group]
            if sentence.text in seen:
                continue
            seen.add(sentence.text)
            understood = await processor.understand(sentence.text)
            gold = {"gold_act": sentence.act, "gold_item": sentence.item}
            lines.append({"text": sentence.text, **gold, **understood})
            if time.monotonic() - told > _TOLD_EVERY_S:
                told = time.monotonic()
                print(f"第 {name} 份：已读 {done}/{len(held_out)} 句", flush=True)
        return lines


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bot_server.crossval", description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--folds", type=int, default=FOLDS)
    arguments = parser.parse_args()
    quiet.configure("WARNING")
    unfinished = arguments.target.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8") as out:
        count = cross_validate(arguments.root, out, arguments.folds)
    os.replace(unfinished, arguments.target)
    print(f"交叉验证：{count} 句", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
