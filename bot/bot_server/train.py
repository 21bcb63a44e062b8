"""Training: `python -m bot_server.train [--force]`, run inside bot/.

Reads data/nlu, data/rules, build/nlu, config.yml and domain.yml; writes models/candidate/,
which answers nobody before it is published. Does nothing when none of them, and nothing of the
components' code, has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import List, Type

from bot_server import no_tensorflow  # noqa: F401, I001  (before anything of rasa)

import structlog
import yaml
from rasa.shared.exceptions import RasaException

from bot_server.importer import TrainerFiles, TrainingFileError, read_sentences
from bot_server.registry import CANDIDATE, MODEL_NAME
from bot_server.settings import ROOT

SOURCES = ("data/nlu", "data/rules", "build/nlu", "config.yml", "domain.yml")
#: Code whose change changes the model.
CODE = ("bot_server/nlu", "bot_server/importer.py", "bot_server/acts.py", "bot_server/train.py")
TRAINING_DATA = ("data/nlu", "data/rules", "build/nlu")
FINGERPRINT = "xiaozheng.fingerprint"
CODE_FINGERPRINT = "program.fingerprint"
#: What a model was trained on, kept beside it: what comes after is compared on the same terms.
TRAINED_ON = "trained_on.tar.gz"
logger = logging.getLogger("bot_server.train")


def fingerprint(root: Path) -> str:
    """A digest of everything that the model is made from."""
    return _digest([root / s for s in SOURCES] + _code())


def code_fingerprint() -> str:
    """A digest of the program that a model is made and read by."""
    return _digest(_code())


def _code() -> List[Path]:
    bot = Path(__file__).resolve().parents[1]
    return [bot / c for c in CODE] + [bot / "uv.lock"]


def _digest(places: List[Path]) -> str:
    digest = hashlib.sha256()
    for place in places:
        files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
        for path in files:
            if path.suffix != ".pyc" and path.exists():
                digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def train(root: Path, models: Path, force: bool = False) -> bool:
    """Train when something has changed; answers whether it did. Raises on faulty data."""
    target, mark = models / MODEL_NAME, models / FINGERPRINT
    wanted = fingerprint(root)
    if not force and target.exists() and mark.exists() and mark.read_text() == wanted:
        print("nothing changed", flush=True)
        return False
    read_sentences(data_folders(root))  # a faulty file is told here; from the graph as a trace
    models.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    print("training…", flush=True)
    with tempfile.TemporaryDirectory(dir=models) as folder:
        made = Path(folder) / MODEL_NAME
        run_graph(importer_of(root), made, Path(folder))
        with tarfile.open(Path(folder) / TRAINED_ON, "w:gz") as kept:
            for source in SOURCES:
                if (root / source).exists():
                    kept.add(root / source, source)
        mark.unlink(missing_ok=True)
        os.replace(Path(folder) / TRAINED_ON, models / TRAINED_ON)
        os.replace(made, target)
    mark.write_text(wanted)
    (models / CODE_FINGERPRINT).write_text(code_fingerprint())
    print(f"trained in {time.monotonic() - begun:.0f} s: {target}", flush=True)
    return True


def importer_of(root: Path, kind: Type[TrainerFiles] = TrainerFiles) -> TrainerFiles:
    """What the graph of this project is trained on."""
    return kind(str(root / "config.yml"), str(root / "domain.yml"), data_folders(root))


def run_graph(importer: TrainerFiles, made: Path, scratch: Path) -> None:
    """Run config.yml's training graph and write the model to `made`. Rasa's cache is of no use here: it lives in scratch."""
    os.environ["LOG_LEVEL"] = "ERROR"  # where Rasa looks before it draws progress bars
    os.environ["RASA_CACHE_DIRECTORY"] = str(scratch / "cache")
    from rasa.engine.caching import LocalTrainingCache
    from rasa.engine.recipes.graph_recipe import GraphV1Recipe
    from rasa.engine.runner.dask import DaskGraphRunner
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.engine.training.graph_trainer import GraphTrainer

    configuration = GraphV1Recipe().graph_config_for_recipe(importer.get_config(), {})
    storage = LocalModelStorage(scratch / "storage")
    (scratch / "storage").mkdir()
    trainer = GraphTrainer(storage, LocalTrainingCache(), DaskGraphRunner)
    trainer.train(configuration, importer, made, force_retraining=True)


def data_folders(root: Path) -> List[str]:
    """The folders that hold training data."""
    return [str(root / part) for part in TRAINING_DATA if (root / part).exists()]


def main() -> int:
    """Command line. Exit code 1 when the data are faulty."""
    parser = argparse.ArgumentParser(prog="python -m bot_server.train", description=__doc__)
    parser.add_argument("--force", action="store_true", help="train although nothing changed")
    parser.add_argument("--models", type=Path, default=ROOT / "models" / CANDIDATE)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    logging.getLogger("bot_server").setLevel(logging.INFO)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        train(ROOT, arguments.models, arguments.force)
    except (RasaException, TrainingFileError, yaml.YAMLError) as exc:
        print(f"没有训练，先改好这里：{exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
