"""The events log for questions: its ends, and a few records of it again."""

from __future__ import annotations

import time
from typing import Final

from confluent_kafka import KafkaError, Message, TopicPartition

from consentlog.errors import TransientError
from consentlog.kafka.reader import build_reader, record_of, watermarks
from consentlog.ports import Record

_STALL_SECONDS: Final = 10.0
_ENDS_SECONDS: Final = 5.0


class KafkaLog:
    """One topic, read without a group.

    Args:
        bootstrap: Broker addresses.
        topic: Topic name with prefix.
    """

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._consumer = build_reader(bootstrap, "consentlog.sink.log")

    def ends(self, partition: int) -> tuple[int, int]:
        """See `Log.ends`."""
        return watermarks(self._consumer, self._topic, partition, _ENDS_SECONDS)

    def read(self, partition: int, first: int, last: int) -> list[Record]:
        """See `Log.read`; what lies outside of the log is left out."""
        low, high = self.ends(partition)
        start, end = max(first, low), min(last, high - 1)
        if start > end:
            return []
        self._consumer.assign([TopicPartition(self._topic, partition, start)])
        try:
            return self._until(partition, start, end)
        finally:
            self._consumer.unassign()

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()

    def _until(self, partition: int, start: int, end: int) -> list[Record]:
        found: list[Record] = []
        deadline = time.monotonic() + _STALL_SECONDS
        while time.monotonic() < deadline:
            for message in self._consumer.consume(1000, 0.02):
                deadline = time.monotonic() + _STALL_SECONDS
                if message.partition() != partition:
                    continue
                if message.error() is None:
                    found.append(record_of(message))
                elif self._is_past(message, end):
                    return [one for one in found if start <= one.offset <= end]
            if found and found[-1].offset >= end:
                return [one for one in found if start <= one.offset <= end]
        raise TransientError("CL-7003", topic=self._topic, reason="no progress")

    def _is_past(self, message: Message, end: int) -> bool:
        """Tell whether a message shows that nothing more comes up to `end`.

        An end below it is a leader that has not caught up yet: what it does not show would be taken
        for a hole, or for a log cut off.
        """
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            return (message.offset() or 0) > end
        if error is not None and not error.retriable():
            raise TransientError("CL-7003", topic=self._topic, reason=error.str())
        return False
