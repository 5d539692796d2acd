"""Reads the owned partitions of the log, each from where its history ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from confluent_kafka import KafkaError, TopicPartition

from consentlog.errors import FatalError
from consentlog.kafka.reader import build_reader, record_of
from consentlog.ports import Record

_FETCH_LIMIT: Final = 2000
_CONNECTION_LOST: Final = frozenset({KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN})


class KafkaFeed:
    """A reader of one topic without group.

    Args:
        bootstrap: Broker addresses.
        topic: The events topic.
    """

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._doubt = False
        self._following: dict[int, int] = {}
        self._consumer = build_reader(
            bootstrap,
            "consentlog.sink.feed",
            **{
                "enable.partition.eof": False,
                "fetch.wait.max.ms": 500,
                "queued.max.messages.kbytes": 16 * 1024,
                "error_cb": self._error,
            },
        )

    def follow(self, starts: Mapping[int, int]) -> None:
        """Read exactly these partitions from these offsets on, whatever was read before."""
        self._following = dict(starts)
        self._consumer.assign([TopicPartition(self._topic, p, o) for p, o in starts.items()])

    def take(self, wait_s: float) -> list[Record]:
        """Return what has come, in log order within each partition.

        Args:
            wait_s: Longest wait for the first record, seconds.

        Raises:
            FatalError: `CL-4108` if the log refuses to be read.
        """
        # `consume(n, t)` would wait the whole of t for n records.
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        records = []
        for message in (first, *self._consumer.consume(_FETCH_LIMIT, 0)):
            if (error := message.error()) is None:
                records.append(record_of(message))
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                self._doubt = True  # a position outside of the log: settling says which side
            elif not error.retriable() and error.code() not in _CONNECTION_LOST:
                raise FatalError("CL-4108", reason=error.str())
        return [one for one in records if one.partition in self._following]

    def lost_connection(self) -> bool:
        """Tell once whether the log may be another one than before: every position is in doubt."""
        doubt, self._doubt = self._doubt, False
        return doubt

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _error(self, error: KafkaError) -> None:
        if error.code() in _CONNECTION_LOST:
            self._doubt = True
