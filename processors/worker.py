"""The fold as a whole: takes partitions, folds batches, gives partitions back."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from functools import partial

from confluent_kafka import Message

from consentlog.observability.logging import get_logger
from consentlog.protocol.writer import PartitionWriter
from consentlog.wire.build import Hole
from processors.catch_up import CatchUp
from processors.folding import Folded, fold_records
from processors.held import review_of_hole
from processors.loop import call_on
from processors.metrics import END_TO_END, EVENTS_HELD, STATES_WRITTEN
from processors.outbox import Outbox
from processors.partition import OwnedPartition, Pending
from processors.transport import Batch, Ownership
from processors.views import StateReader, View

_log = get_logger(__name__)


class FoldWorker:
    """Everything between the transport's batches and the outbox.

    Args:
        outbox: Where records go.
        reader: Loads and follows the own state partitions.
        catch_up: Puts a loaded view right.
    """

    def __init__(self, outbox: Outbox, reader: StateReader, catch_up: CatchUp) -> None:
        self._outbox = outbox
        self._reader = reader
        self._catch_up = catch_up
        self._owned: dict[int, OwnedPartition] = {}
        self.has_joined = False

    def owned(self) -> list[OwnedPartition]:
        """Return the partitions owned now."""
        return list(self._owned.values())

    def is_ready(self) -> bool:
        """Tell whether every owned partition has its view and reported progress once."""
        return self.has_joined and all(part.appended_ms > 0 for part in self.owned())

    async def on_assigned(self, gained: Sequence[Ownership]) -> None:
        """Load the views of partitions just gained and put them right, before any record comes."""
        loop = asyncio.get_running_loop()
        views = await asyncio.gather(*(self._load(ownership) for ownership in gained))
        parts = [part for part, _ in views]
        await loop.run_in_executor(None, self._catch_up.check, parts)
        await asyncio.gather(
            *(
                loop.run_in_executor(None, self._catch_up.put_right, part, view.progress_ms)
                for part, view in views
            )
        )
        for part in parts:
            if part.ownership.live:
                part.begin()
        self.has_joined = True

    async def on_revoked(self, lost: Sequence[Ownership]) -> None:
        """Forget the views of partitions given back."""
        for ownership in lost:
            part = self._owned.get(ownership.partition)
            if part is not None and part.ownership is ownership:
                self._reader.drop(ownership.partition)
                del self._owned[ownership.partition]

    def handle(self, batch: Batch, ack: Callable[[], object]) -> None:
        """Fold one batch; it is acknowledged when all that came of it is delivered.

        Args:
            batch: Records of one partition, or a hole.
            ack: Acknowledges it; called on another thread.
        """
        part = self._owned.get(batch.partition)
        if part is None or part.ownership is not batch.ownership or not batch.ownership.live:
            # Not acknowledged: its next owner reads it again.
            return
        if batch.hole is not None:
            folded = self._hole(part, Hole(*batch.hole))
            began_ms, last_value = 0, None
        else:
            folded = fold_records(part.writer, batch.records)
            began_ms, last_value = batch.records[0].timestamp()[1], batch.records[-1].value() or b""
        pending = Pending(
            len(folded), batch.next_offset, last_value, _measured(ack, began_ms, len(folded.writes))
        )
        part.begin_delivery(pending)
        self._send(part, folded, pending)

    def _send(self, part: OwnedPartition, folded: Folded, pending: Pending) -> None:
        def delivered(_message: Message) -> None:
            part.delivered(pending)

        self._outbox.states(part.number, folded.writes, delivered)
        for review in folded.reviews:
            self._outbox.review(review, delivered)

    def _hole(self, part: OwnedPartition, hole: Hole) -> Folded:
        now_ms = time.time_ns() // 1_000_000
        review = review_of_hole(part.ownership.topic, part.number, hole, now_ms)
        EVENTS_HELD.labels(review.reason).inc()
        _log.error("hole_in_log", partition=part.number, first=hole.first, last=hole.last)
        return Folded([part.writer.hole(hole.first, hole.last)], [review])

    async def _load(self, ownership: Ownership) -> tuple[OwnedPartition, View]:
        loop, loaded = asyncio.get_running_loop(), asyncio.Event()
        writer = PartitionWriter(ownership.partition, os.urandom(16))
        part = OwnedPartition(ownership, writer, self._outbox)
        self._owned[ownership.partition] = part
        view = View(
            ownership.partition,
            writer,
            on_loaded=lambda: call_on(loop, loaded.set),
            on_followed=lambda records: call_on(loop, partial(part.follow, records)),
        )
        self._reader.take(view)
        await loaded.wait()
        return part, view


def _measured(ack: Callable[[], object], began_ms: int, states: int) -> Callable[[], object]:
    def finish() -> None:
        ack()
        STATES_WRITTEN.labels("event").inc(states)
        if began_ms:
            END_TO_END.observe(max(0.0, time.time() - began_ms / 1000))

    return finish
