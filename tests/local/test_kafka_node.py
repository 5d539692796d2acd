"""A node serves clients, and what it acknowledged survives its kill."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # no __all__

from consentlog.errors import FatalError
from consentlog.local.kafka_config import NodePorts, node_properties, render_properties
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from consentlog.local.ports import free_port


def test_three_nodes_replicate_and_one_does_not() -> None:
    three = [NodePorts(20001 + i, 21001 + i) for i in range(3)]
    many, one = (node_properties(1, ports, Path("d"), {}) for ports in (three, three[:1]))
    assert (many["default.replication.factor"], many["min.insync.replicas"]) == ("3", "2")
    assert (one["offsets.topic.replication.factor"], one["min.insync.replicas"]) == ("1", "1")
    assert many["controller.quorum.voters"].count("@") == 3
    assert {"127.0.0.1"} == {
        part.split("//")[1].split(":")[0] for part in many["listeners"].split(",")
    }


def test_overrides_win() -> None:
    found = node_properties(1, [NodePorts(1, 2)], Path("d"), {"num.io.threads": "9"})
    assert "num.io.threads=9\n" in render_properties(found)


@pytest.mark.integration
def test_what_was_written_survives_a_kill(kafka_runtime: KafkaRuntime, tmp_path: Path) -> None:
    with KafkaCluster(tmp_path, kafka_runtime) as cluster:
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
        admin.create_topics([NewTopic("t", 1, 1)])["t"].result(15)
        cluster.node(1).kill()
        assert not cluster.node(1).is_running
        cluster.node(1).start()
        cluster.wait_ready()
        assert "t" in admin.list_topics(timeout=15).topics
    assert not cluster.node(1).is_running


@pytest.mark.integration
def test_a_node_that_cannot_start_says_why(kafka_runtime: KafkaRuntime, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        ports = [NodePorts(squatter.getsockname()[1], free_port())]
        with (
            pytest.raises(FatalError, match=r"CL-5005.*already in use") as caught,
            KafkaCluster(tmp_path, kafka_runtime, ports=ports),
        ):
            pass
    assert str(tmp_path) in caught.value.do()


@pytest.mark.integration
def test_settings_that_kafka_refuses_are_named(kafka_runtime: KafkaRuntime, tmp_path: Path) -> None:
    cluster = KafkaCluster(tmp_path, kafka_runtime, overrides={"num.io.threads": "none"})
    with pytest.raises(FatalError, match=r"CL-5004.*num\.io\.threads"):
        cluster.prepare()


@pytest.mark.integration
def test_the_shared_node_creates_no_topic_by_itself(kafka: str) -> None:
    quiet: dict[str, str | int | float | bool] = {"bootstrap.servers": kafka, "log_level": 0}
    producer = Producer(quiet | {"partitioner": "murmur2_random", "message.timeout.ms": 3000})
    producer.produce("never-made", b"x")
    producer.flush(10)
    assert "never-made" not in AdminClient(quiet).list_topics(timeout=10).topics
