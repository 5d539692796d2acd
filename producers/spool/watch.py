"""Tells how the spool is: metrics, alarms, and a report on `dialer.watermarks.v1`."""

from __future__ import annotations

import time
from typing import Final, Protocol

from confluent_kafka import KafkaError, KafkaException, Message

from consentlog.kafka.topics import EVENTS, REVIEWS, WATERMARKS
from consentlog.observability.logging import get_logger
from consentlog.ports import Clock
from consentlog.wire.watermarks import ReporterKind, Watermark, encode_watermark
from producers.publish import Publisher, error_of
from producers.spool.metrics import ALARM, OLDEST_SECONDS
from producers.spool.store import Backlog, SpoolStore

LATE_MS: Final = 60_000
"""A record that waits longer than this is an alarm."""
REPORT_EVERY_S: Final = 5.0
_LOOK_EVERY_S: Final = 1.0
_SAID_AGAIN_S: Final = 60.0
_SPOOLED: Final = (EVENTS.name, REVIEWS.name)
_CODES: Final = {"age": "CL-1405", "disk": "CL-1402", "full": "CL-1401", "parked": "CL-1404"}

log = get_logger(__name__)


class Writer(Protocol):
    """How writing goes; see `commits.CommitThread`."""

    @property
    def backlog(self) -> Backlog:
        """What is not in the log."""
        ...

    @property
    def failing(self) -> str | None:
        """Why the file cannot be written; None if it can."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether nothing more is taken."""
        ...


class SpoolWatch:
    """Looks once a second, reports every five.

    Args:
        store: What waits.
        publisher: Takes the reports; while one is under way no other is made, so that an outage
            does not end in an avalanche of old ones.
        clock: The gateway's.
        reporter: Key of the reports.
    """

    def __init__(
        self, store: SpoolStore, publisher: Publisher, clock: Clock, reporter: str
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._reporter = reporter
        self._looked_s = self._reported_s = float("-inf")
        self._is_reporting = False
        self._said_s: dict[str, float] = {}

    def tick(self, writer: Writer) -> None:
        """Look and report if it is time to."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = now_s
        watermark = self.look(writer, now_s)
        if now_s - self._reported_s >= REPORT_EVERY_S and not self._is_reporting:
            self._reported_s = now_s
            self._report(watermark)

    def look(self, writer: Writer, now_s: float) -> Watermark:
        """Measure, set the metrics, and say what a person must look at.

        Args:
            writer: How writing goes.
            now_s: Monotonic clock.
        """
        now_ms = self._clock.now_ms()
        backlog, oldest_ms = writer.backlog, self._store.oldest_ms(_SPOOLED)
        age_ms = None if oldest_ms is None else max(0, now_ms - oldest_ms)
        OLDEST_SECONDS.set((age_ms or 0) / 1000)
        self._alarm("age", (age_ms or 0) > LATE_MS, now_s, seconds=(age_ms or 0) // 1000)
        self._alarm("disk", writer.failing is not None, now_s, reason=writer.failing)
        self._alarm("full", writer.is_full, now_s, records=backlog.waiting + backlog.parked)
        self._alarm("parked", backlog.parked > 0, now_s, records=backlog.parked)
        return Watermark(
            self._reporter, ReporterKind.GATEWAY, now_ms, age_ms, backlog.waiting, backlog.parked
        )

    def _alarm(self, of: str, is_on: bool, now_s: float, **facts: object) -> None:
        ALARM.labels(of).set(is_on)
        said_s = self._said_s.get(of)
        if is_on and (said_s is None or now_s - said_s >= _SAID_AGAIN_S):
            self._said_s[of] = now_s
            log.error("spool_alarm", of=of, code=_CODES[of], **facts)
        elif not is_on and said_s is not None:
            del self._said_s[of]
            log.info("spool_alarm_over", of=of)

    def _report(self, watermark: Watermark) -> None:
        key, value = self._reporter.encode(), encode_watermark(watermark)
        try:
            self._publisher.produce(WATERMARKS.name, key, value, self._reported)
        except (BufferError, KafkaException) as exc:
            reason = error_of(exc).name() if isinstance(exc, KafkaException) else "BufferError"
            log.warning("watermark_not_reported", reason=reason)
        else:
            self._is_reporting = True

    def _reported(self, error: KafkaError | None, _message: Message) -> None:
        self._is_reporting = False
        if error is not None:
            log.warning("watermark_not_reported", reason=error.name())
