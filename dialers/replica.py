"""Keeps the view level with the state topic, on a thread of its own.

`feed` (records) -> `view` (states, positions) -> `gate` (decisions). Reading is apart from the
event loop so that a burst of records cannot delay an answer, nor a burst of questions a refusal.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from consentlog.observability.logging import get_logger
from consentlog.ports import Position
from dialers.feed import Arrival, StateFeed
from dialers.view import Filed, View
from dialers.waiters import TokenWaiters

AppliedHook: TypeAlias = Callable[[str, Position, int], None]
"""(subject, position in the events topic that its state now includes, `time.monotonic_ns()`)."""

_WAIT_S: Final = 0.1
_STUCK_S: Final = 10.0
"""The loop turns at least every `_WAIT_S`; a replica that did not for this long is not alive."""

_log = get_logger(__name__)


class Replica:
    """A view that follows the state topic.

    Args:
        view: Where records are filed.
        connect: Opens the feed; called on the replica's thread.
        on_fatal: Called on that thread with whatever ended it; must end the process, for a view
            that no longer follows must not answer.
        on_applied: Called after each applied record, for benchmarks.
    """

    def __init__(
        self,
        view: View,
        connect: Callable[[], StateFeed],
        on_fatal: Callable[[BaseException], None],
        on_applied: AppliedHook | None = None,
    ) -> None:
        self.view = view
        self.waiters = TokenWaiters(len(view.readers), view.has)
        self._connect = connect
        self._on_fatal = on_fatal
        self._on_applied = on_applied
        self._unread = set(range(len(view.readers)))
        self._started_at = self._turned_at = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replica", daemon=True)

    @property
    def bootstrapped(self) -> bool:
        """Whether every partition was read up to the end that it had."""
        return not self._unread

    @property
    def live(self) -> bool:
        """Whether the reading loop turned lately."""
        return self._thread.is_alive() and time.monotonic() - self._turned_at < _STUCK_S

    def start(self) -> None:
        """Start reading."""
        self._started_at = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and close the feed; returns when both are done."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            feed = self._connect()
            try:
                while not self._stopping.is_set():
                    self._turned_at = time.monotonic()
                    self._take(feed.batch(_WAIT_S))
            finally:
                feed.close()
        except BaseException as exc:  # noqa: BLE001  # handed on whole: the process ends with it
            self._on_fatal(exc)

    def _take(self, batch: Sequence[Arrival]) -> None:
        touched = set()
        for partition, key, value in batch:
            if key is None:
                self._reached_end(partition)
            else:
                self._file(partition, key, value)
                touched.add(partition)
        for partition in touched:
            self.waiters.notify(partition)

    def _file(self, partition: int, key: bytes, value: bytes | None) -> None:
        filed = self.view.apply(partition, key, value)
        if filed is Filed.APPLIED:
            if self._on_applied is not None:
                position = Position(partition, self.view.readers[partition].as_of)
                self._on_applied(key.decode(), position, time.monotonic_ns())
        elif filed is Filed.UNREADABLE:
            _log.error("state_record_unreadable", partition=partition, subject=key)
        else:
            _log.warning("zombie_record_dropped", partition=partition, subject=key)

    def _reached_end(self, partition: int) -> None:
        if partition in self._unread:
            self._unread.discard(partition)
            if not self._unread:
                seconds = round(time.monotonic() - self._started_at, 2)
                _log.info("replica_bootstrapped", numbers=len(self.view), seconds=seconds)
