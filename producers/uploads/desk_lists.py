"""All that the gateway keeps for lists on the desk: the shelf, what it is at, and forgetting."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from consentlog.domain.policy import DAY_MS
from consentlog.observability.logging import get_logger
from consentlog.ports import Clock
from producers.uploads.runs import Runs
from producers.uploads.shelf import Shelf

MOST_UNFINISHED: Final = 50
"""Lists of one source that may wait to be imported or discarded."""
_SWEEP_S: Final = 3600.0

log = get_logger(__name__)


class DeskLists:
    """Lists on the desk.

    Args:
        root: Directory of this gateway alone.
        max_bytes: Of one list.
        keep_days: Days after which a finished list is taken away, with its rows to look at.
        clock: What days are told by.
    """

    def __init__(self, root: Path, max_bytes: int, keep_days: int, clock: Clock) -> None:
        self.max_bytes = max_bytes
        self.keep_days = keep_days
        self.shelf = Shelf(root)
        self.runs = Runs(self.shelf, clock)
        self._clock = clock
        self._stopped = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, name="list-sweeper", daemon=True)

    def start(self) -> None:
        """Begin to take away what is over, once an hour."""
        self._sweeper.start()

    def stop(self) -> None:
        """End what is going on; it goes on with the next process."""
        self._stopped.set()
        self.runs.stop()

    def sweep(self) -> None:
        """Take away what is over."""
        taken = self.shelf.sweep(self._clock.now_ms() - self.keep_days * DAY_MS)
        if taken:
            log.info("lists_taken_away", count=taken)

    def _sweep(self) -> None:
        while True:
            try:
                self.sweep()
            except OSError:  # the next hour may be better; the disk's own alarm is the spool's
                log.exception("lists_not_swept")
            if self._stopped.wait(_SWEEP_S):
                return
