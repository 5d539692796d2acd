"""The sink under faults: paused owners, kills of everything around it, a log that lost its end."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from consentlog.clickhouse.migrate import migrate
from consentlog.local.clickhouse_node import ClickHouseAccess, ClickHouseNode
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from tests.support.history import client_of
from tests.support.sinks import SinkProcess, SinkStage, events, stage_of, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(600)]

EXIT_FENCED = 75
EXIT_FATAL = 70
FENCE_SECONDS = 5.0


@pytest.fixture
def stage(
    kafka: str, topic_prefix: str, clickhouse: ClickHouseAccess, database: str, tmp_path: Path
) -> Iterator[SinkStage]:
    with client_of(clickhouse, database) as client:
        migrate(client)
        with stage_of(kafka, topic_prefix, clickhouse, client, tmp_path) as stage:
            stage.make_topic(1)
            yield stage


@contextmanager
def load(stage: SinkStage) -> Iterator[list[int]]:
    """Append about 500 events a second until the block ends; yields [how many]."""
    done, stop = [0], threading.Event()

    def run() -> None:
        while not stop.is_set():
            stage.produce(events(50, start=done[0]))
            done[0] += 50
            stop.wait(0.1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


def is_owner(sink: SinkProcess) -> bool:
    return bool(sink.lines("batch_written"))


def sleep_until_replaced(stage: SinkStage, owner: SinkProcess, other: SinkProcess) -> None:
    """Stop the owner, let the other move on, wake the owner."""
    owner.signal(signal.SIGSTOP)
    time.sleep(FENCE_SECONDS + 1)
    before = len(other.lines("batch_written"))
    wait_for(
        lambda: len(other.lines("batch_written")) > before + 2, "the other moved on", stage.said
    )
    owner.signal(signal.SIGCONT)


def pair(stage: SinkStage, module: str) -> tuple[SinkProcess, SinkProcess]:
    """Start two sinks on the one partition; returns the owner and the other."""
    first, second = [stage.sink(module).start() for _ in range(2)]
    first.wait_ready()
    second.wait_ready()
    time.sleep(2)  # until the group is at rest
    counts = [len(one.lines("batch_written")) for one in (first, second)]
    time.sleep(random.uniform(0.5, 1.0))
    is_first = len(first.lines("batch_written")) > counts[0]
    return (first, second) if is_first else (second, first)


def test_an_owner_that_slept_ends_itself(stage: SinkStage) -> None:
    with load(stage):
        for _trial in range(2):
            owner, other = pair(stage, "sinks")
            sleep_until_replaced(stage, owner, other)
            assert owner.wait() == EXIT_FENCED, stage.said()
            assert owner.lines("fenced_after_pause")
            other.kill()
    stage.sink().start().wait_ready()
    stage.assert_exact()


def test_without_its_self_fence_the_group_stops_it(stage: SinkStage) -> None:
    with load(stage):
        owner, other = pair(stage, "tests.support.unfenced_sink")
        for _trial in range(4):
            sleep_until_replaced(stage, owner, other)
            time.sleep(random.uniform(1.0, 3.0))
            if not owner.is_running:  # its intent was refused; else it learnt of its loss in time
                assert owner.wait() == EXIT_FATAL
                assert "CL-4106" in owner.said()
                owner.start()
            time.sleep(3)
            owner, other = other, owner
            wait_for(lambda one=owner: is_owner(one), "one owns", stage.said)  # type: ignore[misc]  # bound early
    other.kill()
    stage.assert_exact()


def test_kills_of_sink_and_clickhouse_under_load(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        node = stack.enter_context(ClickHouseNode(tmp_path / "clickhouse"))
        client = stack.enter_context(client_of(node.access, "consentlog"))
        migrate(client)
        stage = stack.enter_context(stage_of(kafka, topic_prefix, node.access, client, tmp_path))
        stage.make_topic(3)
        sink = stage.sink(CONSENTLOG_SINK__BACKOFF_MAX_SECONDS="1").start().wait_ready()
        with load(stage):
            for turn in range(6):
                written = len(sink.lines("batch_written"))
                wait_for(
                    lambda n=written: len(sink.lines("batch_written")) > n,  # type: ignore[misc]  # bound early
                    "goes on",
                    stage.said,
                )
                time.sleep(random.uniform(0, 0.3))
                if turn % 2:
                    node.kill()
                    time.sleep(0.5)
                    node.start()
                else:
                    sink.kill()
                    sink.start()
        stage.assert_exact()


@pytest.fixture
def own_cluster(kafka_runtime: KafkaRuntime, tmp_path: Path) -> Iterator[KafkaCluster]:
    with KafkaCluster(tmp_path / "kafka", kafka_runtime) as cluster:
        yield cluster


@pytest.fixture
def own_stage(
    own_cluster: KafkaCluster, clickhouse: ClickHouseAccess, database: str, tmp_path: Path
) -> Iterator[SinkStage]:
    with client_of(clickhouse, database) as client:
        migrate(client)
        with stage_of(own_cluster.bootstrap, "", clickhouse, client, tmp_path) as stage:
            stage.make_topic(1)
            yield stage


def test_kafka_may_go_and_come_back(own_cluster: KafkaCluster, own_stage: SinkStage) -> None:
    sink = own_stage.sink(CONSENTLOG_SINK__BACKOFF_MAX_SECONDS="1").start().wait_ready()
    own_stage.produce(events(500))
    for start in (500, 1000):
        own_cluster.node(1).kill()
        time.sleep(2)
        own_cluster.node(1).start()
        own_cluster.wait_ready()
        own_stage.produce(events(500, start=start))
    assert len(own_stage.assert_exact()) == 1500
    assert sink.is_running


def test_a_truncated_log_is_refused(
    own_cluster: KafkaCluster, own_stage: SinkStage, tmp_path: Path
) -> None:
    sink = own_stage.sink(CONSENTLOG_SINK__BACKOFF_MAX_SECONDS="1").start().wait_ready()
    for start in range(0, 500, 50):
        own_stage.produce(events(50, start=start))
    wait_for(lambda: own_stage.count() == 500, "all written", own_stage.said)
    own_cluster.node(1).kill()
    segment = tmp_path / "kafka/node1/data" / f"{own_stage.topic}-0/00000000000000000000.log"
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size // 2)
    own_cluster.node(1).start()
    own_cluster.wait_ready()
    assert sink.wait() == EXIT_FATAL, sink.said()
    said = sink.lines("sink_ended")[-1]
    assert said["code"] == "CL-4101"
    assert "offset 500" in said["reason"]
    # The end moved on over the lost offsets: only the bytes tell.
    own_stage.produce(events(600, start=5000))
    assert sink.start().wait() == EXIT_FATAL, sink.said()
    assert "offset 499" in sink.lines("sink_ended")[-1]["reason"]
    assert own_stage.count() == 500
