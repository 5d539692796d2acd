"""The fold after something around it was lost: its state topic, its broker, its time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from consentlog.kafka.topics import create_topics
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from tests.support.fold_bench import FoldBench, acts, numbers

pytestmark = [pytest.mark.faults, pytest.mark.integration, pytest.mark.timeout(300)]


def test_a_lost_state_topic_is_made_again_from_the_events(
    kafka: str, topics: str, tmp_path: Path
) -> None:
    bench = FoldBench(kafka, topics, tmp_path)
    try:
        worker = bench.start()
        bench.append(acts(600, numbers(100)))
        bench.wait_ready(worker)
        bench.wait_folded()
        worker.stop()
        admin = AdminClient({"bootstrap.servers": kafka})
        admin.delete_topics([bench.state_topic], operation_timeout=10)[bench.state_topic].result(15)
        bench.wait(lambda: create_topics(kafka, topics) == [bench.state_topic], 15)
        again = bench.start()
        bench.wait_ready(again)
        assert bench.states() == bench.truth()
    finally:
        bench.close()


def test_a_view_that_was_left_alone_for_long_is_compared_with_the_events(
    kafka: str, topics: str, tmp_path: Path
) -> None:
    bench = FoldBench(kafka, topics, tmp_path)
    try:
        worker = bench.start()
        bench.append(acts(600, numbers(100)))
        bench.wait_ready(worker)
        bench.wait_folded()
        worker.stop()
        before = _about_numbers(bench)
        again = bench.start(CONSENTLOG_FOLD__REBUILD_AFTER_MS="1")
        bench.wait_ready(again)
        assert any(line["event"] == "folding_again" for line in again.lines())
        assert bench.states() == bench.truth()
        # Nothing was missing, so nothing but progress was written.
        assert _about_numbers(bench) == before
    finally:
        bench.close()


def _about_numbers(bench: FoldBench) -> int:
    return sum((record.key or b"")[:1] != b"@" for record in bench.read(bench.state_topic))


@pytest.mark.parametrize("down_seconds", [1, 12])
def test_a_broker_that_was_killed_and_came_back_loses_nothing(
    kafka_runtime: KafkaRuntime, tmp_path: Path, down_seconds: float
) -> None:
    with KafkaCluster(tmp_path / "kafka", kafka_runtime) as cluster:
        create_topics(cluster.bootstrap, local=True)
        bench = FoldBench(cluster.bootstrap, "", tmp_path)
        try:
            worker = bench.start()
            bench.wait_ready(worker)
            bench.append(acts(500, numbers(100)))
            cluster.node(1).kill()
            time.sleep(down_seconds)
            cluster.node(1).start()
            cluster.wait_ready()
            bench.append(acts(500, numbers(100), seed=2))
            time.sleep(1)
            if worker.process.poll() is not None:
                # What was not delivered within delivery.timeout.ms ends it; a supervisor's part.
                assert worker.process.poll() == 70, worker.tail()
                worker = bench.start()
            bench.wait_folded(90)
            assert bench.states() == bench.truth()
        finally:
            bench.close()
