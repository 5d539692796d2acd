"""Commits the end of each acknowledged prefix, and asks again when a commit is refused."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaError, TopicPartition

from consentlog.observability.logging import get_logger
from processors.transport.ownership import Holdings

_log = get_logger(__name__)


class Commits:
    """Asynchronous commits of the consumer thread.

    Args:
        holdings: What is owned now.
        interval_seconds: Time between two commits.
    """

    def __init__(self, holdings: Holdings, interval_seconds: float) -> None:
        self._holdings = holdings
        self._interval_seconds = interval_seconds
        self._due_at = 0.0

    def hurry(self) -> None:
        """Make the next commit due now. From any thread."""
        self._due_at = 0.0

    def send_due(self, consumer: Consumer, now: float) -> None:
        """Commit what was acknowledged since the last time, if the interval is over.

        Args:
            consumer: The consumer, on its own thread.
            now: Monotonic seconds.
        """
        if now < self._due_at:
            return
        self._due_at = now + self._interval_seconds
        due = [owned for owned in self._holdings if owned.committable > owned.sent]
        for owned in due:
            owned.sent = owned.committable
        offsets = [TopicPartition(o.topic, o.partition, o.sent) for o in due]
        if offsets:
            consumer.commit(offsets=offsets, asynchronous=True)

    def on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """Note what the broker answered; librdkafka calls this from `poll`."""
        for answer in partitions:
            owned = self._holdings.get(answer.topic, answer.partition)
            refused = error or answer.error
            if owned is None:
                continue
            if refused is None:
                owned.committed = max(owned.committed, answer.offset)
            else:
                # Usual during a cooperative rebalance (ILLEGAL_GENERATION): asked for again.
                owned.sent = owned.committed
                _log.info("commit_refused", partition=answer.partition, error=refused.str())
