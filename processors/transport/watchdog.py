"""Notices a committed offset that stands still although there is something to read.

A silent stall was seen in 1 of 16 healthy starts of Faust's own consumer:
no error, heartbeats going on, nothing read. Whatever the cause (a blocked agent, a lost delivery, a
fetch that stopped), the cure is the same: exit and read again from the last commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from processors.transport.ownership import Ownership


class Watchdog:
    """Remembers since when each ownership's committed offset has stood still.

    Args:
        stall_seconds: How long it may.
        clock: Monotonic seconds.
    """

    def __init__(self, stall_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._stall_seconds = stall_seconds
        self._clock = clock
        self._seen: dict[int, tuple[int, float]] = {}

    def stuck(self, ownerships: Iterable[Ownership]) -> Ownership | None:
        """Return an ownership that has stood still for too long, or None.

        An ownership whose view is still loading does not count: its loader has a limit of its own.

        Args:
            ownerships: All that are owned now, `log_end` up to date.
        """
        now, seen = self._clock(), {}
        late = None
        for owned in ownerships:
            offset, since = self._seen.get(owned.generation, (owned.committed, now))
            if owned.committed != offset or owned.committed >= owned.log_end or not owned.ready:
                offset, since = owned.committed, now
            elif now - since > self._stall_seconds:
                late = owned
            seen[owned.generation] = (offset, since)
        self._seen = seen
        return late
