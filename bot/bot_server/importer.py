"""Reads the trainers' sentences for Rasa.

Kinds of YAML file:

* `data/nlu/<act>.yml`, one per act: `act:` and `sentences:`, a mapping from an item label (a
  catalogue code, `none`, or `other`) to sentences. A code that the catalogue does not hold (yet)
  counts as `other`, so sentences about a business may be there before the business is.
* `data/nlu/items/<code>.yml`, one per item: `item:` and `sentences:`, a mapping from an act to
  sentences about this item.
* `data/nlu/words/*.yml`: lists, from which variants of the sentences are made (nlu/variants.py).
* `build/nlu/items.yml`, compiled from the catalogue: a list of `{text, act, item}`, bare or
  under `examples:`. Its items are the catalogue as this side knows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Union

import yaml
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot_server.acts import ACTS, ACTS_WITH_ITEM, NO_ITEM, OTHER_ITEM
from bot_server.nlu.variants import Labelled, Words, with_variants

ITEM_LABEL = "item_label"
#: Sentences made from one written sentence share this number.
GROUP = "group"
#: The number of the sentence that is told before it, where there is one.
TOLD = "told"
#: Whether the sentence is nothing but the name of an item.
IS_NAME = "is_name"
WORDS = "words"
_NODE_DEFAULTS = (("eager", False), ("is_target", False), ("is_input", False), ("resource", None))
#: The catalogue's codes while build/nlu/items.yml does not exist.
FIRST_ITEMS = frozenset({"residence_permit_apply"})


class TrainingFileError(Exception):
    """A sentence file is not of the agreed shape; the message names file and fault."""


@dataclass(frozen=True)
class Sentence:
    """One training sentence: what is said, the act it does, the item it names.

    is_name: whether it is nothing but the name of an item, as the catalogue has it.
    """

    text: str
    act: str
    item: str
    is_name: bool = False


def read_sentences(paths: Iterable[Union[str, Path]]) -> List[Sentence]:
    """All sentences of the YAML files below `paths`. Raises TrainingFileError."""
    acts: List[Sentence] = []
    compiled: List[Sentence] = []
    for path in _yaml_files(paths):
        content = _read(path)
        if isinstance(content, list):
            content = {"examples": content}
        if not isinstance(content, dict):
            raise TrainingFileError(f"{path.name}: 文件是空的或格式不对")
        if "sentences" in content and "item" in content:
            acts += _of_item(path, content)
        elif "sentences" in content:
            acts += _of_act(path, content)
        elif "examples" in content:
            compiled += _compiled(path, content)
    known = _known_items(compiled)
    return [s if s.item in known else Sentence(s.text, s.act, OTHER_ITEM) for s in acts] + compiled


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f"第 {mark.line + 1} 行附近" if mark is not None else "里面"
        raise TrainingFileError(
            f"{path.name}: {place}看不懂，多半是缩进不齐、少了冒号后面的空格，或者引号没有成对"
        ) from exc


def _known_items(compiled: List[Sentence]) -> FrozenSet[str]:
    codes = {s.item for s in compiled} - {NO_ITEM, OTHER_ITEM}
    return frozenset(codes or FIRST_ITEMS) | {NO_ITEM, OTHER_ITEM}


def training_sentences(paths: Iterable[Union[str, Path]]) -> List[Labelled]:
    """The written sentences and the variants made of them. Raises TrainingFileError."""
    folders = [Path(p) for p in paths]
    return _with_made(read_sentences(folders), folders)


def _with_made(written: List[Sentence], folders: List[Path]) -> List[Labelled]:
    words = next((f / WORDS for f in folders if (f / WORDS).is_dir()), None)
    labelled = [Labelled(s.text, s.act, s.item, n, s.is_name) for n, s in enumerate(written)]
    if words is None:
        return labelled
    known = frozenset(s.item for s in written) | {NO_ITEM, OTHER_ITEM}
    made = with_variants(labelled, Words.read(words))
    return [s if s.item in known else replace(s, item=OTHER_ITEM) for s in made]


def _yaml_files(paths: Iterable[Union[str, Path]]) -> List[Path]:
    found: List[Path] = []
    for path in map(Path, paths):
        found += sorted(path.rglob("*.yml")) if path.is_dir() else [path] if path.exists() else []
    return [path for path in found if path.parent.name != WORDS]


def _of_act(path: Path, content: dict) -> List[Sentence]:
    act = content.get("act")
    if act not in ACTS:
        raise TrainingFileError(f"{path.name}: act: 没有这种行为 {act!r}")
    sentences = []
    for item, texts in content["sentences"].items():
        if item != NO_ITEM and act not in ACTS_WITH_ITEM:
            raise TrainingFileError(f"{path.name}: {act} 不带事项，句子应放在 none 下")
        sentences += [Sentence(text, act, item) for text in _texts(path, item, texts)]
    return sentences


def _of_item(path: Path, content: dict) -> List[Sentence]:
    item = content["item"]
    if item != path.stem:
        raise TrainingFileError(f"{path.name}: item: 要和文件名一样")
    sentences = []
    for act, texts in content["sentences"].items():
        if act not in ACTS:
            raise TrainingFileError(f"{path.name}: {act}: 没有这种行为")
        label = item if act in ACTS_WITH_ITEM else NO_ITEM
        sentences += [Sentence(text, act, label) for text in _texts(path, act, texts)]
    return sentences


def _texts(path: Path, where: str, texts: Any) -> List[str]:
    for text in texts or []:
        if not isinstance(text, str) or not text.strip():
            raise TrainingFileError(f"{path.name}: {where}: 每句都要是文字，必要时加引号：{text!r}")
    return texts or []


def _compiled(path: Path, content: dict) -> List[Sentence]:
    try:
        sentences = [Sentence(e["text"], e["act"], e["item"], True) for e in content["examples"]]
    except (KeyError, TypeError) as exc:
        raise TrainingFileError(f"{path.name}: examples: 每条要有 text、act、item") from exc
    unknown = {s.act for s in sentences} - ACTS
    if unknown:
        raise TrainingFileError(f"{path.name}: 没有这种行为 {sorted(unknown)}")
    return sentences


class TrainerFiles(RasaFileImporter):
    """Rasa's file importer, with the sentences in our own shape."""

    def __init__(
        self,
        config_file: Optional[str] = None,
        domain_path: Optional[str] = None,
        training_data_paths: Optional[Union[List[str], str]] = None,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        paths = training_data_paths or []
        self._paths = [paths] if isinstance(paths, str) else list(paths)

    def get_config(self) -> Dict[str, Any]:
        """config.yml; a graph node there names only what is not the default."""
        config = super().get_config()
        for schema in ("train_schema", "predict_schema"):
            for node in config[schema]["nodes"].values():
                for key, default in _NODE_DEFAULTS:
                    node.setdefault(key, default)
        return config

    def get_nlu_data(self, language: Optional[str] = "zh") -> TrainingData:
        """The sentences as Rasa's training data; the item is a message attribute."""
        messages = []
        folders = [Path(p) for p in self._paths]
        written = read_sentences(folders)
        names = {s.text for s in written if s.is_name}
        for sentence in _with_made(written, folders):
            message = Message.build(sentence.text, intent=sentence.act)
            message.set(ITEM_LABEL, sentence.item)
            message.set(GROUP, sentence.group)
            message.set(TOLD, sentence.told)
            message.set(IS_NAME, sentence.text in names)
            messages.append(message)
        return TrainingData(messages)
