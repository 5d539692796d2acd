"""Puts a loaded view right before its owner says or folds anything.

In this order: the log is the one that was folded; events that the state topic lost are folded
again; records that are not their key's truth are written again; all of it delivered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from consentlog.observability.logging import get_logger
from consentlog.wire.build import Progress
from processors.events_log import EventsLog
from processors.folding import Folded, fold_records
from processors.outbox import Countdown, Outbox
from processors.partition import NO_RECORD, OwnedPartition
from processors.truncation import Reported, check_reported, hash_of

_log = get_logger(__name__)

_NOTHING_REPORTED = Progress(-1, 0, NO_RECORD)
_CHUNK = 500
_CLOCKS_DIFFER_MS = 2000


class CatchUp:
    """Blocking; runs on a thread beside the event loop, which does not touch the view yet.

    Args:
        log: The events log.
        outbox: Where records go.
        rebuild_after_ms: Age of the newest progress record from which on compaction may have kept
            a stopped owner's record and dropped the good one.
    """

    def __init__(self, log: EventsLog, outbox: Outbox, rebuild_after_ms: int) -> None:
        self._events = log
        self._outbox = outbox
        self._rebuild_after_ms = rebuild_after_ms

    def check(self, parts: Sequence[OwnedPartition]) -> None:
        """Compare loaded views with the events log.

        Raises:
            LogTruncated: If the events log is not the one that was folded.
            TransientError: If a broker does not answer.
        """
        said = []
        for part in parts:
            one = part.writer.newest_progress or _NOTHING_REPORTED
            covered = part.writer.high[1]
            said.append(Reported(part.number, covered, one.folded_through, one.sha256))
        check_reported(self._events, said)

    def put_right(self, part: OwnedPartition, progress_ms: int) -> None:
        """Make a loaded view and its state partition true.

        Args:
            part: The partition; its writer is loaded and checked.
            progress_ms: Broker time, ms UTC, of the newest progress record; 0 = none.

        Raises:
            TransientError: If a broker does not answer.
        """
        writer, start = part.writer, part.ownership.start
        first = self._first_missing(progress_ms, writer.high[1])
        if first < start:
            self._fold_again(part, first, start)
        due = writer.loaded()
        for at in range(0, len(due), _CHUNK):
            self._deliver(part, Folded(due[at : at + _CHUNK]))
        reported = writer.newest_progress or _NOTHING_REPORTED
        through = max(reported.folded_through, start - 1)
        last = reported.sha256
        if through > reported.folded_through:
            record = self._events.records_at({part.number: through}).get(part.number)
            last = NO_RECORD if record is None else hash_of(record.value())
        part.take_over(writer.newest_progress, last)
        _log.info(
            "view_loaded",
            partition=part.number,
            keys=len(writer),
            written_again=len(due),
            as_of=writer.high[1],
            start=start,
        )

    def _first_missing(self, progress_ms: int, as_of: int) -> int:
        """Return the first offset whose state the partition may not hold any more."""
        # The own clock against the broker's. A record from the future proves that they differ, and
        # then the age is not known: a view made again costs time, a stale one costs a refusal.
        age_ms = time.time() * 1000 - progress_ms
        is_sure = -_CLOCKS_DIFFER_MS <= age_ms <= self._rebuild_after_ms
        return as_of + 1 if is_sure else 0

    def _fold_again(self, part: OwnedPartition, first: int, end: int) -> None:
        _log.warning("folding_again", partition=part.number, first=first, end=end)
        for records in self._events.read(part.number, first, end):
            if not part.ownership.live:
                return
            self._deliver(part, fold_records(part.writer, records))

    def _deliver(self, part: OwnedPartition, folded: Folded) -> None:
        if not len(folded) or not part.ownership.live:
            return
        done = threading.Event()
        count = Countdown(len(folded), done.set).one
        self._outbox.states(part.number, folded.writes, count)
        for review in folded.reviews:
            self._outbox.review(review, count)
        # Ends: whatever is not delivered within delivery.timeout.ms ends the process.
        done.wait()
