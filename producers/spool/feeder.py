"""Brings what is spooled to the log: at once where it can, from disk where it could not.

A record that was just committed goes straight to the producer; one that found it full, failed, or
was left by an earlier process is read from disk, in the order of acceptance. One thread waits for
the broker's reports, answers requests, and tells those that waited long enough that they are
spooled.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from confluent_kafka import KafkaError, KafkaException, Message

from consentlog.observability.logging import get_logger
from consentlog.ports import Clock, Delivered, Position
from producers.publish import Publisher, error_of, is_for_good
from producers.spool.exits import ends_process
from producers.spool.jobs import Answer, Job, answer
from producers.spool.lane import Lane
from producers.spool.metrics import SPOOLED
from producers.spool.record import Mark, Row, RowState, unpack_headers
from producers.spool.store import SpoolStore

ACKNOWLEDGED_WITHIN_S: Final = 0.25
"""From the commit on; a caller that waits longer is told that it is spooled."""
_POLL_S: Final = 0.02
_PAGE: Final = 500
_FLUSHED_WITHIN_S: Final = 3.0

log = get_logger(__name__)


class Marks(Protocol):
    """Where what became of a record is written; see `commits.CommitThread`."""

    def mark(self, mark: Mark) -> None:
        """Queue what became of a record."""
        ...

    def unwritten(self) -> frozenset[int]:
        """Return the records that are settled, but still lie in the file as waiting."""
        ...


class Feeder:
    """Hands records to the producer and settles them.

    Args:
        store: Where records wait.
        publisher: Takes them to the log.
        clock: When a record was settled.
        within_s: How long a request waits for the broker, from the commit on.
    """

    def __init__(
        self,
        store: SpoolStore,
        publisher: Publisher,
        clock: Clock,
        within_s: float = ACKNOWLEDGED_WITHIN_S,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._within_s = within_s
        self._marks: Marks | None = None
        self._tick: Callable[[], None] = lambda: None
        self._lock = threading.RLock()
        self._lanes = {topic: Lane(topic, tip) for topic, tip in store.tips().items()}
        self._jobs: dict[int, Job] = {}
        self._deadlines: deque[tuple[float, int]] = deque()
        self._answers: list[Answer] = []
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
        deadline = time.monotonic() + self._within_s - _POLL_S
        with self._lock:
            for row, job in zip(rows, jobs, strict=True):
                self._jobs[row.id] = job
                self._deadlines.append((deadline, row.id))
                lane = self._lanes.setdefault(row.topic, Lane(row.topic))
                in_step = lane.is_in_step
                lane.tip = row.id
                if in_step:
                    self._hand_over(lane, row)

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
            self._answer()
            if self._publisher.has_failed:
                self._publisher.restart()
            for lane in list(self._lanes.values()):
                self._fill(lane)
            self._tick()
        self._publisher.flush(_FLUSHED_WITHIN_S)
        self._answer(everybody=True)

    def _fill(self, lane: Lane) -> None:
        with self._lock:
            room, after, tip = lane.room(time.monotonic()), lane.cursor, lane.tip
        if not room:
            return
        settled = self._written_by().unwritten()
        rows = self._store.page(lane.topic, after, min(room, _PAGE))
        with self._lock:
            for row in rows:
                if row.id in settled:
                    lane.cursor = row.id
                elif not self._hand_over(lane, row):
                    return
            if len(rows) < min(room, _PAGE):
                lane.cursor = max(lane.cursor, tip)

    def _hand_over(self, lane: Lane, row: Row) -> bool:
        """Give one record to the producer; False if it takes none now."""
        report = partial(self._settled, lane, row.id)
        try:
            headers = unpack_headers(row.headers)
            self._publisher.produce(row.topic, row.key, row.value, report, headers)
        except BufferError:
            return False
        except KafkaException as exc:
            if not is_for_good(error_of(exc)):
                lane.pause(time.monotonic())
                return False
            lane.cursor = row.id
            self._park(lane, row.id, row.size, error_of(exc))
            return True
        lane.hand_over(row.id, row.size)
        return True

    def _settled(self, lane: Lane, row_id: int, error: KafkaError | None, message: Message) -> None:
        with self._lock:
            if error is None:
                self._delivered(lane, row_id, message)
            elif not is_for_good(error):
                if lane.failed(row_id, time.monotonic()):
                    log.warning("records_not_delivered", topic=lane.topic, reason=error.name())
            elif (size := lane.refused(row_id)) is not None:
                self._park(lane, row_id, size, error)

    def _delivered(self, lane: Lane, row_id: int, message: Message) -> None:
        partition, offset = message.partition(), message.offset()
        # A repeat that the broker had already has no offset: it is in the log, nobody says where,
        # and a token made up for it would be visible before the refusal is.
        known = partition is not None and offset is not None and offset >= 0
        self._settle(
            Mark(
                row_id,
                RowState.DELIVERED,
                self._clock.now_ms(),
                lane.delivered(row_id),
                partition,
                offset if known else None,
            )
        )
        if known and partition is not None and offset is not None:
            self._tell(row_id, Delivered(Position(partition, offset)))
        else:
            self._tell(row_id, Delivered(spooled=True))

    def _park(self, lane: Lane, row_id: int, size: int, error: KafkaError) -> None:
        log.error(
            "record_parked", code="CL-1404", row=row_id, topic=lane.topic, reason=error.name()
        )
        now_ms = self._clock.now_ms()
        self._settle(Mark(row_id, RowState.PARKED, now_ms, size, reason=error.name()))
        self._tell(row_id, Delivered(spooled=True))

    def _settle(self, mark: Mark) -> None:
        self._written_by().mark(mark)

    def _written_by(self) -> Marks:
        assert self._marks is not None  # noqa: S101  # attach() comes before start()
        return self._marks

    def _tell(self, row_id: int, delivered: Delivered) -> None:
        job = self._jobs.pop(row_id, None)
        if job is not None:
            self._answers.append((job, delivered))

    def _answer(self, *, everybody: bool = False) -> None:
        now = time.monotonic()
        with self._lock:
            while self._deadlines and (everybody or self._deadlines[0][0] <= now):
                self._tell(self._deadlines.popleft()[1], Delivered(spooled=True))
            answers, self._answers = self._answers, []
        if answers:
            spooled = sum(isinstance(what, Delivered) and what.spooled for _, what in answers)
            SPOOLED.labels("spooled").inc(spooled)
            SPOOLED.labels("token").inc(len(answers) - spooled)
            answer(answers)
