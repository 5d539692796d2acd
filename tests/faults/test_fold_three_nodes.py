"""Three Kafka nodes, one killed under load: the fold loses nothing and goes on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from consentlog.kafka.topics import create_topics
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from tests.support.fold_bench import FoldBench, acts, numbers

pytestmark = [pytest.mark.faults, pytest.mark.integration, pytest.mark.timeout(600)]


def test_a_node_killed_under_load_loses_nothing(
    kafka_runtime: KafkaRuntime, tmp_path: Path
) -> None:
    with KafkaCluster(tmp_path / "kafka", kafka_runtime, size=3) as cluster:
        create_topics(cluster.bootstrap, "three.", replication=3)
        bench = FoldBench(cluster.bootstrap, "three.", tmp_path)
        try:
            worker = bench.start()
            bench.wait_ready(worker)
            events = acts(2_000, numbers(200))
            for at in range(0, len(events), 50):
                if at == 800:
                    cluster.node(2).kill()
                bench.append(events[at : at + 50])
                time.sleep(0.05)
            # A failover that outlasts delivery.timeout.ms ends the worker; its supervisor's part.
            if worker.process.poll() is not None:
                worker = bench.start()
            bench.wait_folded(90)
            assert bench.states() == bench.truth()
        finally:
            bench.close()
