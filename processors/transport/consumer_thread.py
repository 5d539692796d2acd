"""The one thread that owns the librdkafka consumer: polls, hands out, commits, watches.

A thread of its own, because polling must not wait for the event loop nor the loop for a poll.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from consentlog.observability.logging import get_logger
from processors.transport.batch import Batch, runs
from processors.transport.commits import Commits
from processors.transport.exit import Exit, ExitCode
from processors.transport.faults import exit_code, exit_code_of
from processors.transport.gaps import first_record_between
from processors.transport.ownership import Delivery, Holdings, Ownership
from processors.transport.rebalance import Patience, Rebalance, Rebalanced
from processors.transport.settings import TransportSettings, librdkafka_config
from processors.transport.watchdog import Watchdog

_log = get_logger(__name__)

_POLL_SECONDS: Final = 0.1
_WATCH_SECONDS: Final = 1.0


class ConsumerThread:
    """Reads the subscribed topics into batches.

    Args:
        settings: Where and how.
        deliver: Hands a batch to the event loop; returns what its acknowledgement turns up on.
        post: Tells the event loop of a change of hands.
        exit_: Ends the process.
    """

    def __init__(
        self,
        settings: TransportSettings,
        *,
        deliver: Callable[[Batch], Delivery],
        post: Callable[[Rebalanced], None],
        exit_: Exit,
    ) -> None:
        self.holdings = Holdings()
        self.beat = time.monotonic()
        self.closed = threading.Event()
        self._settings = settings
        self._deliver = deliver
        self._exit = exit_
        self._acked = threading.Event()
        self._commands: deque[Callable[[Consumer], None]] = deque()
        self._patience = Patience.FOR_ALL
        self._stopping = False
        self._watch_at = 0.0
        self._commits = Commits(self.holdings, settings.commit_interval_ms / 1000)
        self._watchdog = Watchdog(settings.stall_seconds)
        self._rebalance = Rebalance(
            settings,
            self.holdings,
            self._acked,
            post=post,
            patience=lambda: self._patience,
            exit_=exit_,
        )
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)

    def start(self) -> None:
        """Start polling."""
        self._thread.start()

    def subscribe(self, topics: Sequence[str]) -> None:
        """Join the group for these topics, in place of earlier ones. From any thread."""
        callbacks = self._rebalance
        self._commands.append(
            lambda consumer: consumer.subscribe(
                list(topics),
                on_assign=callbacks.on_assign,
                on_revoke=callbacks.on_revoke,
                on_lost=callbacks.on_lost,
            )
        )

    def resume(self, ownerships: Iterable[Ownership]) -> None:
        """Let records of these partitions come: their views are loaded. From any thread."""
        self._commands.append(lambda consumer: _resume(consumer, list(ownerships)))

    def wake(self) -> None:
        """Say that a batch was acknowledged. From any thread."""
        self._acked.set()

    def commit(self) -> None:
        """Commit at the next turn instead of after the interval. From any thread."""
        self._commits.hurry()

    def expect_stop(self) -> None:
        """Stop waiting for batches that no agent has taken. From any thread."""
        if self._patience is Patience.FOR_ALL:
            self._patience = Patience.FOR_TAKEN

    def stop(self, patience: Patience) -> None:
        """Drain, commit, leave the group; `closed` is set after that. From any thread."""
        self._patience = patience
        self._stopping = True
        self._acked.set()

    def _run(self) -> None:
        try:
            consumer = Consumer(
                {
                    **librdkafka_config(self._settings),
                    "on_commit": self._commits.on_commit,
                    "error_cb": self._on_error,
                    "logger": logging.getLogger("librdkafka"),
                }
            )
            while not self._stopping:
                self._turn(consumer)
            self._leave(consumer)
            self.closed.set()
        except Exception as exc:  # noqa: BLE001  # the top of a thread: nobody above to handle it
            self._exit(exit_code_of(exc), "consumer_thread_failed", {"error": repr(exc)})

    def _leave(self, consumer: Consumer) -> None:
        """Give everything back while the client still lives, then close it.

        `close` alone would call `on_revoke` too, but with the client already being destroyed: in
        the middle of a rebalance its commit was refused now and then, and once `close` hung.
        """
        consumer.unsubscribe()
        while any(True for _ in self.holdings):
            consumer.poll(_POLL_SECONDS)  # what it returns was not handed out: the next owner's
        consumer.close()

    def _turn(self, consumer: Consumer) -> None:
        self.beat = time.monotonic()
        while self._commands:
            self._commands.popleft()(consumer)
        outstanding = sum(owned.advance() for owned in self.holdings)
        self._commits.send_due(consumer, self.beat)
        self._watch_due(consumer)
        if outstanding >= self._settings.max_outstanding_batches:
            # Back-pressure is not polling: librdkafka prefetches up to its own limit meanwhile.
            self._acked.wait(0.05)
            self._acked.clear()
            return
        self._take(self._fetch(consumer))

    def _fetch(self, consumer: Consumer) -> list[Message]:
        # `consume(n, t)` alone would wait the whole t for n records.
        first = consumer.poll(_POLL_SECONDS)
        if first is None:
            return []
        return [first, *consumer.consume(self._settings.max_batch_records - 1, 0)]

    def _take(self, messages: Iterable[Message]) -> None:
        """Hand out a fetch, partition by partition."""
        fetched: dict[tuple[str, int], list[Message]] = {}
        ends: dict[tuple[str, int], int] = {}
        for message in messages:
            error = message.error()
            where = message.topic() or "", message.partition() or 0
            if error is None:
                fetched.setdefault(where, []).append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                ends[where] = message.offset() or 0
            else:
                self._on_error(error)
        for (topic, partition), records in fetched.items():
            self._hand_out(self.holdings.get(topic, partition), records)
        for (topic, partition), end in ends.items():
            self._hand_out_end(self.holdings.get(topic, partition), end)

    def _hand_out(self, owned: Ownership | None, records: list[Message]) -> None:
        # A fetch can hold records of a partition that was revoked within the same call: they are
        # neither delivered nor committed here, so their next owner reads them.
        if owned is None or not owned.ready:
            _log.info("records_of_others_ignored", records=len(records))
            return
        offsets = [message.offset() or 0 for message in records]
        for run in runs(offsets, owned.next_offset):
            if run.begin == run.end:
                self._hand_out_hole(owned, run.first_offset, run.next_offset)
            else:
                held = records[run.begin : run.end]
                self._hand(Batch(owned, run.first_offset, run.next_offset, held))

    def _hand_out_hole(self, owned: Ownership, first: int, end: int) -> None:
        found = self._reread(owned, first, end)
        if found is not None:
            self._exit(
                ExitCode.RECORDS_DROPPED,
                "records_dropped",
                {"partition": owned.partition, "expected": first, "got": end, "found": found},
            )
        self._hand(Batch(owned, first, end))

    def _hand_out_end(self, owned: Ownership | None, end: int) -> None:
        """Notice a hole at the very end, which no later record would show for a long time."""
        if owned is None or not owned.ready or end <= owned.next_offset:
            return
        # Records that are there after all are still on their way.
        if self._reread(owned, owned.next_offset, end) is None:
            self._hand(Batch(owned, owned.next_offset, end))

    def _reread(self, owned: Ownership, first: int, end: int) -> int | None:
        _log.warning("offsets_missing", partition=owned.partition, first=first, end=end)
        return first_record_between(self._settings, owned.topic, owned.partition, first, end)

    def _hand(self, batch: Batch) -> None:
        batch.ownership.hand_out(self._deliver(batch), batch.next_offset)

    def _watch_due(self, consumer: Consumer) -> None:
        if self.beat < self._watch_at:
            return
        self._watch_at = self.beat + _WATCH_SECONDS
        for owned in self.holdings:
            where = TopicPartition(owned.topic, owned.partition)
            owned.observe_end(consumer.get_watermark_offsets(where, cached=True)[1])
        stuck = self._watchdog.stuck(self.holdings)
        if stuck is not None:
            self._exit(
                ExitCode.STUCK,
                "committed_offset_stands_still",
                {
                    "partition": stuck.partition,
                    "committed": stuck.committed,
                    "committable": stuck.committable,
                    "next_offset": stuck.next_offset,
                    "log_end": stuck.log_end,
                },
            )

    def _on_error(self, error: KafkaError) -> None:
        code = exit_code(error)
        if code is not None:
            self._exit(code, "kafka_error", {"error": error.str(), "name": error.name()})
        _log.warning("kafka_error", error=error.str(), name=error.name())


def _resume(consumer: Consumer, ownerships: Sequence[Ownership]) -> None:
    live = [owned for owned in ownerships if owned.live]
    for owned in live:
        owned.ready = True
    if live:
        consumer.resume([TopicPartition(o.topic, o.partition) for o in live])
