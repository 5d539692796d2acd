"""The event log in memory, with the same contract as the real one."""

from __future__ import annotations

from collections.abc import Callable

from consentlog.errors import TransientError
from consentlog.ports import Position, Record


class MemoryEventLog:
    """A log that forgets everything with the test.

    Args:
        partition_of: Which partition a key belongs to, as the real topic has it.
    """

    def __init__(self, partition_of: Callable[[bytes], int] = lambda _key: 0) -> None:
        self._partition_of = partition_of
        self._partitions: dict[tuple[str, int], list[Record]] = {}
        self.is_down = False
        """Set it, and no record is acknowledged any more, nor kept."""

    async def append(
        self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> Position:
        """Append one record; see `consentlog.ports.EventLog`."""
        if self.is_down:
            raise TransientError("CL-7001", seconds=0)
        partition = self._partition_of(key)
        records = self._partitions.setdefault((topic, partition), [])
        offset = len(records)
        records.append(Record(topic, partition, offset, 0, key, value, tuple(headers)))
        return Position(partition, offset)

    def records(self, topic: str) -> list[Record]:
        """Return everything in a topic, by partition and offset."""
        return [
            record
            for (name, _), records in sorted(self._partitions.items())
            if name == topic
            for record in records
        ]
