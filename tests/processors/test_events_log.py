"""What the fold asks the events log, across a restart of its broker."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from confluent_kafka import KafkaException

from consentlog.kafka.topics import EVENTS, create_topics
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from processors.events_log import EventsLog

pytestmark = pytest.mark.integration


def ends_within(log: EventsLog, seconds: float) -> dict[int, int]:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return log.ends(range(2))
        except KafkaException:
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.mark.faults
def test_ends_are_known_again_after_a_broker_restarted(
    kafka_runtime: KafkaRuntime, tmp_path: Path
) -> None:
    with KafkaCluster(tmp_path, kafka_runtime) as cluster:
        create_topics(cluster.bootstrap)
        log = EventsLog(cluster.bootstrap, EVENTS.name)
        assert ends_within(log, 20) == {0: 0, 1: 0}
        log.was_cut_off()
        cluster.kill()
        cluster.start()
        assert ends_within(log, 5) == {0: 0, 1: 0}
        assert log.was_cut_off()
