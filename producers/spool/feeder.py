"""Brings what is spooled to the log: at once where it can, from disk where it could not.

A record that was just committed goes straight to the producer; one that found it full, failed, or
was left by an earlier process is read from disk, in the order of acceptance. One thread waits for
the broker's reports, answers requests, and tells those that waited long enough that they are
spooled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count, islice
from typing import Final, NamedTuple, Protocol

from confluent_kafka import KafkaError, KafkaException, Message

from consentlog.observability.logging import get_logger
from consentlog.ports import Clock, Delivered, Position
from producers.publish import Publisher, error_of, is_for_good
from producers.spool.exits import ends_process
from producers.spool.jobs import SPOOLED, Answer, Asked, Headers, Job, answer
from producers.spool.lane import Lane
from producers.spool.metrics import ANSWERS
from producers.spool.record import Mark, Row, RowState, unpack_headers
from producers.spool.store import SpoolStore

_POLL_S: Final = 0.02
_PAGE: Final = 500
_FLUSHED_WITHIN_S: Final = 3.0

log = get_logger(__name__)


class Marks(Protocol):
    """Where what became of a record is written; see `commits.CommitThread`."""

    def mark(self, marks: Iterable[Mark]) -> None:
        """Queue what became of records."""
        ...

    def unwritten(self) -> frozenset[int]:
        """Return the records that are settled, but still lie in the file as waiting."""
        ...


class _Report(NamedTuple):
    """What the broker told of one record."""

    lane: Lane
    row_id: int
    error: KafkaError | None
    partition: int | None
    offset: int | None


class Feeder:
    """Hands records to the producer and settles them.

    Args:
        store: Where records wait.
        publisher: Takes them to the log.
        clock: When a record was settled.
    """

    def __init__(self, store: SpoolStore, publisher: Publisher, clock: Clock) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._marks: Marks | None = None
        self._tick: Callable[[], None] = lambda: None
        self._lock = threading.RLock()
        self._lanes = {topic: Lane(topic, tip) for topic, tip in store.tips().items()}
        self._asked: dict[int, Asked] = {}
        self._deadlines: list[tuple[float, int, Asked]] = []
        self._numbers = count()
        self._answers: list[Answer] = []
        self._reports: list[_Report] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spool-feeder", daemon=True)

    def attach(self, marks: Marks, tick: Callable[[], None]) -> None:
        """Connect it, before it starts.

        Args:
            marks: Where what became of a record is written.
            tick: Called about fifty times a second, from the feeder's thread.
        """
        self._marks, self._tick = marks, tick

    def start(self) -> None:
        """Start sending, first what an earlier process left."""
        self._thread.start()

    def stop(self) -> None:
        """Wait a little for what is under way, and end; the rest stays on disk."""
        self._stopping.set()
        self._thread.join()

    def committed(self, rows: Sequence[Row], jobs: Sequence[Job]) -> None:
        """Take records that are on disk now; called from the thread that wrote them."""
        now = time.monotonic()
        left = iter(rows)
        for job in jobs:
            mine = list(islice(left, len(job.records)))
            asked = Asked(job.waiter, mine[0].id, len(mine))
            # Lock and unlock for each job: a report need not wait for all of them.
            with self._lock:
                deadline = now + job.within_s - _POLL_S
                heappush(self._deadlines, (deadline, next(self._numbers), asked))
                lane = self._lanes.setdefault(job.topic, Lane(job.topic))
                for row, record in zip(mine, job.records, strict=True):
                    self._asked[row.id] = asked
                    in_step = lane.is_in_step
                    lane.tip = row.id
                    if in_step:
                        self._hand_over(lane, row, record.headers)

    def rescan(self) -> None:
        """Look at everything that waits, again; called from the thread that writes."""
        tips = self._store.tips()
        with self._lock:
            for topic, tip in tips.items():
                self._lanes.setdefault(topic, Lane(topic)).start_over(tip)

    @ends_process("spool_feeder_failed")
    def _run(self) -> None:
        while not self._stopping.is_set():
            self._publisher.poll(_POLL_S)
            self._take_reports()
            self._answer()
            if self._publisher.has_failed:
                self._publisher.restart()
                self._take_reports()
            for lane in list(self._lanes.values()):
                self._fill(lane)
            self._tick()
        self._publisher.flush(_FLUSHED_WITHIN_S)
        self._take_reports()
        self._answer(everybody=True)

    def _fill(self, lane: Lane) -> None:
        with self._lock:
            room, after, tip = lane.room(time.monotonic()), lane.cursor, lane.tip
        if not room:
            return
        settled = self._written_by().unwritten()
        # Not beyond the tip: what was written since is handed over by the thread that wrote it.
        rows = self._store.page(lane.topic, after, tip, min(room, _PAGE))
        with self._lock:
            for row in rows:
                if row.id in settled:
                    lane.cursor = row.id
                elif not self._hand_over(lane, row, unpack_headers(row.headers)):
                    return
            if len(rows) < min(room, _PAGE):
                lane.cursor = max(lane.cursor, tip)

    def _hand_over(self, lane: Lane, row: Row, headers: Headers) -> bool:
        """Give one record to the producer; False if it takes none now."""
        report = partial(self._reported, lane, row.id)
        try:
            self._publisher.produce(row.topic, row.key, row.value, report, headers)
        except BufferError:
            return False
        except KafkaException as exc:
            if not is_for_good(error_of(exc)):
                lane.pause(time.monotonic())
                return False
            lane.cursor = row.id
            now_ms = self._clock.now_ms()
            self._settle([self._parked(lane, row.id, row.size, error_of(exc), now_ms)])
            return True
        lane.hand_over(row.id, row.size)
        return True

    def _reported(
        self, lane: Lane, row_id: int, error: KafkaError | None, message: Message
    ) -> None:
        # Called for each record while the producer is polled: what is done about it can wait for
        # the others that come with it.
        offset = message.offset()
        self._reports.append(_Report(lane, row_id, error, message.partition(), offset))

    def _take_reports(self) -> None:
        """Settle all that the broker told of; locks and clocks cost more than a record does."""
        reports, self._reports = self._reports, []
        if not reports:
            return
        now_ms = self._clock.now_ms()
        with self._lock:
            self._settle([mark for one in reports if (mark := self._settled(one, now_ms))])

    def _settled(self, report: _Report, now_ms: int) -> Mark | None:
        lane, row_id, error, partition, offset = report
        if error is None:
            size = lane.delivered(row_id)
            # A repeat that the broker had already has no offset: it is in the log, nobody says
            # where, and a token made up for it would be visible before the refusal is.
            if partition is None or offset is None or offset < 0:
                self._tell(row_id, SPOOLED)
                return Mark(row_id, RowState.DELIVERED, now_ms, size, partition)
            self._tell(row_id, Delivered(Position(partition, offset)))
            return Mark(row_id, RowState.DELIVERED, now_ms, size, partition, offset)
        if is_for_good(error):
            alone = lane.refused(row_id)
            return None if alone is None else self._parked(lane, row_id, alone, error, now_ms)
        if lane.failed(row_id, time.monotonic()):
            log.warning("records_not_delivered", topic=lane.topic, reason=error.name())
        return None

    def _parked(self, lane: Lane, row_id: int, size: int, error: KafkaError, now_ms: int) -> Mark:
        log.error(
            "record_parked", code="CL-1404", row=row_id, topic=lane.topic, reason=error.name()
        )
        self._tell(row_id, SPOOLED)
        return Mark(row_id, RowState.PARKED, now_ms, size, reason=error.name())

    def _settle(self, marks: Sequence[Mark]) -> None:
        self._written_by().mark(marks)

    def _written_by(self) -> Marks:
        assert self._marks is not None  # noqa: S101  # attach() comes before start()
        return self._marks

    def _tell(self, row_id: int, delivered: Delivered) -> None:
        asked = self._asked.pop(row_id, None)
        if asked is not None and asked.tell(row_id, delivered):
            self._answers.append(asked.answer)

    def _answer(self, *, everybody: bool = False) -> None:
        now = time.monotonic()
        with self._lock:
            while self._deadlines and (everybody or self._deadlines[0][0] <= now):
                self._give_up(heappop(self._deadlines)[2])
            answers, self._answers = self._answers, []
        if answers:
            told = [one.spooled for _, found in answers if isinstance(found, list) for one in found]
            ANSWERS.labels("spooled").inc(sum(told))
            ANSWERS.labels("token").inc(len(told) - sum(told))
            answer(answers)

    def _give_up(self, asked: Asked) -> None:
        """Answer a job whose time is over, if it is not answered yet."""
        if asked.left:
            for row_id in range(asked.first_id, asked.first_id + len(asked.results)):
                self._asked.pop(row_id, None)
            asked.left = 0
            self._answers.append(asked.answer)
