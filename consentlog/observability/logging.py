"""structlog for every service.

JSON to stdout, console on a terminal, numbers masked before rendering.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from consentlog.observability.masking import mask_text
from consentlog.settings import LogSettings


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger bound to the room it speaks from.

    Args:
        name: The module's `__name__`.
    """
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(room=name)
    return logger


def configure_logging(settings: LogSettings, service: str) -> None:
    """Set up logging once, at the composition root.

    Libraries that use stdlib logging (Faust, uvicorn, aiokafka) go through the same masking, so
    that a message of theirs that quotes a record cannot print a number.

    Args:
        settings: Format and level.
        service: Bound to every line.
    """
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stdout.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        mask_event,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level)
    structlog.contextvars.bind_contextvars(service=service)


def mask_event(
    _logger: Any, _method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """Mask every string of a log line, nested ones too.

    Integers are offsets and times, never numbers.
    """
    return {key: mask_value(value) if key != "at" else value for key, value in event.items()}


def mask_value(value: Any) -> Any:
    """Mask one value of a log line.

    Args:
        value: Anything that was logged. Bytes may be a topic key, so they are masked as text.
    """
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bytes):
        return mask_text(value.decode("utf-8", "replace"))
    if isinstance(value, dict):
        return {key: mask_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [mask_value(item) for item in value]
    if isinstance(value, BaseException):
        return mask_text(repr(value))
    return value
