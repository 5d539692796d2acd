"""Ends the process when a thread of the spool fails in a way that nobody foresaw."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec, TypeVar

from consentlog.observability.logging import get_logger

_EXIT: Final = 70
_P = ParamSpec("_P")
_S = TypeVar("_S")

log = get_logger(__name__)


def ends_process(
    event: str,
) -> Callable[[Callable[Concatenate[_S, _P], None]], Callable[Concatenate[_S, _P], None]]:
    """Make a thread's top function end the process where it would end the thread alone.

    Without its threads a gateway looks alive and answers nobody; a supervisor starts it again, and
    the spool has everything that was answered.

    Args:
        event: Name of the log line.
    """

    def decorate(
        run: Callable[Concatenate[_S, _P], None],
    ) -> Callable[Concatenate[_S, _P], None]:
        @functools.wraps(run)
        def guarded(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
            try:
                run(self, *args, **kwargs)
            except Exception as exc:  # noqa: BLE001  # the top of a thread: nobody above to handle it
                # Its kind and place alone: the text of an error may quote a record.
                last = exc.__traceback__
                while last is not None and last.tb_next is not None:
                    last = last.tb_next
                where = f"{last.tb_frame.f_code.co_qualname}:{last.tb_lineno}" if last else ""
                log.critical(event, reason=type(exc).__name__, where=where)
                os._exit(_EXIT)

        return guarded

    return decorate
