"""The event log in memory, with the same contract as the real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from consentlog.errors import TransientError
from consentlog.ports import Delivered, NewRecord, Position, Record


class MemoryEventLog:
    """A log that forgets everything with the test.

    Args:
        partition_of: Which partition a key belongs to, as the real topic has it.
    """

    def __init__(self, partition_of: Callable[[bytes], int] = lambda _key: 0) -> None:
        self._partition_of = partition_of
        self._partitions: dict[tuple[str, int], list[Record]] = {}
        self.is_down = False
        """Set it, and the broker is away: records are spooled, see `spooled`."""
        self.is_full = False
        """Set it, and the spool is full: no record is taken, wherever the broker is."""
        self.spooled: list[Record] = []
        """What was taken while `is_down`; offset -1, for nobody knows it."""

    async def append(
        self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> Delivered:
        """Append one record; see `consentlog.ports.EventLog`."""
        (delivered,) = await self.append_all(topic, [NewRecord(key, value, headers)])
        return delivered

    async def append_all(
        self, topic: str, records: Sequence[NewRecord], within_s: float | None = None
    ) -> list[Delivered]:
        """Append records together; see `consentlog.ports.EventLog`."""
        if self.is_full and records:
            raise TransientError("CL-1401", rows=0, bytes=0)
        return [self._append(topic, record) for record in records]

    def _append(self, topic: str, new: NewRecord) -> Delivered:
        key, value, headers = new.key, new.value, tuple(new.headers)
        partition = self._partition_of(key)
        if self.is_down:
            self.spooled.append(Record(topic, partition, -1, 0, key, value, headers))
            return Delivered(spooled=True)
        records = self._partitions.setdefault((topic, partition), [])
        offset = len(records)
        records.append(Record(topic, partition, offset, 0, key, value, headers))
        return Delivered(Position(partition, offset))

    def clear(self) -> None:
        """Forget every record."""
        self._partitions.clear()
        self.spooled.clear()

    def records(self, topic: str) -> list[Record]:
        """Return everything in a topic, by partition and offset."""
        return [
            record
            for (name, _), records in sorted(self._partitions.items())
            if name == topic
            for record in records
        ]
