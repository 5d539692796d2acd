"""The recovery that docs/operations.md describes, on Kafka and ClickHouse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from consentlog.clickhouse.migrate import migrate
from consentlog.domain.events import ConsentEvent
from consentlog.errors import FatalError
from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import EVENTS, PARTITIONS, create_topics
from consentlog.local.clickhouse_node import ClickHouseAccess
from consentlog.ports import Record
from consentlog.settings import KafkaSettings
from consentlog.wire.events import encode_event
from consentlog.wire.headers import event_headers
from sinks.batch import build_batch
from sinks.writer import ClickHouseHistory
from tests.support.histories import NUMBER, event, refused
from tests.support.history import client_of, settings_of
from tools.remake_log import RemakeSettings, remake

pytestmark = pytest.mark.integration

OTHER = "+8613912345678"


def append(bootstrap: str, topic: str, events: Sequence[ConsentEvent | bytes]) -> None:
    producer = build_producer(bootstrap, "test")
    for one in events:
        if isinstance(one, bytes):
            producer.produce(topic, one, NUMBER.encode())
        else:
            headers: list[tuple[str, str | bytes | None]] = [*event_headers(one)]
            producer.produce(topic, encode_event(one), one.subject.encode(), headers=headers)
    assert producer.flush(30) == 0


def contents(records: list[Record]) -> list[tuple[object, ...]]:
    return [(one.partition, one.offset, one.key, one.value, one.headers) for one in records]


def test_a_remade_log_holds_history_and_leftovers_in_order(
    kafka: str, topics: str, clickhouse: ClickHouseAccess, database: str
) -> None:
    old, new = EVENTS.named(topics), f"new.{topics}"
    in_history: list[ConsentEvent | bytes] = [
        event(refused(1)),
        event(refused(2), OTHER),
        b"\x00no event",
        event(refused(3)),
    ]
    append(kafka, old, in_history)
    with client_of(clickhouse, database) as client:
        migrate(client)
        known: dict[int, list[Record]] = defaultdict(list)
        for record in read_to_end(kafka, old, partitions=PARTITIONS):
            known[record.partition].append(record)
        for records in known.values():
            ClickHouseHistory(client, old).insert(build_batch(records))
    append(kafka, old, [event(refused(4))])
    create_topics(kafka, new)
    settings = RemakeSettings(
        kafka=KafkaSettings(bootstrap_servers=kafka, topic_prefix=topics),
        clickhouse=settings_of(clickhouse, database),
    )
    done = remake(settings, new)
    assert sum(one.from_history for one in done.values()) == 4
    assert sum(one.from_log for one in done.values()) == 1
    there = list(read_to_end(kafka, old, partitions=PARTITIONS))
    remade = list(read_to_end(kafka, EVENTS.named(new), partitions=PARTITIONS))
    assert sorted(map(repr, contents(there))) == sorted(map(repr, contents(remade)))
    with pytest.raises(FatalError, match="not empty"):
        remake(settings, new)


def test_the_old_log_is_never_its_own_target(clickhouse: ClickHouseAccess, database: str) -> None:
    settings = RemakeSettings(
        kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1", topic_prefix="a."),
        clickhouse=settings_of(clickhouse, database),
    )
    with pytest.raises(FatalError, match="old log"):
        remake(settings, "a.")
