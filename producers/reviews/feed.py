"""Where the book's records come from: a port, and the review topic behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from confluent_kafka import OFFSET_BEGINNING, KafkaError, Message, TopicPartition

from consentlog.errors import FatalError, TransientError
from consentlog.kafka.reader import build_reader, is_transient, record_of
from consentlog.ports import Record

_BATCH: Final = 500
_LOST: Final = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})
"""The log no longer has what comes next: offsets begin anew, and so must the book."""


class ReviewFeed(Protocol):
    """Every record of the review topic in order, then what follows."""

    def batch(self, wait_s: float) -> Sequence[Record | None]:
        """Return what has arrived, after at most `wait_s` seconds; None = the end was reached.

        Raises:
            TransientError: `CL-7003` if it cannot be read on this way; another feed may.
            FatalError: `CL-1807` if the log has lost what comes next.
        """
        ...

    def close(self) -> None:
        """Let go of the source."""
        ...


class KafkaReviewFeed:
    """Follows the topic's one partition, without a group; librdkafka reconnects by itself.

    Args:
        bootstrap: Broker addresses.
        topic: Name with prefix.
        next_offset: First offset to read; 0 = the beginning, wherever that is now.
    """

    def __init__(self, bootstrap: str, topic: str, next_offset: int) -> None:
        self._topic = topic
        self._consumer = build_reader(
            bootstrap,
            "consentlog.gateway.reviews",
            # What waits in librdkafka at start; the default of 64 MiB gains nothing.
            **{"queued.max.messages.kbytes": 4096},
        )
        start = TopicPartition(topic, 0, next_offset or OFFSET_BEGINNING)
        self._consumer.assign([start])

    def batch(self, wait_s: float) -> Sequence[Record | None]:
        """Poll first, because `consume` waits until its batch is full."""
        first = self._consumer.poll(wait_s)
        if first is None:
            return ()
        found: list[Record | None] = []
        for message in (first, *self._consumer.consume(_BATCH, 0)):
            error = message.error()
            if error is None:
                found.append(record_of(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                found.append(None)
            else:
                self._check(error, message)
        return found

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()

    def _check(self, error: KafkaError, message: Message) -> None:
        reason = error.str()
        if error.code() in _LOST:
            raise FatalError("CL-1807", topic=message.topic() or self._topic, reason=reason)
        if not is_transient(error):
            raise TransientError("CL-7003", topic=self._topic, reason=reason)
