"""The log of every process: one JSON object a line on stderr (or key=value for a person), with what is secret masked.

Invariant: whatever a library or a chapter logs, at any level, passes `idp.redaction` before it is written, and of an
exception only types, files and lines are told, since its text may hold what somebody typed.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.types import Processor

from idp.redaction import redact
from idp.settings import Mode, Settings
from idp.wire.traces import where

Line = MutableMapping[str, Any]

# Below these levels Authlib tells tokens, urllib3 whole addresses, SQLAlchemy and psycopg every statement.
FLOORS = {
    "authlib": logging.INFO,
    "alembic": logging.WARNING,
    "psycopg": logging.WARNING,
    "redis": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "urllib3": logging.WARNING,
    "werkzeug": logging.WARNING,
}


def keep_journal_of(settings: Settings, process: str) -> None:
    """Log as the settings say: JSON in production, key=value for the person who runs it otherwise."""
    keep_journal(level=settings.log_level, readable=settings.mode is not Mode.PRODUCTION, process=process)


def keep_journal(*, level: str, readable: bool = False, process: str = "", stream: TextIO | None = None) -> None:
    """Send all logging of this process to the stream (stderr) from now on; may be called again.

    Args:
        level: debug, info, warning or error.
        readable: key=value lines for a person, instead of JSON.
        process: what this process is: "serve", "request", "housekeeper", a command's name.
        stream: where to.
    """
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_chain(process), ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    writer = _readable() if readable else structlog.processors.JSONRenderer(serializer=_json)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_chain(process),
            processors=[ProcessorFormatter.remove_processors_meta, redact, writer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    sys.excepthook, threading.excepthook = _log_uncaught, _log_uncaught_in_thread
    for name, floor in FLOORS.items():
        logging.getLogger(name).setLevel(max(floor, root.level))


def _chain(process: str) -> list[Processor]:
    def origin(_logger: object, _method: str, line: Line) -> Line:
        line["process"] = process
        line["pid"] = os.getpid()
        return line

    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        origin,
        _place_of_exception,
    ]


def _place_of_exception(_logger: object, _method: str, line: Line) -> Line:
    """Replace an exception by where it came from."""
    info = line.pop("exc_info", None)
    line.pop("stack_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        line["exception"] = where(error)
    return line


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("idp").critical("the process fails", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        name = told.thread.name if told.thread else "?"
        logging.getLogger("idp").error(
            "the thread %s fails", name, exc_info=(told.exc_type, told.exc_value, told.exc_traceback)
        )


def _readable() -> Processor:
    return structlog.processors.KeyValueRenderer(
        key_order=["timestamp", "level", "process", "event"], sort_keys=True, drop_missing=True
    )


def _json(line: Line, **_: Any) -> str:  # noqa: ANN401 - structlog hands over options for the standard library's json
    return orjson.dumps(line, default=_type_name, option=orjson.OPT_NON_STR_KEYS).decode()


def _type_name(value: object) -> str:
    """Name a thing that JSON has no form for; what it prints like may be secret."""
    return f"<{type(value).__qualname__}>"
