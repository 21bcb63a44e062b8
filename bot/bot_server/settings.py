"""Settings of the bot process, all from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping

ROOT = Path(__file__).resolve().parents[2]
MIN_SECRET_LENGTH = 16


class SettingsError(Exception):
    """The environment does not allow the bot to start; the message says what is wrong."""


@dataclass(frozen=True)
class Settings:
    """What the launcher needs; secrets are kept out of `repr`.

    action_timeout: seconds that one call of the action server may take.
    """

    port: int
    secret: str = field(repr=False)
    actions_secret: str = field(repr=False)
    actions_url: str
    tracker_url: str = field(repr=False)
    keys_file: Path
    models: Path
    action_timeout: float
    log_level: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read and check the environment. Raises SettingsError."""
        return cls(
            port=int(env.get("XZ_BOT_PORT", "5005")),
            secret=_secret(env, "XZ_BOT_SECRET"),
            actions_secret=_secret(env, "XZ_ACTIONS_SECRET"),
            actions_url=env.get("XZ_ACTIONS_URL", "http://127.0.0.1:5055/webhook"),
            tracker_url=env.get("XZ_TRACKER_URL") or f"sqlite:///{ROOT / 'var' / 'tracker.db'}",
            keys_file=_keys_file(env),
            models=Path(env.get("XZ_BOT_MODELS") or ROOT / "models"),
            action_timeout=float(env.get("XZ_ACTIONS_TIMEOUT", "20")),
            log_level=env.get("XZ_LOG_LEVEL", "INFO").upper(),
        )


def _secret(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if len(value) < MIN_SECRET_LENGTH:
        raise SettingsError(f"{name} must be set to at least {MIN_SECRET_LENGTH} characters")
    return value


def _keys_file(env: Mapping[str, str]) -> Path:
    value = env.get("XZ_KEYS_FILE")
    if not value:
        raise SettingsError("XZ_KEYS_FILE must name the key ring file")
    return Path(value)
