"""Tells how many cases wait for a person and how long, and says so aloud when it is too long."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import Gauge

from consentlog.observability.logging import get_logger
from consentlog.ports import Clock
from consentlog.wire.reviews import ReviewReason
from producers.reviews.book import ReviewBook, Waiting

_LOOK_EVERY_S: Final = 5.0
_SAID_AGAIN_S: Final = 60.0
_OVERDUE: Final = "CL-1806"

OPEN = Gauge("consentlog_reviews_open", "Cases that wait for a person, by reason.", ["reason"])
OLDEST_SECONDS = Gauge(
    "consentlog_reviews_oldest_seconds",
    "Age of the oldest case that waits for a person, by reason; 0 if none does.",
    ["reason"],
)

log = get_logger(__name__)


class ReviewWatch:
    """Looks every five seconds, and warns at most once a minute.

    Args:
        book: Whose cases.
        clock: What ages are told by.
        overdue_ms: From which age on a case is an alarm.
    """

    def __init__(self, book: ReviewBook, clock: Clock, overdue_ms: int) -> None:
        self._book = book
        self._clock = clock
        self._overdue_ms = overdue_ms
        self._looked_s = self._said_s = float("-inf")

    def tick(self) -> None:
        """Look if it is time to."""
        now_s = time.monotonic()
        if now_s - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = now_s
            self.look(now_s)

    def look(self, now_s: float) -> None:
        """Count, set the metrics, and warn of what waits for too long.

        Args:
            now_s: Monotonic clock.
        """
        now_ms = self._clock.now_ms()
        found = self._book.waiting(now_ms - self._overdue_ms)
        for reason in ReviewReason:
            count, oldest_ms, _ = found.get(reason, Waiting(0, now_ms, 0))
            OPEN.labels(reason).set(count)
            OLDEST_SECONDS.labels(reason).set(max(0, now_ms - oldest_ms) / 1000)
        overdue = sum(one.overdue for one in found.values())
        if overdue and now_s - self._said_s >= _SAID_AGAIN_S:
            self._said_s = now_s
            oldest_ms = min(one.oldest_ms for one in found.values())
            oldest_h = round((now_ms - oldest_ms) / 3_600_000, 1)
            log.warning("reviews_overdue", code=_OVERDUE, cases=overdue, oldest_hours=oldest_h)
