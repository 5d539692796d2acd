"""Three nodes: what was acknowledged stays, and writing goes on, while one is killed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # no __all__

from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime

pytestmark = [pytest.mark.integration, pytest.mark.faults]

Config = dict[str, str | int | float | bool]


def make_topic(quiet: Config, nodes: int) -> None:
    """One partition, copied to every node."""
    spec = NewTopic("t", 1, nodes, config={"min.insync.replicas": "2"})
    admin = AdminClient(quiet)  # its futures fail once it is collected
    admin.create_topics([spec], operation_timeout=15)["t"].result(30)


def read_all(quiet: Config, count: int) -> list[bytes]:
    """The first `count` values of the topic."""
    consumer = Consumer(quiet | {"group.id": "r", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition("t", 0, 0)])
    values: list[bytes] = []
    deadline = time.monotonic() + 30
    while len(values) < count and time.monotonic() < deadline:
        values += [message.value() or b"" for message in consumer.consume(1000, 0.5)]
    consumer.close()
    return values


def test_one_of_three_is_killed_under_load(kafka_runtime: KafkaRuntime, tmp_path: Path) -> None:
    failures: list[object] = []
    acknowledged: list[bytes] = []

    def delivered(error: object, message: object) -> None:
        if error is not None:
            failures.append(error)
        else:
            acknowledged.append(message.value())  # type: ignore[attr-defined]  # a Message

    with KafkaCluster(tmp_path, kafka_runtime, size=3) as cluster:
        quiet: Config = {"bootstrap.servers": cluster.bootstrap, "log_level": 0}
        make_topic(quiet, 3)
        safe: Config = {"enable.idempotence": True, "partitioner": "murmur2_random"}
        producer = Producer(quiet | safe | {"delivery.timeout.ms": 30_000})
        for number in range(3000):
            if number == 1000:
                leader = AdminClient(quiet).list_topics("t", 10).topics["t"].partitions[0].leader
                cluster.node(leader).kill()
            producer.produce("t", b"%d" % number, on_delivery=delivered)
            producer.poll(0)
            time.sleep(0.001)
        assert producer.flush(40) == 0
        assert not failures
        cluster.node(leader).start()
        cluster.wait_ready()
        assert read_all(quiet, 3000) == acknowledged == [b"%d" % n for n in range(3000)]
