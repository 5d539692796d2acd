"""Records of one owned partition on their way to the next insert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from consentlog.ports import Record


@dataclass(frozen=True, slots=True)
class Limits:
    """When a batch is full, or old enough."""

    rows: int
    bytes: int
    linger_s: float


@dataclass(slots=True)
class Buffer:
    """Contiguous records after `start`, the first offset that is not in the history."""

    start: int
    limits: Limits
    clock: Callable[[], float]
    records: list[Record] = field(default_factory=list)
    _bytes: int = 0
    _since: float = 0.0

    @property
    def expected(self) -> int:
        """The offset that must come next."""
        return self.start + len(self.records)

    def add(self, record: Record) -> None:
        """Append the expected record.

        Raises:
            ValueError: If it is another.
        """
        if record.offset != self.expected:
            raise ValueError("a buffer must be contiguous")
        if not self.records:
            self._since = self.clock()
        self.records.append(record)
        self._bytes += len(record.value or b"")

    @property
    def is_full(self) -> bool:
        """Whether no record should join the next insert any more."""
        return len(self.records) >= self.limits.rows or self._bytes >= self.limits.bytes

    @property
    def is_due(self) -> bool:
        """Whether the next insert should happen now."""
        aged = bool(self.records) and self.clock() - self._since >= self.limits.linger_s
        return aged or self.is_full

    def restart(self, start: int) -> None:
        """Empty it after an insert."""
        self.start = start
        self.records = []
        self._bytes = 0
