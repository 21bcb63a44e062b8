"""Shared by the bot's tests, which run in the bot's own environment:

cd bot && .venv/bin/python -m pytest ../tests/bot
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

BOT = Path(__file__).resolve().parents[2] / "bot"
sys.path[:0] = [str(BOT), str(Path(__file__).parent)]

from bot_server import no_tensorflow  # noqa: E402, F401  (before anything of rasa)
from bot_server.registry import CANDIDATE  # noqa: E402
from bot_server.train import train  # noqa: E402

ROOT = BOT.parent


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    """A folder with the model trained from the project's own data."""
    folder = tmp_path_factory.mktemp("models")
    # what was trained last, when it is the model of the data as they are now
    for path in (ROOT / "models" / CANDIDATE).glob("*.*"):
        shutil.copy2(path, folder)
    train(ROOT, folder)
    return folder


@pytest.fixture
def keys_file(tmp_path) -> Path:
    """A key ring of one key."""
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"current": "k1", "keys": {"k1": new_key()}, "index": new_key()}))
    return path


def new_key() -> str:
    """32 random bytes as the key ring holds them."""
    return base64.b64encode(os.urandom(32)).decode()
