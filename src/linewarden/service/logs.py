"""Structured logs: one event a line, as JSON for programs, or readable in a terminal.

Every line has `ts` (UTC), `level`, `event` and the names of what it is about (`sensor`, `job`...). With a file, lines
go there, which is begun anew at a size; else to standard error, where systemd's journal takes them.
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import StoreError

if TYPE_CHECKING:
    import structlog

FILE_BYTES = 16 << 20
FILES = 5


def begin_logging(level: str = "info", form: str = "auto", file: Path | None = None) -> structlog.stdlib.BoundLogger:
    """Sets up the logs of this process and gives the service's logger.

    `form`: `json`, `text`, or `auto` (text in a terminal). Libraries that log in Python's way come out the same way.

    Raises StoreError if the file cannot be written.
    """
    import structlog

    readable = form == "text" or (form == "auto" and file is None and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _one_line,
    ]
    renderer = _Readable() if readable else structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = _handler(file)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("alembic", "uvicorn"):  # what they do every time is no news
        logging.getLogger(chatty).setLevel("WARNING")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("linewarden")
    return logger


def _handler(file: Path | None) -> logging.Handler:
    if file is None:
        return logging.StreamHandler(sys.stderr)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return logging.handlers.RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{file}: the log cannot be written ({error.strerror or error}); see [service.log]") from error


def _one_line(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a device calls itself cannot begin a line of its own, nor move the cursor."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[key] = "".join(c if c.isprintable() else " " for c in value)
    return event


class _Readable:
    """`12:00:01 info  sensor=line1 the interface is down` - times in the zone of who looks."""

    def __call__(self, _logger: object, _name: str, event: MutableMapping[str, Any]) -> str:
        from datetime import datetime

        ts = datetime.fromisoformat(str(event.pop("ts"))).astimezone()
        level, text = str(event.pop("level")), event.pop("event")
        more = "".join(f" {key}={value}" for key, value in event.items() if not key.startswith("_"))
        return f"{ts:%H:%M:%S} {level:7} {text}{more}"
