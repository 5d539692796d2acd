"""Spooled logs for tests: on a real broker, on none, or on a producer that tests own."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consentlog.http.clock import SystemClock
from consentlog.ports import Clock
from producers.publish import Build, gateway_producer
from producers.spool.limits import SpoolLimits
from producers.spool.log import ACKNOWLEDGED_WITHIN_S, SpooledLog
from producers.spool.store import FILE

NOWHERE = "127.0.0.1:1"
WEEK_MS = 7 * 86_400_000


@contextmanager
def spooled_log(
    directory: Path,
    bootstrap: str | Build,
    *,
    prefix: str = "",
    max_rows: int = 100_000,
    max_bytes: int = 1 << 30,
    clock: Clock | None = None,
    within_s: float = ACKNOWLEDGED_WITHIN_S,
) -> Iterator[SpooledLog]:
    """A running spool; `bootstrap` may be a way to build a producer."""
    build = gateway_producer(bootstrap) if isinstance(bootstrap, str) else bootstrap
    limits = SpoolLimits(max_rows, max_bytes, WEEK_MS)
    log = SpooledLog(
        directory, limits, build, clock or SystemClock(), "gateway-1", prefix, within_s
    )
    log.start()
    try:
        yield log
    finally:
        log.close()


def rows_of(directory: Path, columns: str = "id, state") -> list[tuple[Any, ...]]:
    """What lies in a spool's file, read by another connection, in order."""
    with closing(sqlite3.connect(directory / FILE)) as connection:
        return connection.execute(f"SELECT {columns} FROM record ORDER BY id").fetchall()


class Report:
    """Stands for librdkafka's message in a delivery report."""

    def __init__(self, partition: int | None, offset: int | None) -> None:
        self._partition, self._offset = partition, offset

    def partition(self) -> int | None:
        return self._partition

    def offset(self) -> int | None:
        return self._offset


class FakeProducer:
    """A producer in memory; `answers` decides what becomes of each record.

    Args:
        answers: Gives an error, or None to append; called once a record, at `poll`.
    """

    def __init__(self, answers: Callable[[bytes], KafkaError | None] = lambda _value: None) -> None:
        self.answers = answers
        self.log: list[tuple[str, bytes, bytes]] = []
        self.batches: list[list[bytes]] = []
        self.is_away = False
        self.names_offsets = True
        self.room = 100_000
        self.too_large = 1_000_000
        self.fail_fatally: Callable[[KafkaError], None] = lambda _error: None
        self._queue: list[tuple[str, bytes, bytes, Callable[..., None]]] = []

    def build(self, on_fatal: Callable[[KafkaError], None]) -> Producer:
        self.fail_fatally = on_fatal
        return cast(Producer, self)

    def produce(
        self, topic: str, value: bytes, key: bytes, on_delivery: Callable[..., None], **_more: Any
    ) -> None:
        if len(value) > self.too_large:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        if len(self._queue) >= self.room:
            raise BufferError
        self._queue.append((topic, key, value, on_delivery))

    def poll(self, seconds: float) -> int:
        queue, self._queue = ([], self._queue) if self.is_away else (self._queue, [])
        if queue:
            self.batches.append([value for _, _, value, _ in queue])
        for topic, key, value, report in queue:
            error = self.answers(value)
            if error is None:
                self.log.append((topic, key, value))
                offset = sum(one == topic for one, _, _ in self.log) - 1
                shown = offset if self.names_offsets else -1001
                report(None, cast(Message, Report(0, shown)))
            else:
                report(error, cast(Message, Report(None, None)))
        if not queue:
            time.sleep(min(seconds, 0.005))
        return len(queue)

    def purge(self) -> None:
        queue, self._queue = self._queue, []
        for _, _, _, report in queue:
            report(KafkaError(KafkaError._PURGE_QUEUE), cast(Message, Report(None, None)))

    def flush(self, _seconds: float) -> int:
        return self.poll(0)

    @property
    def values(self) -> list[bytes]:
        """What is in the log of the events, in order."""
        return [value for topic, _, value in self.log if topic.startswith("consent.events")]
