"""The events log, asked beside the group: its ends, one record, a range."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without __all__
    AdminClient,
    OffsetSpec,
)

from consentlog.errors import TransientError
from consentlog.kafka.reader import build_reader
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

    def begins(self, partitions: Iterable[int]) -> dict[int, int]:
        """Ask for the first offset of each partition, in one request.

        Raises:
            KafkaException: If a broker did not answer within 5 s.
        """
        return self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # its own

    def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """Ask for the next offset of each partition, in one request.

        Raises:
            KafkaException: If a broker did not answer within 5 s.
        """
        return self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # its own

    def _offsets(self, partitions: Iterable[int], which: OffsetSpec) -> dict[int, int]:
        asked = {TopicPartition(self.topic, p): which for p in partitions}
        try:
            return self._ask(asked)
        except KafkaException:
            # The client keeps the leader epochs that it learned before a broker restarted, and is
            # refused with them for minutes; metadata asked for by name replace them.
            self._broken.set()
            self._admin.list_topics(self.topic, timeout=_ASK_SECONDS)
            return self._ask(asked)

    def _ask(self, asked: dict[TopicPartition, OffsetSpec]) -> dict[int, int]:
        found = self._admin.list_offsets(asked, request_timeout=_ASK_SECONDS)
        return {where.partition: future.result().offset for where, future in found.items()}

    def records_at(self, offsets: Mapping[int, int]) -> dict[int, Message]:
        """Read one record of each partition.

        Args:
            offsets: Offset by partition, each below the partition's end.

        Returns:
            Records by partition; without those whose offset holds none.

        Raises:
            TransientError: `CL-7003` if nothing came for 20 s.
        """
        found: dict[int, Message] = {}
        if offsets:
            for message in self._messages(offsets, {p: o + 1 for p, o in offsets.items()}):
                found.setdefault(message.partition() or 0, message)
        return found

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
        messages = self._messages({partition: first}, {partition: end})
        while chunk := list(islice(messages, _CHUNK)):
            yield chunk

    def _messages(self, firsts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[Message]:
        reader = build_reader(self._bootstrap, "consentlog.fold.range")
        try:
            reader.assign([TopicPartition(self.topic, p, first) for p, first in firsts.items()])
            moved_at, waiting = time.monotonic(), set(firsts)
            while waiting:
                messages = reader.consume(_CHUNK, 0.01)
                for message in messages:
                    partition = message.partition() or 0
                    if message.error() is None and (message.offset() or 0) < ends[partition]:
                        yield message
                    if _is_past(message, ends[partition], self.topic):
                        waiting.discard(partition)
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
