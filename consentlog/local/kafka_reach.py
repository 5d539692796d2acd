"""Whether Kafka can be reached, asked so that a dead one costs no time."""

from __future__ import annotations

import socket


def brokers_listed(bootstrap: str, count: int, timeout_seconds: float = 2.0) -> bool:
    """Whether a client that asks these addresses is told of `count` brokers."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    if not any(_accepts(address) for address in bootstrap.split(",")):
        return False  # at once: librdkafka would go on trying for the whole timeout, and then some
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        return len(admin.list_topics(timeout=timeout_seconds).brokers) >= count
    except KafkaException:
        return False


def _accepts(address: str) -> bool:
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), 1.0):
            return True
    except (OSError, ValueError):
        return False
