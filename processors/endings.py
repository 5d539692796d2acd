"""Every end of the worker, with a sentence for the operator where one is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from consentlog.errors import FatalError
from processors.transport import ExitCode, exit_process


def end(code: int, reason: str, facts: Mapping[str, object]) -> NoReturn:
    """End the process; a truncated log is explained, because no restart will cure it.

    Args:
        code: One of `ExitCode`.
        reason: Constant in snake_case.
        facts: Data for the log line.
    """
    if code == ExitCode.LOG_TRUNCATED:
        error = FatalError("CL-3301", partition=facts.get("partition", "?"), reason=reason)
        facts = {**facts, "error_code": error.code, "what": error.what(), "do": error.do()}
    exit_process(code, reason, facts)


def end_on(exc: BaseException, where: str) -> NoReturn:
    """End the process on an exception; a truncation keeps its own exit code.

    Args:
        exc: What was raised.
        where: Which part raised it, a constant.
    """
    if isinstance(exc, LogTruncated):
        end(ExitCode.LOG_TRUNCATED, exc.reason, exc.facts)
    end(ExitCode.UNEXPECTED, "unexpected", {"where": where, "error": repr(exc)})


def end_on_pause(gap_seconds: float) -> NoReturn:
    """End a process that stood still, for `SelfFence`."""
    end(ExitCode.PAUSED, "stood_still", {"seconds": round(gap_seconds, 1)})


class LogTruncated(FatalError):
    """The events log is not the one that was folded.

    Args:
        reason: Constant in snake_case.
        facts: Partition and offsets.
    """

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__("CL-3301", reason=reason, **facts)
        self.reason = reason
        self.facts = facts
