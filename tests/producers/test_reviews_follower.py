"""The follower's thread and its watch: ready once read, going on after a broker's troubles."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from prometheus_client import REGISTRY

from consentlog.errors import FatalError, TransientError
from consentlog.ports import Record
from consentlog.wire.reviews import ReviewReason
from producers.reviews import watch as watching
from producers.reviews.book import ReviewBook
from producers.reviews.follower import ReviewFollower
from producers.reviews.watch import ReviewWatch
from tests.producers.test_reviews_book import decided, opened
from tests.support.gateway import FixedClock
from tests.support.histories import NOON_MS
from tests.support.reviews import record_of

HOUR_MS = 3_600_000


@dataclass
class MemoryFeed:
    """A `ReviewFeed` in memory; what is pushed arrives, an error is raised."""

    arrivals: queue.SimpleQueue[Record | Exception | None] = field(
        default_factory=queue.SimpleQueue
    )
    closed: int = 0

    def batch(self, wait_s: float) -> Sequence[Record | None]:
        try:
            found = self.arrivals.get(timeout=wait_s)
        except queue.Empty:
            return ()
        if isinstance(found, Exception):
            raise found
        return [found]

    def close(self) -> None:
        self.closed += 1


def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        threading.Event().wait(0.005)


def test_the_book_is_complete_once_the_end_was_reached() -> None:
    book, feed = ReviewBook(), MemoryFeed()
    follower = ReviewFollower(book, lambda _: feed)
    follower.start()
    feed.arrivals.put(record_of(opened(1), 0))
    until(lambda: book.next_offset == 1)
    assert not book.is_complete
    feed.arrivals.put(None)
    until(lambda: book.is_complete)
    follower.stop()
    assert feed.closed == 1


def test_after_a_broker_said_no_it_goes_on_where_it_was() -> None:
    book, feed, starts = ReviewBook(), MemoryFeed(), list[int]()

    def connect(offset: int) -> MemoryFeed:
        starts.append(offset)
        return feed

    follower = ReviewFollower(book, connect, again_s=0.001)
    follower.start()
    feed.arrivals.put(record_of(opened(1), 0))
    feed.arrivals.put(TransientError("CL-7003", topic="t", reason="not authorised"))
    until(lambda: len(starts) == 2)
    feed.arrivals.put(record_of(opened(2), 1))
    until(lambda: book.next_offset == 2)
    follower.stop()
    assert (starts, feed.closed) == ([0, 1], 2)


@pytest.mark.parametrize(
    "error", [RuntimeError("odd"), FatalError("CL-1807", topic="t", reason="gone")], ids=str
)
def test_what_nobody_foresaw_ends_the_process(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    feed = MemoryFeed()
    follower = ReviewFollower(ReviewBook(), lambda _: feed)
    feed.arrivals.put(error)
    follower.start()
    follower.stop()
    assert codes == [70]


def gauge(name: str, reason: ReviewReason) -> float:
    found = REGISTRY.get_sample_value(name, {"reason": reason.value})
    assert found is not None
    return found


def test_metrics_tell_how_many_wait_and_since_when_by_reason() -> None:
    book, clock = ReviewBook(), FixedClock(NOON_MS)
    old, young = opened(1, NOON_MS - HOUR_MS), opened(2, NOON_MS - 5)
    book.apply(record_of(old, 0))
    book.apply(record_of(young, 1))
    ReviewWatch(book, clock, 24 * HOUR_MS).look(0)
    reason = ReviewReason.UNKNOWN_SCOPE
    assert gauge("consentlog_reviews_open", reason) == 2
    assert gauge("consentlog_reviews_oldest_seconds", reason) == 3600
    assert gauge("consentlog_reviews_open", ReviewReason.TAKEOVER) == 0
    book.apply(record_of(decided(old, "refused"), 2))
    book.apply(record_of(decided(young, "refused"), 3))
    ReviewWatch(book, clock, 24 * HOUR_MS).look(0)
    assert gauge("consentlog_reviews_open", reason) == 0
    assert gauge("consentlog_reviews_oldest_seconds", reason) == 0


def test_a_case_that_waits_too_long_is_said_once_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[dict[str, object]] = []
    monkeypatch.setattr(watching.log, "warning", lambda event, **facts: said.append(facts))
    book, clock = ReviewBook(), FixedClock(NOON_MS)
    book.apply(record_of(opened(1, NOON_MS), 0))
    watch = ReviewWatch(book, clock, 24 * HOUR_MS)
    clock.at_ms = NOON_MS + 24 * HOUR_MS
    watch.look(0)
    assert not said
    clock.at_ms += 1
    for now_s in (1, 2, 60.9, 61.1, 90):
        watch.look(now_s)
    assert [(one["code"], one["cases"]) for one in said] == [("CL-1806", 1)] * 2
