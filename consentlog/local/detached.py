"""A stack in the background, and stopping one from another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from consentlog.errors import FatalError
from consentlog.local.layout import Layout, check_vacant
from consentlog.local.openings import end_leftovers
from consentlog.local.process import reason_in, wait_until
from consentlog.local.record import read_record, running_stack

_START_SECONDS: Final = 300.0  # the first start may download 45 MB
_STOP_SECONDS: Final = 90.0  # more than the services' own deadlines in sum


def start_detached(layout: Layout, services: Sequence[str]) -> None:
    """Start a supervisor of its own session and return once its stack is ready.

    Raises:
        FatalError: `CL-5005` with the reason if it ended, `CL-5006` at the deadline; `CL-5013` if
            the directory is somebody else's.
    """
    check_vacant(layout)
    layout.logs.mkdir(parents=True, exist_ok=True)
    layout.lock.touch()  # a stack's from here on: its supervisor finds the log in it
    log = layout.log_of("supervisor")
    argv = [sys.executable, "-P", "-m", "consentlog.cli.main", "local", "up"]
    argv += ["--data-dir", str(layout.root)]
    for name in services:
        argv += ["--service", name]
    log.write_bytes(b"")
    with log.open("ab") as output:  # appending, so that it can be cut while it is written
        child = subprocess.Popen(  # noqa: S603  # our own argv
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def settled() -> bool:
        record = read_record(layout)
        ready = record is not None and record.is_ready and record.supervisor.pid == child.pid
        return ready or child.poll() is not None

    if not wait_until(settled, _START_SECONDS):
        child.terminate()
        raise FatalError(
            "CL-5006",
            service="supervisor",
            seconds=_START_SECONDS,
            seen=reason_in(_text(log)),
            log=log,
        )
    if child.poll() is not None:
        reason = next((line for line in _text(log).splitlines() if line.startswith("CL-")), "")
        reason = reason or reason_in(_text(log))
        raise FatalError("CL-5005", service="supervisor", reason=reason, log=log)


def _text(log: Path) -> str:
    return log.read_text("utf-8", "replace")


def stop_running(layout: Layout) -> None:
    """Stop the supervisor that has this data directory and wait until it is gone.

    Raises:
        FatalError: `CL-5007` if none runs.
    """
    record = running_stack(layout)
    record.supervisor.end(_STOP_SECONDS)
    end_leftovers(layout)
