"""How close the sentences of different labels are: `python -m bot_server.neighbours OUT.json`.

Everything the trainers wrote is compared by weighted character pairs and triples (tf-idf,
cosine), before variants are made. The answer, for each item and each act: the other labels whose
sentences it is closest to, with the closest pairs; and sentences that stand twice.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from bot_server import no_tensorflow  # noqa: F401  (before anything of rasa)
from bot_server.acts import NO_ITEM, OTHER_ITEM
from bot_server.importer import Sentence, TrainingFileError, read_sentences
from bot_server.nlu.features import normalise
from bot_server.settings import ROOT

#: Cosine from which two sentences of different labels are nearly the same sentence.
NEARLY_SAME = 0.8
#: Cosine from which a sentence counts as a neighbour at all.
NEAR = 0.45
_NEIGHBOURS = 6
_PAIRS = 5
_CHUNK = 1000


def report(sentences: Sequence[Sentence]) -> Dict[str, Any]:
    """{faults, warnings, counts, items, acts}; see the module."""
    unique = list({(s.text, s.act, s.item): s for s in sentences}.values())
    pairs = _close_pairs([s.text for s in unique])
    near = [(value, unique[a], unique[b]) for value, a, b in pairs]
    across = [p for p in near if (p[1].act, p[1].item) != (p[2].act, p[2].item)]
    return {
        "faults": _contradictions(unique),
        "warnings": [
            _pair(v, a, b)
            for v, a, b in across
            if v >= NEARLY_SAME and a.text < b.text
        ],
        "counts": Counter(s.item for s in unique),
        "items": _by_label(near, "item"),
        "acts": _by_label(near, "act"),
    }


def _contradictions(sentences: Sequence[Sentence]) -> List[Dict[str, Any]]:
    """Sentences that stand twice with different labels."""
    labels: Dict[str, List[Sentence]] = defaultdict(list)
    for s in sentences:
        labels[s.text.strip()].append(s)
    return [
        {"text": found[0].text, "labels": _labels(found)}
        for found in labels.values()
        if len({(s.act, s.item) for s in found}) > 1
    ]


def _labels(sentences: Sequence[Sentence]) -> List[Dict[str, str]]:
    return [{"act": act, "item": item} for act, item in sorted({(s.act, s.item) for s in sentences})]


def _close_pairs(texts: List[str]) -> List[Tuple[float, int, int]]:
    """(cosine, sentence, neighbour), each sentence with its nearest, closest first."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = TfidfVectorizer(
        analyzer="char", ngram_range=(2, 3), sublinear_tf=True, preprocessor=normalise
    ).fit_transform(texts)
    columns = rows.T.tocsr()
    found = []
    for first in range(0, len(texts), _CHUNK):
        close = (rows[first : first + _CHUNK] @ columns).tocsr()
        for here in range(close.shape[0]):
            row = close.indptr[here], close.indptr[here + 1]
            others, values = close.indices[slice(*row)], close.data[slice(*row)]
            for best in np.argsort(values)[::-1][: _NEIGHBOURS + 1]:
                if others[best] != first + here and values[best] >= NEAR:
                    found.append((float(values[best]), first + here, int(others[best])))
    return sorted(found, reverse=True)


def _by_label(near: Sequence[Tuple[float, Sentence, Sentence]], kind: str) -> Dict[str, Any]:
    """Label → [{label, sentences, pairs}], the label with most near sentences first."""
    found: Dict[str, Dict[str, List[Tuple[float, Sentence, Sentence]]]] = {}
    for value, a, b in near:
        mine, other = getattr(a, kind), getattr(b, kind)
        if mine == other or (kind == "item" and {mine, other} & {NO_ITEM, OTHER_ITEM}):
            continue
        found.setdefault(mine, {}).setdefault(other, []).append((value, a, b))
    return {
        mine: sorted(
            (
                {
                    "label": other,
                    "sentences": len({a.text for _, a, _ in pairs}),
                    "pairs": [_pair(*one) for one in pairs[:_PAIRS]],
                }
                for other, pairs in others.items()
            ),
            key=lambda one: -one["sentences"],
        )
        for mine, others in sorted(found.items())
    }


def _pair(value: float, a: Sentence, b: Sentence) -> Dict[str, Any]:
    return {
        "close": round(value, 2),
        "text": a.text, "act": a.act, "item": a.item,
        "other_text": b.text, "other_act": b.act, "other_item": b.item,
    }  # fmt: skip


def main() -> int:
    """Command line. Exit code 1 when a file is faulty."""
    parser = argparse.ArgumentParser(prog="python -m bot_server.neighbours", description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--root", type=Path, default=ROOT)
    arguments = parser.parse_args()
    root = arguments.root
    try:
        sentences = read_sentences([root / "data" / "nlu", root / "build" / "nlu"])
    except TrainingFileError as exc:
        print(exc)
        return 1
    text = json.dumps(report(sentences), ensure_ascii=False, indent=1)
    arguments.target.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
