"""The sink's one thread: membership, settling, reading, inserting, in turns.

A turn never waits for long in any of them, so that a rebalance is served between two inserts and no
partition starves another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from consentlog.errors import FatalError, TransientError
from consentlog.observability.logging import get_logger
from consentlog.ports import Record
from sinks import metrics
from sinks.batch import build_batch
from sinks.buffer import Buffer, Limits
from sinks.exactness import check_exact
from sinks.partition import PartitionSink
from sinks.patience import Patience

_log = get_logger(__name__)
_READ_SECONDS: Final = 0.1
_LIVE_SECONDS: Final = 60.0


class Membership(Protocol):
    """The polled side of the group."""

    def poll(self) -> None:
        """Serve rebalances; never blocks."""
        ...


class Feed(Protocol):
    """The reading side of the log."""

    def follow(self, starts: Mapping[int, int]) -> None:
        """Read exactly these partitions from these offsets on."""
        ...

    def take(self, wait_s: float) -> list[Record]:
        """Return what has come."""
        ...

    def lost_connection(self) -> bool:
        """Tell once whether positions are in doubt."""
        ...


@dataclass(frozen=True, slots=True)
class Tuning:
    """Batch limits and seconds between exactness checks of a partition."""

    limits: Limits
    check_interval_s: float


@dataclass(slots=True)
class _Checked:
    verified: int
    at: float


class SinkLoop:
    """Owned partitions and what they wait for.

    Args:
        members: Membership to poll.
        feed: Records of the followed partitions.
        sink_of: The fenced steps of one partition.
        patience: What to do while a party does not answer.
        tuning: Batch limits and check interval.
        clock: Monotonic seconds.
    """

    def __init__(  # noqa: PLR0913  # the parties of the loop
        self,
        members: Membership,
        feed: Feed,
        sink_of: Callable[[int], PartitionSink],
        patience: Patience,
        tuning: Tuning,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._members = members
        self._feed = feed
        self._sink_of = sink_of
        self._patience = patience
        self._tuning = tuning
        self._clock = clock
        self._is_assigned = False
        self._unsettled: set[int] = set()
        self._buffers: dict[int, Buffer] = {}
        self._checked: dict[int, _Checked] = {}
        self._turned = clock()

    def own(self, partitions: frozenset[int] | None) -> None:
        """Take over exactly these partitions, all of them in doubt; called by the membership.

        Args:
            partitions: Perhaps none, if there are more sinks than partitions; None = between two
                assignments.
        """
        self._is_assigned = partitions is not None
        self._unsettled = set(partitions or ())
        self._buffers.clear()
        self._checked.clear()
        self._feed.follow({})
        metrics.OWNED.set(len(self._unsettled))
        metrics.SETTLED.set(0)

    @property
    def is_ready(self) -> bool:
        """Whether every owned partition is past its checks."""
        return self._is_assigned and not self._unsettled and not self._patience.is_waiting

    @property
    def is_live(self) -> bool:
        """Whether the loop turned in the last minute."""
        return self._clock() - self._turned < _LIVE_SECONDS

    def turn(self) -> None:
        """Do a little of everything.

        Raises:
            FatalError: Doubt that must end the process, see `PartitionSink`.
        """
        self._turned = self._clock()
        self._members.poll()
        if self._feed.lost_connection():
            self._doubt_all()
        if not self._patience.may_try():
            time.sleep(_READ_SECONDS)
            return
        try:
            self._settle()
            self._read()
            self._flush()
            self._verify()
        except TransientError as error:
            self._put_off(error)

    def _doubt_all(self) -> None:
        """Drop what was read and ask again: the log may not be the same any more."""
        self._unsettled |= set(self._buffers)
        self._buffers.clear()

    def _put_off(self, error: TransientError) -> None:
        # Whatever was under way has an unknown outcome, and what was taken from the feed beside it
        # is gone: every partition starts over, like a new owner's.
        self._doubt_all()
        wait_s = self._patience.failed()
        metrics.WAITING.set(1)
        metrics.RETRIES.labels(error.entry.name).inc()
        _log.warning("inserts_put_off", code=error.code, reason=str(error), wait_seconds=wait_s)

    def _answered(self) -> None:
        if self._patience.is_waiting:
            self._patience.succeeded()
            metrics.WAITING.set(0)
            _log.info("inserts_go_on")

    def _settle(self) -> None:
        if not self._unsettled:
            return
        for partition in sorted(self._unsettled):
            sink = self._sink_of(partition)
            next_offset = sink.settle()
            first = sink.first_in_doubt(next_offset)
            self._unsettled.discard(partition)
            self._buffers[partition] = Buffer(next_offset, self._tuning.limits, self._clock)
            self._checked.setdefault(partition, _Checked(first, self._clock()))
            metrics.NEXT_OFFSET.labels(partition).set(next_offset)
            self._answered()
        metrics.SETTLED.set(len(self._buffers))
        self._feed.follow({p: one.expected for p, one in self._buffers.items()})
        _log.info("partitions_settled", next={p: one.start for p, one in self._buffers.items()})

    def _read(self) -> None:
        for record in self._feed.take(_READ_SECONDS):
            buffer = self._buffers.get(record.partition)
            if buffer is None or record.offset < buffer.expected:
                continue
            if record.offset > buffer.expected:
                self._pass_hole(record, buffer)
            buffer.add(record)
            if buffer.is_full:
                self._write(record.partition, buffer)

    def _flush(self) -> None:
        for partition, buffer in self._buffers.items():
            if buffer.is_due:
                self._write(partition, buffer)

    def _write(self, partition: int, buffer: Buffer) -> None:
        batch = build_batch(buffer.records)
        records = buffer.records
        started = self._clock()
        self._sink_of(partition).write(batch)
        buffer.restart(batch.intent.last + 1)
        self._answered()
        metrics.note_batch(partition, batch, records, self._clock() - started)

    def _pass_hole(self, record: Record, buffer: Buffer) -> None:
        """Note offsets without record, once the log itself has confirmed them."""
        if buffer.records:
            self._write(record.partition, buffer)
        first, last = buffer.expected, record.offset - 1
        sink = self._sink_of(record.partition)
        if sink.log.read(record.partition, first, last):
            raise FatalError("CL-4107", partition=record.partition, first=first, last=last)
        sink.fence.check()
        sink.history.record_hole(record.partition, first, last)
        _log.warning("hole_noted", partition=record.partition, first=first, last=last)
        metrics.HOLES.labels(record.partition).inc()
        buffer.restart(record.offset)

    def _verify(self) -> None:
        now = self._clock()
        for partition, checked in self._checked.items():
            buffer = self._buffers.get(partition)
            if buffer is None or now - checked.at < self._tuning.check_interval_s:
                continue
            check_exact(self._sink_of(partition).history, partition, checked.verified, buffer.start)
            self._checked[partition] = _Checked(buffer.start, now)
            return  # one a turn
