"""Kafka as the spool sees it: records handed over, reports that come back, a producer that died."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consentlog.kafka.producer import build_producer
from consentlog.observability.logging import get_logger

Report = Callable[[KafkaError | None, Message], None]
Build = Callable[[Callable[[KafkaError], None]], Producer]

REFUSED_FOR_GOOD: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_TIMESTAMP,
        KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
        KafkaError.POLICY_VIOLATION,
    }
)
"""What a broker says about a record itself, so that sending it again cannot help.

A closed list; everything else may pass. A missing topic or a missing right is about the topic: each
record waits until an operator gives it, and the spool's age tells.
"""
_PURGED_WITHIN_S: Final = 2.0

log = get_logger(__name__)


def gateway_producer(bootstrap: str) -> Build:
    """Return how the gateway's producer is built, at start and after a fatal error.

    A record stays in it until the broker has it or refuses it (`delivery.timeout.ms=0`): one that
    timed out would go again behind later records of its key.

    Args:
        bootstrap: Broker addresses.
    """

    def build(on_fatal: Callable[[KafkaError], None]) -> Producer:
        return build_producer(
            bootstrap, "consentlog.gateway", delivery_timeout_ms=0, on_fatal=on_fatal
        )

    return build


class Publisher:
    """One idempotent producer at a time; `poll` and `restart` belong to one thread.

    Args:
        build: Builds a producer.
        prefix: Put before topic names.
    """

    def __init__(self, build: Build, prefix: str = "") -> None:
        self._build = build
        self._prefix = prefix
        self._fatal = threading.Event()
        self._producer = build(self._on_fatal)

    @property
    def has_failed(self) -> bool:
        """Whether the producer can never be used again."""
        return self._fatal.is_set()

    def produce(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        report: Report,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """Hand one record over; `report` is called once, from `poll` or `restart`.

        Raises:
            BufferError: If the producer's memory is full.
            KafkaException: If the producer refuses the record, or has failed.
        """
        self._producer.produce(
            self._prefix + topic, value, key, on_delivery=report, headers=[*headers]
        )

    def poll(self, seconds: float) -> None:
        """Wait for reports, and hand them out."""
        self._producer.poll(seconds)

    def flush(self, seconds: float) -> None:
        """Wait until nothing is under way, or for so long."""
        self._producer.flush(seconds)

    def restart(self) -> None:
        """Replace a producer that failed fatally; whatever it still had is reported as failed."""
        dead = self._producer
        dead.purge()
        dead.flush(_PURGED_WITHIN_S)
        self._fatal.clear()
        self._producer = self._build(self._on_fatal)
        log.warning("producer_restarted")

    def _on_fatal(self, error: KafkaError) -> None:
        log.error("producer_failed_fatally", reason=error.str())
        self._fatal.set()


def is_for_good(error: KafkaError) -> bool:
    """Tell whether a record was refused for what it is."""
    return error.code() in REFUSED_FOR_GOOD


def error_of(exc: KafkaException) -> KafkaError:
    """Return the library's error inside its exception."""
    found: KafkaError = exc.args[0]
    return found
