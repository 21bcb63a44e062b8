"""Launcher: `python -m bot_server`, run inside bot/. Settings: see settings.py."""

from __future__ import annotations

import logging
import sys
import time

from bot_server import no_tensorflow, quiet  # noqa: F401  (before anything of rasa)
from bot_server.settings import Settings, SettingsError

logger = logging.getLogger("bot_server")
HOST = "127.0.0.1"


def main() -> int:
    """Serve until stopped. Answers the exit code: 2 when it cannot start."""
    begun = time.monotonic()
    try:
        settings = Settings.from_env()
    except (SettingsError, ValueError) as exc:
        print(f"bot: {exc}", file=sys.stderr)
        return 2
    from bot_server.server import StartError, build_app

    quiet.configure(settings.log_level)
    try:
        app = build_app(settings)
    except StartError as exc:
        print(f"bot: {exc}", file=sys.stderr)
        return 2
    logger.info("serving on %s:%d after %.1f s", HOST, settings.port, time.monotonic() - begun)
    app.run(host=HOST, port=settings.port, access_log=False, motd=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
