"""Re-make a truncated events log under another prefix, from the history and what is left of it.

    python -m tools.remake_log --to-prefix r1. --yes

Reads `consent_history` of the database named in CONSENTLOG_CLICKHOUSE__DATABASE and the events
topic of CONSENTLOG_KAFKA__TOPIC_PREFIX; appends to the events topic of the new prefix, which must
be there and empty. Changes nothing of the old. Each partition gets first the history in offset
order, then what the old log holds and the history does not. Key, value and headers are the original
bytes, so event ids and every decision stay the same. If it is interrupted, delete the new topic and
run again. See docs/operations.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, Message, Producer

from consentlog.clickhouse.client import ClickHouseClient, build_client
from consentlog.domain.ids import id_of_bytes
from consentlog.errors import FatalError
from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import build_reader, read_to_end, watermarks
from consentlog.kafka.topics import EVENTS, PARTITIONS
from consentlog.settings import ClickHouseSettings, KafkaSettings, ServiceSettings

_PAGE_ROWS: Final = 5000
_PAGE: Final = """
SELECT kafka_offset, kafka_key, kafka_value, kafka_headers
FROM {database:Identifier}.consent_history
WHERE kafka_partition = {partition:UInt16} AND kafka_offset >= {first:UInt64}
ORDER BY kafka_partition, kafka_offset LIMIT {rows:UInt32}
"""


class RemakeSettings(ServiceSettings):
    """Where the old log and its history are."""

    kafka: KafkaSettings
    clickhouse: ClickHouseSettings


class Content(NamedTuple):
    """What a record says, wherever it lies."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]]


class Remade(NamedTuple):
    """Records appended to one partition, by where they came from."""

    from_history: int
    from_log: int


def remake(settings: RemakeSettings, to_prefix: str) -> dict[int, Remade]:
    """Append everything that is known to the log of `to_prefix`.

    Args:
        settings: The old log and history.
        to_prefix: Prefix of the new topics; not the old one.

    Returns:
        Counts by partition.

    Raises:
        FatalError: `CL-6001` if the prefix is the old one, `CL-7002` if the new topic is not empty
            or does not take a record.
        TransientError: If Kafka or ClickHouse does not answer; then delete the new topic first.
    """
    bootstrap, target = settings.kafka.bootstrap_servers, EVENTS.named(to_prefix)
    if to_prefix == settings.kafka.topic_prefix:
        raise FatalError("CL-6001", problems="--to-prefix is the prefix of the old log")
    _must_be_empty(bootstrap, target)
    client = build_client(settings.clickhouse)
    producer = build_producer(
        bootstrap, "consentlog.remake", delivery_timeout_ms=30_000, linger_ms=5
    )
    source = EVENTS.named(settings.kafka.topic_prefix)
    try:
        return {
            partition: _partition(partition, client, bootstrap, source, _Appender(producer, target))
            for partition in range(PARTITIONS)
        }
    finally:
        client.close()


class _Appender:
    """Appends in order; returns only once the broker has all of it."""

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._failure: KafkaError | None = None

    def append(self, partition: int, contents: Iterable[Content]) -> int:
        count = 0
        remaining = iter(contents)
        while page := list(islice(remaining, _PAGE_ROWS)):
            for one in page:
                self._producer.produce(
                    self._topic, one.value, one.key, partition, self._done, headers=one.headers
                )
            left = self._producer.flush(60)
            if left or self._failure is not None:
                reason = self._failure.str() if self._failure else f"{left} not acknowledged"
                raise FatalError("CL-7002", topic=self._topic, reason=reason)
            count += len(page)
        return count

    def _done(self, error: KafkaError | None, _message: Message) -> None:
        self._failure = self._failure or error


def _partition(
    partition: int, client: ClickHouseClient, bootstrap: str, source: str, out: _Appender
) -> Remade:
    seen: set[bytes] = set()
    from_history = out.append(partition, _noted(_history(client, partition), seen))
    return Remade(from_history, out.append(partition, _unseen(bootstrap, source, partition, seen)))


def _history(client: ClickHouseClient, partition: int) -> Iterator[Content]:
    first = 0
    while rows := client.rows(
        _PAGE, as_bytes=True, partition=partition, first=first, rows=_PAGE_ROWS
    ):
        for _, key, value, headers in rows:
            yield Content(key, value, [_header(one) for one in headers])
        first = rows[-1][0] + 1


def _header(pair: Any) -> tuple[str, bytes | None]:
    name, value = pair.values() if isinstance(pair, dict) else pair
    return (name.decode() if isinstance(name, bytes) else name), value


def _noted(contents: Iterable[Content], seen: set[bytes]) -> Iterator[Content]:
    for one in contents:
        seen.add(id_of_bytes(one.key, one.value))
        yield one


def _unseen(bootstrap: str, source: str, partition: int, seen: set[bytes]) -> Iterator[Content]:
    reader = build_reader(bootstrap, "consentlog.remake")
    try:
        first, _ = watermarks(reader, source, partition)
    finally:
        reader.close()
    for record in read_to_end(bootstrap, source, {partition: first}):
        if id_of_bytes(record.key, record.value) not in seen:
            yield Content(record.key, record.value, list(record.headers))


def _must_be_empty(bootstrap: str, topic: str) -> None:
    reader = build_reader(bootstrap, "consentlog.remake")
    try:
        for partition in range(PARTITIONS):
            if watermarks(reader, topic, partition)[1]:
                reason = f"partition {partition} is not empty"
                raise FatalError("CL-7002", topic=topic, reason=reason)
    finally:
        reader.close()


def main() -> int:
    """Re-make the log that the environment names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to-prefix", required=True, help="prefix of the new topics, e.g. r1.")
    parser.add_argument("--yes", action="store_true", help="really append")
    options = parser.parse_args()
    if not options.yes:
        parser.error("this appends to the topics of the new prefix; say --yes")
    for partition, done in remake(RemakeSettings.read(), options.to_prefix).items():
        print(f"{partition}: {done.from_history} from the history, {done.from_log} from the log")
    return 0


if __name__ == "__main__":
    sys.exit(main())
