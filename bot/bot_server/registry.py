"""Which model answers: `models/live` names a folder of `models/registry`.

A folder of models without that file (a test's, or before anything was published) answers with
what was trained last. The root project writes the registry; this side only reads it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Optional

MODEL_NAME = "xiaozheng.tar.gz"
LIVE = "live"
REGISTRY = "registry"
#: What is trained and not published yet.
CANDIDATE = "candidate"
_ID = re.compile(r"[0-9a-z][0-9a-z_-]{0,63}\Z")


def is_id(value: object) -> bool:
    """Whether this may name a published model; nothing else becomes part of a path."""
    return isinstance(value, str) and _ID.match(value) is not None


def live_id(models: Path) -> Optional[str]:
    """The id of the published model, or None when nothing was published. Raises ValueError."""
    try:
        name = (models / LIVE).read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    if not is_id(name):
        raise ValueError(f"{LIVE} does not name a model")
    return name


def model_file(models: Path, model_id: Optional[str]) -> Path:
    """Where the model with this id lies; None: the one that was trained last."""
    if model_id is not None:
        return models / REGISTRY / model_id / MODEL_NAME
    bare = models / MODEL_NAME
    return bare if bare.exists() else models / CANDIDATE / MODEL_NAME
