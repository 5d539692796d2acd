"""How the worker ends when it must not go on.

An exception inside a Faust agent acknowledges the event that raised it (docs/adr/0004,
hazard 4), so nothing here raises through Faust: the process ends at once, without acknowledging,
and a supervisor starts it again from the last commit.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import NoReturn

from consentlog.observability.logging import get_logger

_log = get_logger(__name__)


class ExitCode(IntEnum):
    """Why the process ended; the supervisor restarts after each of them."""

    UNEXPECTED = 70
    """Anything nobody foresaw: an exception, a fatal client error, partitions lost."""
    RECORDS_DROPPED = 71
    """Records of the log were passed over between the broker and the agent."""
    PAUSED = 72
    """The process stood still for too long to be sure that it still owns its partitions."""
    LOG_TRUNCATED = 73
    """The log ends before, or begins after, what was already read from it."""
    STUCK = 75
    """The committed offset stood still although there was something to read."""


Exit = Callable[[int, str, Mapping[str, object]], NoReturn]
"""Ends the process: exit code, reason (a constant in snake_case), facts for the log."""


def exit_process(code: int, reason: str, facts: Mapping[str, object]) -> NoReturn:
    """Log why and end the process now, without running anybody's cleanup.

    Args:
        code: Exit status, one of `ExitCode` or a service's own.
        reason: Constant in snake_case.
        facts: Data for the log line; never an unmasked number.
    """
    _log.critical("process_exit", code=int(code), reason=reason, **facts)
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)
