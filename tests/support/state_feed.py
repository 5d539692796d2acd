"""A state feed in memory: tests push arrivals, a replica's thread takes them."""

from __future__ import annotations

import queue
from collections.abc import Sequence

from consentlog.kafka.partition import partition_of
from consentlog.wire.states import StateRecord, encode_state
from dialers.feed import Arrival

PARTITIONS = 12


class MemoryStateFeed:
    """Same promises as the Kafka feed; `push` may be called from any thread."""

    def __init__(self, arrivals: Sequence[Arrival] = (), partitions: int = PARTITIONS) -> None:
        self._queue: queue.SimpleQueue[Arrival | BaseException] = queue.SimpleQueue()
        self.closed = False
        for arrival in arrivals:
            self._queue.put(arrival)
        for partition in range(partitions):
            self._queue.put(Arrival(partition, None, None))

    def push(self, arrival: Arrival | BaseException) -> None:
        """Let one record arrive, or the feed fail."""
        self._queue.put(arrival)

    def batch(self, wait_s: float) -> Sequence[Arrival]:
        """Return what was pushed."""
        taken = []
        try:
            taken.append(self._queue.get(timeout=wait_s))
            while True:
                taken.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        for one in taken:
            if isinstance(one, BaseException):
                raise one
        return [one for one in taken if isinstance(one, Arrival)]

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def arrival(record: StateRecord, partition: int | None = None) -> Arrival:
    """Make the arrival of a state record, in its number's partition unless told otherwise."""
    key = record.subject.encode()
    place = partition_of(key, PARTITIONS) if partition is None else partition
    return Arrival(place, key, encode_state(record))
