"""One contract for every event log: in memory, and Kafka's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from consentlog.errors import TransientError
from consentlog.kafka.partition import partition_of
from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import EVENTS, PARTITIONS
from consentlog.ports import Delivered, EventLog, Position, Record
from consentlog.testing.event_log import MemoryEventLog
from producers.publish import KafkaEventLog

KEYS = [f"+86138001380{n:02}".encode() for n in range(20)]


@dataclass
class Subject:
    """A log under test, and how to read it by another way than it was written."""

    log: EventLog
    topic: str
    read: Callable[[], list[Record]]
    take_down: Callable[[], EventLog]


def _memory() -> Subject:
    log = MemoryEventLog(lambda key: partition_of(key, PARTITIONS))

    def take_down() -> EventLog:
        log.is_full = True
        return log

    return Subject(log, EVENTS.name, lambda: log.records(EVENTS.name), take_down)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.integration)])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        yield _memory()
        return
    bootstrap, prefix = request.getfixturevalue("kafka"), request.getfixturevalue("topics")
    topic = EVENTS.named(prefix)
    log = KafkaEventLog(build_producer(bootstrap, "test"), topic)
    log.start()
    dead = KafkaEventLog(build_producer("127.0.0.1:1", "test"), topic, deadline_s=0.5)

    def read() -> list[Record]:
        return list(read_to_end(bootstrap, topic, partitions=PARTITIONS))

    started = [log]

    def take_down() -> EventLog:
        dead.start()
        started.append(dead)
        return dead

    yield Subject(log, topic, read, take_down)
    for one in started:
        one.close()


def _run(subject: Subject, *jobs: tuple[bytes, bytes]) -> list[Position]:
    async def go() -> list[Delivered]:
        appends: list[Coroutine[Any, Any, Delivered]] = [
            subject.log.append(subject.topic, key, value, [("h", value)]) for key, value in jobs
        ]
        return await asyncio.gather(*appends)

    found = [one.position for one in asyncio.run(go())]
    assert None not in found
    return [position for position in found if position is not None]


def test_a_position_is_where_the_record_lies(subject: Subject) -> None:
    jobs = [(key, str(n).encode()) for n, key in enumerate(KEYS * 3)]
    positions = _run(subject, *jobs)
    found = {Position(r.partition, r.offset): r for r in subject.read()}
    assert len(found) == len(jobs)
    for (key, value), position in zip(jobs, positions, strict=True):
        record = found[position]
        assert (record.key, record.value) == (key, value)
        assert record.headers == (("h", value),)


def test_a_key_has_one_partition_and_keeps_its_order(subject: Subject) -> None:
    key = KEYS[0]
    positions = _run(subject, *[(key, str(n).encode()) for n in range(50)])
    assert {position.partition for position in positions} == {partition_of(key, PARTITIONS)}
    assert [position.offset for position in positions] == list(range(50))


def test_offsets_have_no_gaps(subject: Subject) -> None:
    _run(subject, *[(key, b"x") for key in KEYS * 2])
    by_partition: dict[int, list[int]] = {}
    for record in subject.read():
        by_partition.setdefault(record.partition, []).append(record.offset)
    assert all(offsets == list(range(len(offsets))) for offsets in by_partition.values())


def test_what_is_not_durable_is_an_error_and_never_a_position(subject: Subject) -> None:
    down = subject.take_down()

    async def go() -> None:
        with pytest.raises(TransientError) as caught:
            await down.append(subject.topic, KEYS[0], b"x", [])
        assert caught.value.entry.status == 503

    asyncio.run(go())
    assert subject.read() == []
