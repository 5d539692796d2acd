"""The log as the auditors compare it: partitions, ends, records."""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import KafkaException

from consentlog.errors import TransientError
from consentlog.kafka.reader import build_reader, read_to_end, watermarks
from consentlog.ports import Record


def log_ends(bootstrap: str, topic: str) -> dict[int, tuple[int, int]]:
    """Ask for first and next offset of every partition.

    Args:
        bootstrap: Broker addresses.
        topic: Topic name with prefix.

    Returns:
        (first offset there, next one to be written) by partition, in order.

    Raises:
        TransientError: `CL-7003` if no broker answers or there is no such topic.
    """
    consumer = build_reader(bootstrap, "consentlog.auditor")
    try:
        found = consumer.list_topics(topic, timeout=10).topics[topic]
        if found.error is not None:
            raise TransientError("CL-7003", topic=topic, reason=found.error.str())
        return {p: watermarks(consumer, topic, p) for p in sorted(found.partitions)}
    except KafkaException as exc:
        raise TransientError("CL-7003", topic=topic, reason=exc.args[0].str()) from exc
    finally:
        consumer.close()


def read_partition(bootstrap: str, topic: str, partition: int, first: int) -> Iterator[Record]:
    """Read one partition from an offset to its end.

    Args:
        bootstrap: Broker addresses.
        topic: Topic name with prefix.
        partition: Its partition.
        first: Offset of the first record wanted.

    Returns:
        Records in offset order, up to the end that the partition has when it is reached.

    Raises:
        TransientError: `CL-7003` if no broker answers.
    """
    return read_to_end(bootstrap, topic, {partition: first}, client_id="consentlog.auditor")
