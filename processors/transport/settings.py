"""Values of the transport, and the librdkafka and Faust settings that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

_BROKER_LEAST_SESSION_MS: Final = 6000  # group.min.session.timeout.ms of Apache Kafka

FAUST_SETTINGS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        # At stop the agents keep running until what they hold is acknowledged.
        "stream_wait_empty": True,
        "stream_publish_on_commit": False,
        "processing_guarantee": "at_least_once",
        # Tables lose events for ever (docs/adr/0004-faust-transport.md); the driver refuses them.
        "store": "memory://",
        "table_standby_replicas": 0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "key_serializer": "raw",
        "value_serializer": "raw",
        "autodiscover": False,
        # Faust's web server listens on every interface without authentication.
        "web_enabled": False,
        "worker_redirect_stdouts": False,
    }
)
"""Settings every Faust app on this transport needs; pass them to `faust.App(**FAUST_SETTINGS)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSettings:
    """Where to read from and how patiently.

    Attributes:
        bootstrap_servers: `host:port[,host:port…]` of the brokers.
        group_id: Consumer group; must equal the Faust app's id.
        client_id: Shown in the broker's logs.
        session_timeout_ms: After this without heartbeat the broker gives the partitions away. At
            least 6000, the broker's own minimum.
        heartbeat_interval_ms: At most a third of the session.
        max_poll_interval_ms: Longest time between two polls; bounds a rebalance.
        commit_interval_ms: Time between two commits of acknowledged prefixes.
        max_batch_records: Most records in one batch.
        max_outstanding_batches: Batches handed out and not acknowledged, over all partitions, at
            which polling stops.
        prefetch_kib: Memory that librdkafka may fill ahead while polling is stopped, in KiB.
        drain_seconds: Longest wait for outstanding batches at a revoke or stop.
        stall_seconds: Longest time that a committed offset may stand still while there is something
            to read.
        ask_seconds: Longest wait for the broker to answer a question (committed offset, watermarks,
            a range read again).

    Raises:
        ValueError: If two of them contradict each other.
    """

    bootstrap_servers: str
    group_id: str
    client_id: str
    session_timeout_ms: int = 10_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 60_000
    commit_interval_ms: int = 500
    max_batch_records: int = 1000
    max_outstanding_batches: int = 4
    prefetch_kib: int = 16_384
    drain_seconds: float = 20.0
    stall_seconds: float = 30.0
    ask_seconds: float = 15.0

    def __post_init__(self) -> None:
        checks = {
            "session_timeout_ms is at least 6000": self.session_timeout_ms
            >= _BROKER_LEAST_SESSION_MS,
            "three heartbeats fit into a session": self.heartbeat_interval_ms * 3
            <= self.session_timeout_ms,
            "a session fits into max_poll_interval_ms": self.session_timeout_ms
            <= self.max_poll_interval_ms,
            "drain and ask fit into max_poll_interval_ms": (self.drain_seconds + self.ask_seconds)
            * 1000
            < self.max_poll_interval_ms,
            "max_batch_records is at least 2": self.max_batch_records > 1,
            "max_outstanding_batches is at least 1": self.max_outstanding_batches > 0,
        }
        broken = [rule for rule, holds in checks.items() if not holds]
        if broken:
            raise ValueError(f"transport settings: not true that {'; that '.join(broken)}")


def librdkafka_config(settings: TransportSettings) -> dict[str, Any]:
    """Build the consumer's settings.

    Args:
        settings: The transport's values.

    Returns:
        A dict for `confluent_kafka.Consumer`, without callbacks.

    Source: docs/adr/0004-faust-transport.md.
    """
    return {
        "bootstrap.servers": settings.bootstrap_servers,
        "group.id": settings.group_id,
        "client.id": settings.client_id,
        "session.timeout.ms": settings.session_timeout_ms,
        "heartbeat.interval.ms": settings.heartbeat_interval_ms,
        "max.poll.interval.ms": settings.max_poll_interval_ms,
        "partition.assignment.strategy": "cooperative-sticky",
        # Only the acknowledged prefix is ever committed, by the consumer thread.
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # A position outside the log is a truncated log: never start somewhere else in silence.
        "auto.offset.reset": "error",
        # The end of a partition is told, so that a hole at the very end is noticed too.
        "enable.partition.eof": True,
        "allow.auto.create.topics": False,
        "queued.max.messages.kbytes": settings.prefetch_kib,
        # The default of 1000 caps throughput: 10 lifted it 1.8 to 5 times.
        "fetch.queue.backoff.ms": 10,
        # After an outage the default of 10 s would be most of the time in which to be back.
        "reconnect.backoff.max.ms": 1000,
        "log_level": 4,
    }
