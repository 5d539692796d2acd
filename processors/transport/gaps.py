"""Tells a hole in the log from records that were dropped on the way.

Offsets of a log without compaction and transactions are contiguous. If some are missing all the
same, a second, plain consumer reads the range again: what it finds, somebody dropped; what it does
not find, the log does not have (transaction markers, records of an aborted transaction).
"""

from __future__ import annotations

import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consentlog.kafka.reader import build_reader
from processors.transport.faults import is_passing
from processors.transport.settings import TransportSettings


def first_record_between(
    settings: TransportSettings, topic: str, partition: int, first: int, end: int
) -> int | None:
    """Read a range of one partition again.

    Args:
        settings: Where, and for how long to ask at most.
        topic: Topic name.
        partition: Partition number.
        first: First offset of the range.
        end: Offset after the range; the log is known to reach it.

    Returns:
        Offset of the first record found in the range, or None if the log has none there.

    Raises:
        KafkaException: If the log does not say within `ask_seconds`, or begins after `first`.
    """
    reader = build_reader(settings.bootstrap_servers, f"{settings.client_id}.gaps")
    try:
        reader.assign([TopicPartition(topic, partition, first)])
        offset = _next_seen(reader, end, time.monotonic() + settings.ask_seconds)
    finally:
        reader.close()
    return offset if offset < end else None


def _next_seen(reader: Consumer, end: int, deadline: float) -> int:
    """Return the next record's offset, or the partition's end once that is not below `end`."""
    while time.monotonic() < deadline:
        message = reader.poll(0.1)
        if message is None:
            continue
        error, offset = message.error(), message.offset() or 0
        if error is None:
            return offset
        if error.code() == KafkaError._PARTITION_EOF:
            if offset >= end:
                return offset
        elif not is_passing(error):
            raise KafkaException(error)
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "range not read again in time"))
