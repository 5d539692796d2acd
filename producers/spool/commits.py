"""The one thread that writes the spool: whatever is queued becomes one commit (group commit)."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from consentlog.errors import TransientError
from consentlog.observability.logging import get_logger
from consentlog.ports import Clock
from producers.spool.exits import ends_process
from producers.spool.jobs import Answer, Job, answer
from producers.spool.limits import SpoolLimits
from producers.spool.metrics import COMMIT_SECONDS, REJECTED
from producers.spool.record import Mark, Row, RowState
from producers.spool.store import Backlog, SpoolStore

_MARKS_WAIT_S: Final = 0.2
"""What became of records is written with the next new ones, or after so long without any."""
_GROUP: Final = 2_000
"""Records of a commit; a job is never parted, so that all of it is durable or none."""
_PRUNE_EVERY_S: Final = 60.0
_PRUNE_ROWS: Final = 2_000

log = get_logger(__name__)


class CommitThread:
    """Writes new records and what became of older ones.

    Args:
        store: The file.
        limits: When it is full.
        clock: When a record was spooled.
        on_committed: Told of each commit's new records and their jobs, in order, from this thread.
        on_recovered: Told when the file can be written again after it could not: it may hold
            records of a commit that failed, which nobody has been told of.
    """

    def __init__(
        self,
        store: SpoolStore,
        limits: SpoolLimits,
        clock: Clock,
        on_committed: Callable[[Sequence[Row], Sequence[Job]], None],
        on_recovered: Callable[[], None],
    ) -> None:
        self._store = store
        self._limits = limits
        self._clock = clock
        self._on_committed = on_committed
        self._on_recovered = on_recovered
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._marks: dict[int, Mark] = {}
        self._marks_lock = threading.Lock()
        self._backlog = store.backlog()
        self._next_id = store.last_id() + 1
        self._failing: str | None = None
        self._thread = threading.Thread(target=self._run, name="spool-commits", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is queued, and end."""
        self._queue.put(None)
        self._thread.join()

    def write_marks(self) -> None:
        """Write what became of records after `stop`, when nobody else writes."""
        self._write([])

    def put(self, job: Job) -> None:
        """Queue records; their job is answered with an error, or handed to `on_committed`."""
        self._queue.put(job)

    def mark(self, marks: Iterable[Mark]) -> None:
        """Queue what became of records; lost in a crash, a record goes to the log again."""
        with self._marks_lock:
            self._marks.update((mark.id, mark) for mark in marks)

    def unwritten(self) -> frozenset[int]:
        """Return the records that are settled, but still lie in the file as waiting."""
        with self._marks_lock:
            return frozenset(self._marks)

    @property
    def backlog(self) -> Backlog:
        """What is not in the log, as far as it is written."""
        return self._backlog

    @property
    def failing(self) -> str | None:
        """Why the file cannot be written, by the last attempt; None if it can."""
        return self._failing

    @property
    def is_full(self) -> bool:
        """Whether not even one more record of 1 KiB would be taken."""
        return not self._fits(1, 1024)

    @ends_process("spool_commits_failed")
    def _run(self) -> None:
        pruned = 0.0
        stopping = False
        while not stopping:
            jobs, stopping = self._next_group()
            self._write(jobs)
            if time.monotonic() - pruned > _PRUNE_EVERY_S and not jobs:
                pruned = time.monotonic() if not self._prune() else pruned

    def _next_group(self) -> tuple[list[Job], bool]:
        jobs: list[Job] = []
        count = 0
        try:
            found = self._queue.get(timeout=_MARKS_WAIT_S)
            while found is not None:
                jobs.append(found)
                count += len(found.records)
                if count >= _GROUP:
                    return jobs, False
                found = self._queue.get_nowait()
        except queue.Empty:
            return jobs, False
        return jobs, True

    def _count(self) -> None:
        self._backlog = self._store.backlog()
        self._next_id = self._store.last_id() + 1

    def _write(self, jobs: list[Job]) -> None:
        if self._failing is not None:
            self._next_id = self._store.last_id() + 1
        taken, rows = self._admit(jobs)
        with self._marks_lock:
            marks = list(self._marks.values())
        if not rows and not marks and self._failing is None:
            return
        started = time.perf_counter()
        try:
            self._store.commit(rows, marks, probe=self._failing is not None)
        except sqlite3.Error as exc:
            self._fail(taken, exc)
            return
        COMMIT_SECONDS.observe(time.perf_counter() - started)
        self._committed(rows, marks)
        if rows:
            self._on_committed(rows, taken)

    def _admit(self, jobs: list[Job]) -> tuple[list[Job], list[Row]]:
        """Take what fits; the others are told that the spool is full."""
        taken, rows, turned_away = list[Job](), list[Row](), list[Answer]()
        size = refused = 0
        now_ms = self._clock.now_ms()
        for job in jobs:
            if not self._fits(len(rows) + len(job.records), size + job.size):
                waiting, parked, bytes_ = self._backlog
                full = TransientError("CL-1401", rows=waiting + parked, bytes=bytes_)
                turned_away.append((job.waiter, full))
                refused += len(job.records)
                continue
            for row_id, (key, value, packed, _) in enumerate(
                job.records, self._next_id + len(rows)
            ):
                rows.append(Row(row_id, job.topic, key, value, packed, now_ms))
            taken.append(job)
            size += job.size
        if turned_away:
            REJECTED.labels("full").inc(refused)
            answer(turned_away)
        return taken, rows

    def _fits(self, rows: int, size: int) -> bool:
        limits, (waiting, parked, bytes_) = self._limits, self._backlog
        return waiting + parked + rows <= limits.max_rows and bytes_ + size <= limits.max_bytes

    def _committed(self, rows: Sequence[Row], marks: Sequence[Mark]) -> None:
        self._next_id += len(rows)
        gone = [mark.size for mark in marks if mark.state is RowState.DELIVERED]
        waiting, parked, size = self._backlog
        self._backlog = Backlog(
            waiting + len(rows) - len(marks),
            parked + len(marks) - len(gone),
            size + sum(row.size for row in rows) - sum(gone),
        )
        with self._marks_lock:
            for mark in marks:
                del self._marks[mark.id]
        if self._failing is not None:
            log.info("spool_writable_again")
            self._failing = None
            self._count()
            self._on_recovered()

    def _fail(self, jobs: Sequence[Job], exc: sqlite3.Error) -> None:
        # SQLite's own words for what happened, never a value.
        reason = exc.sqlite_errorname
        if self._failing is None:
            log.error("spool_not_writable", reason=reason)
        self._failing = reason
        REJECTED.labels("disk").inc(sum(len(job.records) for job in jobs))
        answer((job.waiter, TransientError("CL-1402", reason=reason)) for job in jobs)

    def _prune(self) -> bool:
        """Delete some old delivered records; return whether there may be more."""
        before_ms = self._clock.now_ms() - self._limits.keep_ms
        try:
            return self._store.prune(before_ms, _PRUNE_ROWS) == _PRUNE_ROWS
        except sqlite3.Error as exc:
            self._fail((), exc)
            return False
