"""Keeps the book level with the review topic, on a thread of its own.

A gateway that cannot read reviews still takes refusals: whatever a broker says, the thread tries
again. Only what nobody foresaw, and a log that lost records, end the process, which then reads the
whole topic anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from consentlog.errors import TransientError
from consentlog.observability.logging import get_logger
from producers.reviews.book import ReviewBook
from producers.reviews.feed import ReviewFeed
from producers.spool.exits import ends_process

_WAIT_S: Final = 0.1
_AGAIN_S: Final = 10.0

log = get_logger(__name__)


class ReviewFollower:
    """A thread that files what the review topic says.

    Args:
        book: Where it is filed.
        connect: Opens the feed at an offset; called on the thread, again after the feed failed.
        tick: Called on the thread some times a second.
        again_s: Pause before a feed that failed is opened again, seconds.
    """

    def __init__(
        self,
        book: ReviewBook,
        connect: Callable[[int], ReviewFeed],
        tick: Callable[[], None] = lambda: None,
        again_s: float = _AGAIN_S,
    ) -> None:
        self._book = book
        self._connect = connect
        self._tick = tick
        self._again_s = again_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="review-follower", daemon=True)

    def start(self) -> None:
        """Start reading from the beginning."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading; returns when the feed is closed."""
        self._stopping.set()
        self._thread.join()

    @ends_process("review_follower_failed")
    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow(self._connect(self._book.next_offset))
            except TransientError as exc:
                # Without a traceback: a broker that is away is no fault of this code.
                log.warning("reviews_not_readable", code=exc.code, reason=exc.what())
                self._stopping.wait(self._again_s)

    def _follow(self, feed: ReviewFeed) -> None:
        try:
            while not self._stopping.is_set():
                for record in feed.batch(_WAIT_S):
                    if record is None:
                        self._reached_end()
                    else:
                        self._book.apply(record)
                self._tick()
        finally:
            feed.close()

    def _reached_end(self) -> None:
        if not self._book.is_complete:
            self._book.reached_end()
            log.info("reviews_read", records=self._book.next_offset)
