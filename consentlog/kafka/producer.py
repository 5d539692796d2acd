"""The one way to make a librdkafka producer here.

So that no producer can disagree on partitions or durability.
"""

from __future__ import annotations

from collections.abc import Callable

from confluent_kafka import KafkaError, Producer

from consentlog.kafka.library_log import LIBRARY_LOG


def build_producer(
    bootstrap: str,
    client_id: str,
    *,
    delivery_timeout_ms: int = 8000,
    linger_ms: float = 0,
    on_fatal: Callable[[KafkaError], None] | None = None,
) -> Producer:
    """Build an idempotent producer that waits for all in-sync replicas.

    `partitioner=murmur2_random` is not a preference: librdkafka's default hashes keys with CRC32,
    Java and aiokafka with murmur2, and one number would be split over two partitions (measured:
    1168 of 7000 keys agree).

    Args:
        bootstrap: Broker addresses.
        client_id: Shown in the broker's logs and metrics.
        delivery_timeout_ms: After this the delivery callback gets an error; the record may still
            be in the log.
        linger_ms: Time to wait for more records; 0 for latency.
        on_fatal: Called when the producer can never be used again.

    Returns:
        A producer; each `produce` must be given an `on_delivery`.
    """

    def on_error(error: KafkaError) -> None:
        if error.fatal() and on_fatal is not None:
            on_fatal(error)

    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "client.id": client_id,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": linger_ms,
            "delivery.timeout.ms": delivery_timeout_ms,
            "error_cb": on_error,
            # After an outage the default of 10 s would be a third of the time to be back.
            "reconnect.backoff.max.ms": 1000,
            "log_level": 4,
        },
        logger=LIBRARY_LOG,
    )
