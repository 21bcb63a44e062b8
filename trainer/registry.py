"""Every model that ever answered, with who published it and what was measured.

`models/registry/<id>/` holds the model, `about.json`, and its evaluation. `models/live` names the
one that answers; `bot_server.registry` reads it. `models/candidate/` is what was trained last.
"""

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from trainer.engine import ROOT

MODELS = ROOT / "models"
MODEL_NAME = "xiaozheng.tar.gz"
_TRAINED_ON = "trained_on.tar.gz"
_KEPT_WITH_MODEL = (MODEL_NAME, "xiaozheng.fingerprint", "program.fingerprint", _TRAINED_ON)


class RegistryError(Exception):
    """What was asked is not possible; the message says why."""


@dataclass(frozen=True)
class Model:
    """A model on disk. `id` is `candidate` for the one that is not published."""

    id: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / MODEL_NAME

    @property
    def trained_on(self) -> Path:
        """An archive of the sentences and settings that it was made from."""
        return self.folder / _TRAINED_ON

    @property
    def fingerprint(self) -> str:
        """Of the data and the program that it was made from."""
        return _read(self.folder / "xiaozheng.fingerprint")

    @property
    def program(self) -> str:
        """Of the program alone."""
        return _read(self.folder / "program.fingerprint")


@dataclass(frozen=True)
class About:
    """Who published a model, and why it was allowed."""

    id: str
    published_at: str
    by: str
    note: str
    fingerprint: str
    replaces: str | None
    verdict: str


class Registry:
    """The models of one installation."""

    def __init__(self, models: Path = MODELS) -> None:
        self.models = models

    def candidate(self) -> Model:
        """What was trained last. Raises RegistryError when nothing was."""
        model = Model("candidate", self.models / "candidate")
        if not model.file.exists():
            raise RegistryError("还没有训练过，请先运行 make train")
        return model

    def live(self) -> Model | None:
        """The model that answers."""
        name = _read(self.models / "live")
        return self.find(name) if name else None

    def find(self, id: str) -> Model:
        """A published model. Raises RegistryError."""
        model = Model(id, self.models / "registry" / id)
        if not model.file.exists():
            raise RegistryError(f"没有发布过叫 {id} 的模型")
        return model

    def history(self) -> list[About]:
        """Every publication, oldest first."""
        found = []
        for path in sorted((self.models / "registry").glob("[!.]*/about.json")):
            found.append(About(**json.loads(path.read_text("utf-8"))))
        return sorted(found, key=lambda one: one.published_at)

    def before(self, live: Model | None) -> Model:
        """What the live model replaced. Raises RegistryError when there is nothing."""
        about = next((one for one in self.history() if live and one.id == live.id), None)
        if about is None or about.replaces is None:
            raise RegistryError("线上的模型前面没有别的模型，退不回去")
        return self.find(about.replaces)

    def add(
        self,
        model: Model,
        evaluation: Path | None,
        *,
        now: datetime,
        by: str,
        note: str,
        verdict: str,
    ) -> Model:
        """Keep a copy for good; nothing answers with it yet.

        Args:
            evaluation: a folder whose files are kept with it.
        """
        live = self.live()
        id = f"{now:%Y%m%d-%H%M%S}-{model.fingerprint[:6]}"
        about = About(
            id, now.isoformat(), by, note, model.fingerprint, live.id if live else None, verdict
        )
        registry = self.models / "registry"
        registry.mkdir(parents=True, exist_ok=True)
        # complete or not there at all: the folder gets its name last
        making = Path(tempfile.mkdtemp(dir=registry, prefix=".making-"))
        for name in _KEPT_WITH_MODEL:
            if (model.folder / name).exists():
                shutil.copy2(model.folder / name, making / name)
        if evaluation is not None:
            for path in evaluation.iterdir():
                if path.suffix in {".html", ".png", ".json", ".jsonl", ".txt"} and path.is_file():
                    if not path.name.startswith("own-"):
                        shutil.copy2(path, making / path.name)
        (making / "about.json").write_text(
            json.dumps(asdict(about), ensure_ascii=False, indent=1), "utf-8"
        )
        making.chmod(0o755)
        os.replace(making, registry / id)
        return self.find(id)

    def set_live(self, id: str) -> None:
        """The next start of the bot answers with this model."""
        unfinished = self.models / ".live"
        unfinished.write_text(self.find(id).id + "\n", "utf-8")
        os.replace(unfinished, self.models / "live")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
