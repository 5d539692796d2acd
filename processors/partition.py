"""One owned partition, from its assignment to its revocation: view, deliveries, how far it is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message

from consentlog.errors import FatalError
from consentlog.protocol.writer import PartitionWriter
from consentlog.wire.build import Progress
from processors.outbox import Outbox
from processors.transport import Ownership

NO_RECORD = bytes(32)
"""Stands for the hash where no record is."""


@dataclass(slots=True, eq=False)
class Pending:
    """A batch whose records are folded and on their way."""

    left: int
    next_offset: int
    last_value: bytes | None
    ack: Callable[[], object]


class OwnedPartition:
    """State of one owned partition.

    Folding and following happen on the event loop only; deliveries are reported from the outbox's
    thread; `progress` may be read from anywhere.

    Args:
        ownership: The transport's.
        writer: View and write rule.
        outbox: Where records go.
    """

    def __init__(self, ownership: Ownership, writer: PartitionWriter, outbox: Outbox) -> None:
        self.ownership = ownership
        self.writer = writer
        self.number = ownership.partition
        self.next_offset = ownership.start
        self.folded_through = ownership.start - 1
        self.level_at_ms = 0
        self.is_right = False
        """True once the view is loaded and put right; only then are records sent or reported."""
        self.told: list[Progress] = []
        """What was said since the log was last known to be the one folded, oldest first."""
        self._outbox = outbox
        self._last_hash: bytes = NO_RECORD
        self._last_value: bytes | None = None
        self._pending: deque[Pending] = deque()
        self._lock = threading.Lock()
        self._to_follow: list[tuple[bytes, bytes | None]] = []
        self._level_target: tuple[int, int] | None = None
        self._appended_ms = 0

    @property
    def is_mine(self) -> bool:
        """Whether the partition is still owned and its view right."""
        return self.ownership.live and self.is_right

    def take_over(self, found: Progress | None, last_hash: bytes) -> None:
        """Go on from what the last owner reported; neither figure may decrease at a reader.

        Args:
            found: Highest figures of the progress records read.
            last_hash: SHA-256 of the value at the offset through which it is folded.
        """
        if found is not None:
            self.folded_through = max(self.folded_through, found.folded_through)
            self.level_at_ms = found.level_at_ms
        self._last_hash = last_hash
        self.told = [self.progress()]

    def begin(self) -> None:
        """Start serving; what was followed while the view was put right is looked at now."""
        self.is_right = True
        waiting, self._to_follow = self._to_follow, []
        self.follow(waiting)

    def follow(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Take records that appeared in the own state partition."""
        if not self.is_right:
            self._to_follow += records
            return
        follow = self.writer.follow
        for key, raw in records:
            for write in follow(key, raw):
                if self.ownership.live:
                    self._outbox.state(self.number, write, _nothing)

    def begin_delivery(self, pending: Pending) -> None:
        """Remember a batch before its records are sent; batches settle in this order."""
        self._pending.append(pending)
        self.next_offset = max(self.next_offset, pending.next_offset)
        if not pending.left:
            self.settle()

    def delivered(self, pending: Pending) -> None:
        """Note one delivery of a batch; on the outbox's thread."""
        pending.left -= 1
        if not pending.left:
            self.settle()

    def settle(self) -> None:
        """Acknowledge the finished prefix, in order."""
        with self._lock:
            while self._pending and not self._pending[0].left:
                done = self._pending.popleft()
                if done.next_offset - 1 > self.folded_through:
                    self.folded_through = done.next_offset - 1
                    self._last_value, self._last_hash = done.last_value, NO_RECORD
                done.ack()

    def progress(self) -> Progress:
        """Say how far the partition is folded and delivered now."""
        with self._lock:
            target = self._level_target
            if target is not None and self.folded_through >= target[1] - 1:
                self.level_at_ms, self._level_target = max(self.level_at_ms, target[0]), None
            if self._last_value is not None:
                self._last_hash = sha256(self._last_value).digest()
                self._last_value = None
            return Progress(self.folded_through, self.level_at_ms, self._last_hash)

    @property
    def appended_ms(self) -> int:
        """Broker's time of the newest progress record of this ownership; 0 = none yet."""
        return self._appended_ms

    def progress_appended(self, message: Message) -> None:
        """Note the broker's time of a progress record; on the outbox's thread.

        Raises:
            FatalError: `CL-7004` if the topic keeps the producer's time: a clock that is ahead
                would make the view look fresher than it is.
        """
        kind, at_ms = message.timestamp()
        if kind == TIMESTAMP_LOG_APPEND_TIME:
            self._appended_ms = at_ms
        elif message.offset() is not None:
            raise FatalError("CL-7004", topic=message.topic())
        # Else a repeat that the broker had already, without saying where and when: no new time.

    def saw_end(self, appended_ms: int, end: int) -> None:
        """Note the log's end.

        Args:
            appended_ms: `appended_ms` as it was before the broker was asked: whatever the end does
                not cover yet was appended after it.
            end: The next offset to be written.
        """
        self.ownership.observe_end(end)
        if self._level_target is None and appended_ms:
            self._level_target = appended_ms, end


def _nothing(_message: Message) -> None:
    """A repair needs no answer: if it is not delivered, the process ends."""
