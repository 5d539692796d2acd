"""A log that lost its end under a running fold: it refuses and says so, then and at each start."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from consentlog.kafka.topics import PARTITIONS, create_topics
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from tests.support.fold_bench import FoldBench, Worker, acts, numbers

pytestmark = [pytest.mark.faults, pytest.mark.integration, pytest.mark.timeout(300)]

LOG_TRUNCATED = 73


def test_a_log_that_lost_its_end_is_refused(kafka_runtime: KafkaRuntime, tmp_path: Path) -> None:
    with KafkaCluster(tmp_path / "kafka", kafka_runtime) as cluster:
        create_topics(cluster.bootstrap, local=True)
        bench = FoldBench(cluster.bootstrap, "", tmp_path)
        try:
            worker = bench.start()
            bench.wait_ready(worker)
            for seed in range(1, 11):
                bench.append(acts(60, numbers(100), seed=seed))
            bench.wait_folded()
            time.sleep(1.5)  # until a progress record covers the last event
            cluster.node(1).kill()
            cut(tmp_path / "kafka" / "node1" / "data", bench.events)
            cluster.node(1).start()
            cluster.wait_ready()
            assert worker.process.wait(60) in (70, LOG_TRUNCATED), worker.tail()
            refuses(bench.start())
        finally:
            bench.close()
        # The end moves on over the lost offsets: only the bytes tell. Another producer appends, for
        # the first one's sequence numbers are gone with the records.
        (tmp_path / "later").mkdir()
        later = FoldBench(cluster.bootstrap, "", tmp_path / "later")
        try:
            later.append(acts(1_200, numbers(100), seed=50))
            refuses(later.start())
        finally:
            later.close()


def cut(data: Path, topic: str) -> None:
    """Take the last half of every partition's records away."""
    for partition in range(PARTITIONS):
        segment = data / f"{topic}-{partition}" / "00000000000000000000.log"
        with segment.open("r+b") as file:
            file.truncate(segment.stat().st_size // 2)


def refuses(worker: Worker) -> None:
    assert worker.process.wait(60) == LOG_TRUNCATED, worker.tail()
    line, *_ = [line for line in worker.lines() if line["event"] == "process_exit"]
    assert line["error_code"] == "CL-3301"
