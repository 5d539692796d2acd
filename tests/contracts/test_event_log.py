"""One contract for every event log: in memory, and the spool in front of Kafka's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from consentlog.errors import TransientError
from consentlog.kafka.partition import partition_of
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import EVENTS, PARTITIONS
from consentlog.ports import Delivered, EventLog, NewRecord, Position, Record
from consentlog.testing.event_log import MemoryEventLog
from tests.support.spools import NOWHERE, spooled_log

KEYS = [f"+86138001380{n:02}".encode() for n in range(20)]


@dataclass
class Subject:
    """A log under test, and how to read it by another way than it was written.

    `away` = a log whose broker does not answer, `full` = one that takes nothing more.
    """

    log: EventLog
    read: Callable[[], list[Record]]
    away: Callable[[], EventLog]
    full: Callable[[], EventLog]


def _memory() -> Subject:
    log = MemoryEventLog(lambda key: partition_of(key, PARTITIONS))

    def down() -> EventLog:
        log.is_down = True
        return log

    def full() -> EventLog:
        log.is_full = True
        return log

    return Subject(log, lambda: log.records(EVENTS.name), down, full)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.integration)])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    if request.param == "memory":
        yield _memory()
        return
    bootstrap, prefix = request.getfixturevalue("kafka"), request.getfixturevalue("topics")

    def read() -> list[Record]:
        return list(read_to_end(bootstrap, EVENTS.named(prefix), partitions=PARTITIONS))

    with ExitStack() as logs:

        def opened(name: str, where: str, max_rows: int = 1000, within_s: float = 0.25) -> EventLog:
            return logs.enter_context(
                spooled_log(
                    tmp_path / name, where, prefix=prefix, max_rows=max_rows, within_s=within_s
                )
            )

        yield Subject(
            opened("log", bootstrap, within_s=30),  # a busy machine is no broken contract
            read,
            lambda: opened("away", NOWHERE),
            lambda: opened("full", bootstrap, max_rows=0),
        )


def _run(log: EventLog, *jobs: tuple[bytes, bytes]) -> list[Delivered]:
    async def go() -> list[Delivered]:
        appends: list[Coroutine[Any, Any, Delivered]] = [
            log.append(EVENTS.name, key, value, [("h", value)]) for key, value in jobs
        ]
        return await asyncio.gather(*appends)

    return asyncio.run(go())


def _append_all(log: EventLog, *jobs: tuple[bytes, bytes]) -> list[Delivered]:
    records = [NewRecord(key, value, [("h", value)]) for key, value in jobs]
    return asyncio.run(log.append_all(EVENTS.name, records))


def _positions(log: EventLog, *jobs: tuple[bytes, bytes]) -> list[Position]:
    found = _run(log, *jobs)
    assert not any(one.spooled for one in found)
    return [one.position for one in found if one.position is not None]


def test_a_position_is_where_the_record_lies(subject: Subject) -> None:
    jobs = [(key, str(n).encode()) for n, key in enumerate(KEYS * 3)]
    positions = _positions(subject.log, *jobs)
    found = {Position(r.partition, r.offset): r for r in subject.read()}
    assert len(found) == len(jobs)
    for (key, value), position in zip(jobs, positions, strict=True):
        record = found[position]
        assert (record.key, record.value) == (key, value)
        assert record.headers == (("h", value),)


def test_a_key_has_one_partition_and_keeps_its_order(subject: Subject) -> None:
    key = KEYS[0]
    positions = _positions(subject.log, *[(key, str(n).encode()) for n in range(50)])
    assert {position.partition for position in positions} == {partition_of(key, PARTITIONS)}
    assert [position.offset for position in positions] == list(range(50))


def test_offsets_have_no_gaps(subject: Subject) -> None:
    _run(subject.log, *[(key, b"x") for key in KEYS * 2])
    by_partition: dict[int, list[int]] = {}
    for record in subject.read():
        by_partition.setdefault(record.partition, []).append(record.offset)
    assert all(offsets == list(range(len(offsets))) for offsets in by_partition.values())


def test_while_the_broker_is_away_a_record_is_spooled_and_has_no_position(
    subject: Subject,
) -> None:
    assert _run(subject.away(), (KEYS[0], b"x")) == [Delivered(None, spooled=True)]
    assert subject.read() == []


def test_what_is_not_durable_is_an_error_and_never_a_position(subject: Subject) -> None:
    full = subject.full()
    with pytest.raises(TransientError) as caught:
        _run(full, (KEYS[0], b"x"))
    assert caught.value.entry.status == 503
    assert subject.read() == []


def test_records_that_come_together_are_told_of_in_their_order(subject: Subject) -> None:
    jobs = [(key, str(n).encode()) for n, key in enumerate(KEYS * 3)]
    positions = [one.position for one in _append_all(subject.log, *jobs)]
    found = {Position(r.partition, r.offset): r for r in subject.read()}
    assert [found[one].value for one in positions if one] == [value for _, value in jobs]
    assert all(record.headers == (("h", record.value),) for record in found.values())
    assert len(found) == len(jobs)
    assert _append_all(subject.log) == []


def test_records_that_come_together_are_all_spooled_or_none_is_taken(subject: Subject) -> None:
    jobs = [(key, b"x") for key in KEYS]
    assert _append_all(subject.away(), *jobs) == [Delivered(None, spooled=True)] * len(jobs)
    full = subject.full()
    with pytest.raises(TransientError) as caught:
        _append_all(full, *jobs)
    assert caught.value.entry.status == 503
    assert subject.read() == []
