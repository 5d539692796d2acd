"""Reads partitions without a group: from an offset up to the end, and follows on from there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consentlog.errors import TransientError
from consentlog.kafka.library_log import LIBRARY_LOG
from consentlog.ports import Record

_ASKED_AGAIN = {
    KafkaError._TIMED_OUT,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}


def is_transient(error: KafkaError) -> bool:
    """Tell whether librdkafka recovers from `error` by itself, so that reading on is enough."""
    return error.retriable() or error.code() in _ASKED_AGAIN


def build_reader(bootstrap: str, client_id: str, **overrides: object) -> Consumer:
    """Build a consumer for `assign`: no group, no commits, `PARTITION_EOF` reported.

    Args:
        bootstrap: Broker addresses.
        client_id: Shown in the broker's logs.
        overrides: librdkafka settings to change.
    """
    # A group id is required by the client and never used: nothing subscribes, nothing commits.
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "client.id": client_id,
            "group.id": f"{client_id}.unused",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "allow.auto.create.topics": False,
            # The default of 500 ms costs half a second for each empty partition of a bootstrap.
            "fetch.wait.max.ms": 10,
            "fetch.queue.backoff.ms": 10,
            "reconnect.backoff.max.ms": 1000,
            "log_level": 4,
            **overrides,
        },
        logger=LIBRARY_LOG,
    )


def record_of(message: Message) -> Record:
    """Turn librdkafka's message into a plain record.

    Args:
        message: A message without error.
    """
    return Record(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
        _headers(message),
    )


def _headers(message: Message) -> tuple[tuple[str, bytes | None], ...]:
    found = message.headers() or ()
    pairs = found.items() if isinstance(found, dict) else found
    return tuple((name, v.encode() if isinstance(v, str) else v) for name, v in pairs)


def watermarks(
    consumer: Consumer, topic: str, partition: int, limit_s: float = 15
) -> tuple[int, int]:
    """Ask the broker for the first offset there and the next one to be written.

    Args:
        consumer: Need not have the partition assigned.
        topic: Topic name with prefix.
        partition: Its partition.
        limit_s: Seconds to go on asking while no broker answers.

    Raises:
        TransientError: `CL-7003` if no broker answered within `limit_s`.
    """
    deadline = time.monotonic() + limit_s
    while True:
        try:
            found = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)
        except KafkaException as exc:
            if time.monotonic() > deadline or not is_transient(exc.args[0]):
                raise TransientError("CL-7003", topic=topic, reason=exc.args[0].str()) from exc
            time.sleep(0.1)
        else:
            return found


def read_to_end(  # noqa: PLR0913  # options are keyword-only
    bootstrap: str,
    topic: str,
    starts: Mapping[int, int] | None = None,
    *,
    partitions: int = 1,
    stall_s: float = 20,
    client_id: str = "consentlog.reader",
) -> Iterator[Record]:
    """Read partitions up to the end that each had when reached.

    Args:
        bootstrap: Broker addresses.
        topic: Topic name with prefix.
        starts: First offset by partition; None reads every partition `0..partitions-1` from its
            beginning.
        partitions: Partition count when `starts` is None.
        stall_s: Seconds without any progress (not in all) after which to give up.
        client_id: Shown in the broker's logs.

    Yields:
        Records in log order within each partition.

    Raises:
        TransientError: `CL-7003` if nothing came for `stall_s`.
    """
    consumer = build_reader(bootstrap, client_id)
    try:
        if starts is None:
            starts = {p: watermarks(consumer, topic, p)[0] for p in range(partitions)}
        consumer.assign([TopicPartition(topic, p, offset) for p, offset in starts.items()])
        waiting = set(starts)
        deadline = time.monotonic() + stall_s
        while waiting:
            for message in consumer.consume(1000, 0.05):
                deadline = time.monotonic() + stall_s
                error = message.error()
                if error is None:
                    yield record_of(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    waiting.discard(message.partition() or 0)
                elif not is_transient(error):
                    raise TransientError("CL-7003", topic=topic, reason=error.str())
            if time.monotonic() > deadline:
                raise TransientError("CL-7003", topic=topic, reason="no progress")
    finally:
        consumer.close()
