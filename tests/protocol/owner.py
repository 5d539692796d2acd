"""A process that owns the partition, or thinks that it does."""

from __future__ import annotations

from collections import deque

from consentlog.domain.facts import Fact
from consentlog.protocol.writer import PartitionWriter, Write
from consentlog.wire.build import Progress
from tests.protocol.logs import REBUILD_AFTER, Logs


class Owner:
    """One process that owns, or thinks that it owns, the partition."""

    def __init__(self, logs: Logs, writer: PartitionWriter) -> None:
        self.logs = logs
        self.writer = writer
        self.queue: deque[tuple[Write, int]] = deque()
        self.fetched: deque[tuple[int, str, Fact]] = deque()
        self.delivered_through = logs.committed - 1
        self.level_at = 0
        self.tended = logs.tick
        self.next_event = logs.committed
        self._asked: tuple[int, int] | None = None
        self._load()

    def _load(self) -> None:
        for record in self.logs.state:
            self.writer.load(record.key, record.value)
        self.read_to = self.logs.next_offset
        newest = max(
            (r.tick for r in self.logs.state if r.key.startswith(b"@progress")), default=None
        )
        if newest is None or self.logs.tick - newest > REBUILD_AFTER:
            for offset, (subject, fact) in enumerate(self.logs.events[: self.logs.committed]):
                self._queue(self.writer.fold(offset, subject, fact), -1)
        for write in self.writer.loaded():
            self._queue(write, -1)
        found = self.writer.newest_progress
        if found is not None:
            self.delivered_through = max(self.delivered_through, found.folded_through)
            self.level_at = found.level_at_ms
        # What puts the view right is delivered before the owner does anything else.
        self.deliver(len(self.queue))

    def _queue(self, write: Write | None, through: int) -> None:
        if write is not None:
            self.queue.append((write, through))

    def fetch(self, limit: int) -> None:
        end = min(len(self.logs.events), self.next_event + limit)
        for offset in range(self.next_event, end):
            self.fetched.append((offset, *self.logs.events[offset]))
        self.next_event = end

    def fold(self, limit: int) -> None:
        for _ in range(min(limit, len(self.fetched))):
            offset, subject, fact = self.fetched.popleft()
            write = self.writer.fold(offset, subject, fact)
            if write is None and not self.queue:
                self.delivered_through = max(self.delivered_through, offset)
            self._queue(write, offset)

    def deliver(self, limit: int) -> None:
        for _ in range(min(limit, len(self.queue))):
            write, through = self.queue.popleft()
            self.logs.append(write)
            self.delivered_through = max(self.delivered_through, through)

    def follow(self, limit: int) -> None:
        for record in self.logs.since(self.read_to)[:limit]:
            self.read_to = record.offset + 1
            for write in self.writer.follow(record.key, record.value):
                self._queue(write, -1)

    def report(self) -> None:
        """Deliver all, append a progress record, then ask for the end of the log."""
        self.deliver(len(self.queue))
        if self._asked is not None and self.delivered_through >= self._asked[1] - 1:
            self.level_at, self._asked = max(self.level_at, self._asked[0]), None
        progress = Progress(self.delivered_through, self.level_at, bytes(32))
        self.logs.append(self.writer.progress(progress))
        if self._asked is None:
            self._asked = self.logs.tick, len(self.logs.events)

    def tend(self) -> None:
        self.follow(len(self.logs.state))
        self.report()
        self.tended = self.logs.tick

    def finish(self) -> None:
        """Fold and follow until nothing moves any more."""
        while True:
            before = self.logs.next_offset
            self.fetch(len(self.logs.events))
            self.fold(len(self.logs.events))
            self.deliver(len(self.queue))
            self.follow(len(self.logs.state))
            if self.logs.next_offset == before and not self.queue:
                break
        self.report()
