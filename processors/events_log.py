"""The events log, asked beside the group: its ends, one record, a range."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from confluent_kafka import KafkaError, Message, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without __all__
    AdminClient,
    OffsetSpec,
)

from consentlog.errors import TransientError
from consentlog.kafka.reader import build_reader, watermarks
from processors.transport.faults import is_passing

_ASK_SECONDS = 5.0
_STALL_SECONDS = 20.0
_CHUNK = 500
_BROKEN = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}


class EventsLog:
    """Reads that the fold makes besides its batches.

    Args:
        bootstrap: Broker addresses.
        topic: Events topic with prefix.
    """

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.topic = topic
        self._bootstrap = bootstrap
        self._broken = threading.Event()
        config: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 3}
        config["error_cb"] = self._on_error
        self._admin = AdminClient(config)

    def was_cut_off(self) -> bool:
        """Tell, once, whether the connection to a broker broke since the last call."""
        self._admin.poll(0)
        broken = self._broken.is_set()
        self._broken.clear()
        return broken

    def ends(self, partitions: Sequence[int]) -> dict[int, int]:
        """Ask for the next offset of each partition, in one request.

        Raises:
            KafkaException: If a broker did not answer within 5 s.
        """
        asked = {TopicPartition(self.topic, p): OffsetSpec.latest() for p in partitions}  # type: ignore[no-untyped-call]
        found = self._admin.list_offsets(asked, request_timeout=_ASK_SECONDS)
        return {where.partition: future.result().offset for where, future in found.items()}

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return the first offset of a partition and the next one to be written.

        Raises:
            TransientError: `CL-7003` if no broker answered in time.
        """
        reader = build_reader(self._bootstrap, "consentlog.fold.bounds")
        try:
            return watermarks(reader, self.topic, partition)
        finally:
            reader.close()

    def record_at(self, partition: int, offset: int) -> Message | None:
        """Read one record, or None if the log holds none at this offset.

        Raises:
            TransientError: `CL-7003` if no broker answered in time.
        """
        for chunk in self.read(partition, offset, offset + 1):
            return chunk[0]
        return None

    def read(self, partition: int, first: int, end: int) -> Iterator[list[Message]]:
        """Read a range.

        Args:
            partition: Partition number.
            first: First offset.
            end: Offset after the last; the log must reach it.

        Yields:
            Records in log order, some at a time.

        Raises:
            TransientError: `CL-7003` if nothing came for 20 s.
        """
        reader = build_reader(self._bootstrap, "consentlog.fold.range")
        try:
            reader.assign([TopicPartition(self.topic, partition, first)])
            moved_at, done = time.monotonic(), False
            while not done:
                messages = reader.consume(_CHUNK, 0.02)
                records = [m for m in messages if m.error() is None and (m.offset() or 0) < end]
                done = any(_is_past(m, end, self.topic) for m in messages)
                if records:
                    yield records
                if messages:
                    moved_at = time.monotonic()
                elif time.monotonic() - moved_at > _STALL_SECONDS:
                    raise TransientError("CL-7003", topic=self.topic, reason="no progress")
        finally:
            reader.close()

    def _on_error(self, error: KafkaError) -> None:
        if error.code() in _BROKEN:
            self._broken.set()


def _is_past(message: Message, end: int, topic: str) -> bool:
    """Tell whether a message shows that everything below `end` was read."""
    error, offset = message.error(), message.offset() or 0
    if error is None:
        return offset >= end - 1
    if error.code() == KafkaError._PARTITION_EOF:
        return True
    if not is_passing(error):
        raise TransientError("CL-7003", topic=topic, reason=error.str())
    return False
