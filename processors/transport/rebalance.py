"""Taking partitions and giving them back, inside librdkafka's callbacks only.

Between two callbacks nothing changes hands, so a batch that was handed out belongs to its
partition's owner until it is acknowledged or the process ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from consentlog.observability.logging import get_logger
from processors.transport.exit import Exit, ExitCode
from processors.transport.faults import asked
from processors.transport.ownership import Holdings, Ownership
from processors.transport.settings import TransportSettings

_log = get_logger(__name__)

_COMMIT_SECONDS: Final = 5.0


class Patience(Enum):
    """What a revoke waits for before it commits and lets go."""

    FOR_ALL = auto()
    """Everything handed out: the worker goes on."""
    FOR_TAKEN = auto()
    """What an agent has taken: the worker stops, and the rest stays unread in Faust's queues."""
    FOR_NOTHING = auto()
    """The event loop is gone and nobody will acknowledge any more."""


@dataclass(frozen=True, slots=True)
class Rebalanced:
    """A change of hands, for the event loop."""

    held: tuple[Ownership, ...]
    gained: tuple[Ownership, ...] = ()
    lost: tuple[Ownership, ...] = ()


class Rebalance:
    """librdkafka's three callbacks.

    Args:
        settings: Limits.
        holdings: Changed here and nowhere else.
        acked: Set whenever a batch was acknowledged.
        post: Tells the event loop.
        patience: What a revoke waits for now.
        exit_: Ends the process.
    """

    def __init__(  # noqa: PLR0913  # built in one place, every part a different kind
        self,
        settings: TransportSettings,
        holdings: Holdings,
        acked: threading.Event,
        *,
        post: Callable[[Rebalanced], None],
        patience: Callable[[], Patience],
        exit_: Exit,
    ) -> None:
        self._settings = settings
        self._holdings = holdings
        self._acked = acked
        self._post = post
        self._patience = patience
        self._exit = exit_

    def on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take partitions, paused until their views are loaded."""
        gained = tuple(self._owned(consumer, p) for p in self._committed(consumer, partitions))
        starts = [TopicPartition(o.topic, o.partition, o.start) for o in gained]
        consumer.incremental_assign(starts)
        if starts:
            consumer.pause(starts)
        self._holdings.add(gained)
        _log.info("partitions_assigned", starts={o.partition: o.start for o in gained})
        self._post(Rebalanced(tuple(self._holdings), gained=gained))

    def on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Wait for what is outstanding, commit it, give the partitions back."""
        found = (self._holdings.get(p.topic, p.partition) for p in partitions)
        lost = tuple(owned for owned in found if owned is not None)
        began = time.monotonic()
        self._settle(consumer, lost)
        self._holdings.remove(lost)
        consumer.incremental_unassign(partitions)
        _log.info(
            "partitions_revoked",
            committable={o.partition: o.committable for o in lost},
            seconds=round(time.monotonic() - began, 3),
        )
        self._post(Rebalanced(tuple(self._holdings), lost=lost))

    def _settle(self, consumer: Consumer, lost: Sequence[Ownership]) -> None:
        """Wait for what is outstanding and commit it; after that these are owned no more."""
        self._drain(lost)
        for owned in lost:
            owned.live = False
        self._commit_last(consumer, lost)

    def on_lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """End the process: somebody else may be folding these partitions already."""
        lost = [p.partition for p in partitions]
        self._exit(ExitCode.UNEXPECTED, "partitions_lost", {"partitions": lost})

    def _committed(
        self, consumer: Consumer, partitions: list[TopicPartition]
    ) -> list[TopicPartition]:
        def answers() -> list[TopicPartition]:
            found = consumer.committed(partitions, timeout=5)
            for error in (p.error for p in found):
                if error is not None:
                    raise KafkaException(error)
            return found

        return asked(answers, self._settings.ask_seconds) if partitions else []

    def _owned(self, consumer: Consumer, committed: TopicPartition) -> Ownership:
        """Start at the committed offset, which must lie in the log; without one, at its first."""
        low, high = asked(
            lambda: consumer.get_watermark_offsets(committed, timeout=5),
            self._settings.ask_seconds,
        )
        start = low if committed.offset < 0 else committed.offset
        if not low <= start <= high:
            self._exit(
                ExitCode.LOG_TRUNCATED,
                "committed_offset_outside_log",
                {"partition": committed.partition, "committed": start, "low": low, "high": high},
            )
        owned = Ownership(committed.topic, committed.partition, start)
        owned.observe_end(high)
        return owned

    def _drain(self, lost: Sequence[Ownership]) -> None:
        deadline = time.monotonic() + self._settings.drain_seconds
        while (patience := self._patience()) is not Patience.FOR_NOTHING:
            taken_only = patience is Patience.FOR_TAKEN
            waiting = sum(owned.unfinished(taken_only=taken_only) for owned in lost)
            if not waiting:
                return
            if time.monotonic() > deadline:
                self._exit(ExitCode.STUCK, "revoke_not_drained", {"batches": waiting})
            self._acked.wait(0.01)
            self._acked.clear()

    def _commit_last(self, consumer: Consumer, lost: Sequence[Ownership]) -> None:
        """Commit what is done; if that is refused, the next owner does it again: harmless."""
        for owned in lost:
            owned.advance()
        done = [owned for owned in lost if owned.committable > owned.committed]
        offsets = [TopicPartition(o.topic, o.partition, o.committable) for o in done]
        if not offsets:
            return
        try:
            asked(lambda: consumer.commit(offsets=offsets, asynchronous=False), _COMMIT_SECONDS)
        except KafkaException as exc:
            _log.warning("last_commit_refused", error=exc.args[0].str())
        else:
            for owned in done:
                owned.committed = owned.committable
