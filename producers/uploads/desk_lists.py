"""All that the gateway keeps for lists on the desk: the shelf, what it is at, and forgetting."""

from __future__ import annotations

import shutil
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
KEEP_FREE_BYTES: Final = 1 << 30
"""Of the disk that a list leaves free: errors and places of other lists are written there, too, and
often the spool, which must go on taking refusals."""
_SWEEP_S: Final = 3600.0

log = get_logger(__name__)


class DeskLists:
    """Lists on the desk.

    Args:
        root: Directory of this gateway alone.
        max_bytes: Of one list.
        keep_days: Days after which a finished list is taken away, with its rows to look at.
        clock: What days are told by.
        keep_free_bytes: Of the disk that stay free beside a list of `max_bytes`.
    """

    def __init__(
        self,
        root: Path,
        max_bytes: int,
        keep_days: int,
        clock: Clock,
        *,
        keep_free_bytes: int = KEEP_FREE_BYTES,
    ) -> None:
        self._root = root
        self.max_bytes = max_bytes
        self.keep_days = keep_days
        self.keep_free_bytes = keep_free_bytes
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

    def has_room(self) -> bool:
        """Tell whether the disk has room for one more list."""
        return shutil.disk_usage(self._root).free >= self.keep_free_bytes + self.max_bytes

    def sweep(self) -> None:
        """Take away what is over."""
        taken = self.shelf.sweep(self._clock.now_ms() - self.keep_days * DAY_MS)
        if taken:
            log.info("lists_taken_away", count=taken)

    def _sweep(self) -> None:
        while True:
            try:
                self.sweep()
            except Exception:  # the next hour may be better; the disk's own alarm is the spool's
                log.exception("lists_not_swept")
            if self._stopped.wait(_SWEEP_S):
                return
