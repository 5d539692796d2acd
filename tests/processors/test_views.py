"""Loading views gives up when it stands still, whatever else comes."""

from __future__ import annotations

from typing import Any, NoReturn, cast

import pytest
from confluent_kafka import Consumer, KafkaError, Message

from consentlog.errors import TransientError
from consentlog.protocol.writer import PartitionWriter
from consentlog.wire.build import Progress
from processors import views
from processors.views import Followed, StateReader, View

_WRITER = bytes(16)


class _Record:
    """As much of a message as the reader looks at; without a value, the end of the partition."""

    def __init__(self, partition: int, *, is_end: bool = False) -> None:
        self._partition = partition
        self._error = KafkaError(KafkaError._PARTITION_EOF) if is_end else None
        write = PartitionWriter(partition, _WRITER).progress(Progress(0, 1, bytes(32)))
        self._key, self._value = write

    def partition(self) -> int:
        return self._partition

    def error(self) -> KafkaError | None:
        return self._error

    def key(self) -> bytes:
        return self._key

    def value(self) -> bytes:
        return self._value

    def timestamp(self) -> tuple[int, int]:
        return 2, 1


class _Consumer:
    def incremental_assign(self, where: Any) -> None: ...

    def incremental_unassign(self, where: Any) -> None: ...


def _exit(code: int, reason: str, facts: object) -> NoReturn:
    raise AssertionError(reason)


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(views, "time", clock)
    return clock


def _reader(*partitions: int) -> StateReader:
    reader = StateReader("nowhere", "state", 20, _exit)
    for number in partitions:
        view = View(number, PartitionWriter(number, _WRITER), lambda: None, _ignore)
        reader._change(cast(Consumer, _Consumer()), view, number)
    return reader


def _ignore(_records: Followed) -> None: ...


def _turn(reader: StateReader, *records: _Record) -> None:
    reader._turn(cast("list[Message]", list(records)))


def test_a_stalled_loading_is_noticed_beside_partitions_that_are_followed(clock: _Clock) -> None:
    reader = _reader(0, 1)
    _turn(reader, _Record(0, is_end=True))
    for _ in range(20):
        clock.now += 1
        _turn(reader, _Record(0))
    clock.now += 1
    with pytest.raises(TransientError):
        _turn(reader, _Record(0))


def test_loading_may_take_as_long_as_it_goes_on(clock: _Clock) -> None:
    reader = _reader(0)
    for _ in range(10):
        clock.now += 19
        _turn(reader, _Record(0))
    _turn(reader, _Record(0, is_end=True))
    clock.now += 100
    _turn(reader)
