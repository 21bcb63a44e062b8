"""Structured logs: constant events with fields, never text that a person typed.

A processor drops forbidden keys and long digit runs, as a last net under the rule.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_FORBIDDEN = frozenset(
    {
        "text",
        "raw",
        "name",
        "phone",
        "id_no",
        "id_number",
        "address",
        "token",
        "code",
        "body",
        "password",
        "value",
    }
)
_DIGITS = re.compile(r"\d{7,}[\dXx]?")


def scrub(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop forbidden keys and mask digit runs in every field of a log line."""
    for key in list(event):
        if key in _FORBIDDEN:
            event[key] = "[dropped]"
        elif isinstance(event[key], str) and key != "timestamp":
            event[key] = _DIGITS.sub("[digits]", event[key])
    return event


def bare_exception(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Of an exception only its type and place: its message may quote what a person sent."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    exc = found[1] if isinstance(found, tuple) else found
    if isinstance(exc, BaseException):
        event["error"] = type(exc).__name__
        event["where"] = places(exc)
    return event


def places(exc: BaseException) -> list[str]:
    """The last frames that an exception went through: `file.py:line`, innermost last."""
    found, trace = [], exc.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        found.append(f"{file.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found[-8:]


def configure_logging(process: str, level: str = "INFO") -> None:
    """JSON lines on standard output, for our own events and the libraries' warnings."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        bare_exception,
        scrub,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("xiaozheng").setLevel(level)
    structlog.contextvars.bind_contextvars(process=process)


def log(name: str) -> Any:
    """The logger of one subject, for instance `log("outbox")`."""
    return structlog.get_logger(f"xiaozheng.{name}")
