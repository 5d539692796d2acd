"""Membership in the sink's group: who owns which partition, and whose intents count.

The member subscribes and commits but never reads; `sinks.feed` reads without a group. So the
committed offset is free to carry the intent, and a rebalance cannot disturb a fetch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consentlog.errors import FatalError, TransientError
from consentlog.kafka.library_log import LIBRARY_LOG
from consentlog.observability.logging import get_logger
from sinks.intent import Intent

_log = get_logger(__name__)

SESSION_TIMEOUT_MS: Final = 10_000
_ANSWER_SECONDS: Final = 10.0
_MAX_BLOCKED_MS: Final = 120_000
"""A turn of the loop may hang in one insert (20 s) and one commit (10 s); this is far more."""

# The coordinator says that this process is no longer, or not now, the one that may commit.
_NOT_OWNER: Final = frozenset(
    {
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError._ASSIGNMENT_LOST,
        KafkaError._FENCED,
    }
)


class KafkaGroup:
    """One subscribed member.

    Args:
        bootstrap: Broker addresses.
        group: Group id.
        topic: The events topic.
        on_change: Called with the owned partitions at each change, None while there are none to
            own; on the polling thread.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topic: str,
        on_change: Callable[[frozenset[int] | None], None],
    ) -> None:
        self._topic = topic
        self._on_change = on_change
        self._failure: KafkaError | None = None
        self._member_id = ""
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "client.id": "consentlog.sink.member",
                "group.id": group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # Eager: everything is given back at each change, so that there is one moment at
                # which an owner begins, and it always settles first.
                "partition.assignment.strategy": "roundrobin",
                "session.timeout.ms": SESSION_TIMEOUT_MS,
                "heartbeat.interval.ms": 3000,
                "max.poll.interval.ms": _MAX_BLOCKED_MS,
                "socket.timeout.ms": int(_ANSWER_SECONDS * 1000),
                "allow.auto.create.topics": False,
                "error_cb": self._error,
                "reconnect.backoff.max.ms": 1000,
                "log_level": 4,
            },
            logger=LIBRARY_LOG,
        )

    def join(self) -> None:
        """Ask for partitions; they come through `on_change`."""
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._revoked,
        )

    def poll(self) -> None:
        """Serve rebalances; never blocks.

        Raises:
            FatalError: `CL-4108` if the client can never work again.
        """
        # Paused partitions deliver nothing; what slipped in before the pause is read by the feed.
        message = self._consumer.poll(0)
        if message is not None and (error := message.error()) is not None:
            _log.warning("group_error", reason=error.str())
        if self._failure is not None:
            raise FatalError("CL-4108", reason=self._failure.str())

    def intent(self, partition: int) -> Intent | None:
        """See `Group.intent`."""
        wanted = [TopicPartition(self._topic, partition)]
        try:
            found = self._consumer.committed(wanted, timeout=_ANSWER_SECONDS)[0]
        except KafkaException as exc:
            raise _unanswered(exc) from exc
        if found.error is not None:
            raise TransientError("CL-4105", reason=found.error.str())
        return Intent.parse(found.offset, found.metadata)

    def commit_intent(self, partition: int, intent: Intent) -> None:
        """See `Group.commit_intent`.

        A broker takes commits of anybody while the group has no member. A process that lost its
        membership, and whose successor died, could so announce a stale batch: therefore membership
        is checked on both sides of the commit.
        """
        self._check_member(partition)
        self._commit(partition, intent)
        self._check_member(partition)

    def _check_member(self, partition: int) -> None:
        if not self._member_id or self._consumer.memberid() != self._member_id:
            raise FatalError("CL-4106", partition=partition, reason="the membership is gone")

    def _commit(self, partition: int, intent: Intent) -> None:
        position = TopicPartition(self._topic, partition, intent.first, intent.metadata)
        try:
            done = self._consumer.commit(offsets=[position], asynchronous=False)
        except KafkaException as exc:
            if exc.args[0].code() in _NOT_OWNER:
                raise _refused(partition, exc.args[0]) from exc
            raise _unanswered(exc) from exc
        for one in done or ():
            if one.error is not None and one.error.code() in _NOT_OWNER:
                raise _refused(partition, one.error)
            if one.error is not None:
                raise TransientError("CL-4105", reason=one.error.str())

    def leave(self) -> None:
        """Leave the group, so that the next owner need not wait for the session to end."""
        self._consumer.close()

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        consumer.pause(partitions)
        owned = frozenset(one.partition for one in partitions)
        self._member_id = consumer.memberid() or ""
        _log.info("partitions_assigned", partitions=sorted(owned))
        self._on_change(owned)

    def _revoked(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        _log.info("partitions_revoked", partitions=sorted(one.partition for one in partitions))
        self._on_change(None)

    def _error(self, error: KafkaError) -> None:
        if error.fatal():
            self._failure = error


def _unanswered(exc: Any) -> TransientError:
    return TransientError("CL-4105", reason=exc.args[0].str())


def _refused(partition: int, error: KafkaError) -> FatalError:
    return FatalError("CL-4106", partition=partition, reason=error.str())
