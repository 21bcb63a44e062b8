"""Logs without texts.

Rasa and its libraries log messages, slots, entities and whole request bodies, some of it at
WARNING and in exception texts. So nothing that others log is printed as it is: of a foreign
record only the place, the level and the exception's type remain. Our own records (`bot_server.*`)
are printed; they never contain what a citizen said.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog

OWN = "bot_server"


class TextlessFormatter(logging.Formatter):
    """Formats our records; of foreign ones says only where they came from."""

    def format(self, record: logging.LogRecord) -> str:
        own = record.name == OWN or record.name.startswith(OWN + ".")
        said = record.getMessage() if own else f"(withheld) {record.module}:{record.lineno}"
        line = f"{self.formatTime(record)} {record.levelname} {record.name} {said}"
        if record.exc_info and record.exc_info[0]:
            line += f" [{record.exc_info[0].__name__} at {_places(record.exc_info[2])}]"
        return line


def _places(tb: Any) -> str:
    """Where an exception passed, innermost last; no source lines, no values."""
    frames = traceback.extract_tb(tb)[-6:]
    return " > ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in frames)


def configure(level: str = "INFO", stream: Any = None) -> None:
    """Route the logs of the whole process through the textless formatter."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(TextlessFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OWN).setLevel(level)
    for name in list(logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    if level == "DEBUG":
        root.setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    sys.excepthook = _excepthook
    structlog.configure(
        processors=[_nothing_said],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _nothing_said(_logger: Any, _method: str, _event: dict) -> str:
    """structlog's last processor: the record reaches logging without its values."""
    return "(structured)"


def _excepthook(kind: type, error: BaseException, tb: Any) -> None:
    logging.getLogger(OWN).critical("stopped by %s at %s", kind.__name__, _places(tb))
