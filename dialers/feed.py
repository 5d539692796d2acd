"""Where the replica's records come from: a port, and the state topic behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from confluent_kafka import OFFSET_BEGINNING, KafkaError, Message, TopicPartition

from consentlog.errors import FatalError
from consentlog.kafka.reader import build_reader, is_transient
from consentlog.observability.logging import get_logger

_BATCH: Final = 1000

_log = get_logger(__name__)


class Arrival(NamedTuple):
    """One record of a state partition; without a key: the end of the partition was reached."""

    partition: int
    key: bytes | None
    value: bytes | None


class StateFeed(Protocol):
    """Every record of every state partition, each partition in order, then what follows."""

    def batch(self, wait_s: float) -> Sequence[Arrival]:
        """Return what has arrived, after at most `wait_s` seconds; empty if nothing has.

        Raises:
            FatalError: `CL-2003` if the rest cannot be read without starting anew.
        """
        ...

    def close(self) -> None:
        """Let go of the source."""
        ...


class KafkaStateFeed:
    """Follows the state topic from its beginning, without a group.

    Every gate reads every partition, so there is nothing to share and nothing to commit. librdkafka
    reconnects by itself; while it cannot, nothing arrives and the view goes stale.

    Args:
        bootstrap: Broker addresses.
        topic: Name of the state topic, with prefix.
        partitions: Its partition count.
    """

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._topic = topic
        self._consumer = build_reader(
            bootstrap,
            "consentlog.gate",
            **{
                # What waits in librdkafka during a bootstrap; the default of 64 MiB gains nothing.
                "queued.max.messages.kbytes": 16384,
            },
        )
        self._consumer.assign(
            [TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)]
        )

    def batch(self, wait_s: float) -> Sequence[Arrival]:
        """Poll first, because `consume` waits until its batch is full."""
        first = self._consumer.poll(wait_s)
        if first is None:
            return ()
        arrivals = (self._arrival(m) for m in (first, *self._consumer.consume(_BATCH, 0)))
        return [arrival for arrival in arrivals if arrival is not None]

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()

    def _arrival(self, message: Message) -> Arrival | None:
        error = message.error()
        partition = message.partition()
        if error is None and partition is not None:
            key = message.key()
            if key is None:
                raise FatalError("CL-2003", topic=self._topic, reason="a record has no key")
            return Arrival(partition, key, message.value())
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            return Arrival(partition or 0, None, None)
        if error is not None and is_transient(error):
            _log.warning("state_topic_interrupted", topic=self._topic, reason=error.str())
            return None
        reason = "a message without a partition" if error is None else error.str()
        raise FatalError("CL-2003", topic=self._topic, reason=reason)
