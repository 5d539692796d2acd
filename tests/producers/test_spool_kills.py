"""Every answered refusal is in the log or the spool, whatever is killed in between; none twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from consentlog.domain.state import fold
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from tests.support.gateway_kills import facts_in_log, kill_rounds

pytestmark = pytest.mark.integration


def _check(runtime: KafkaRuntime, directory: Path, kills: int) -> None:
    with KafkaCluster(directory / "kafka", runtime) as cluster:
        for name, books in kill_rounds(cluster, directory / "gateway", kills):
            assert not books.missing_from_spool(directory / "gateway" / "spool"), name
        log = facts_in_log(cluster.bootstrap)
    assert books.spooled
    assert books.retries
    for number, event_id in books.answered.items():
        assert event_id in {fact.event_id.hex() for fact in log[number]}, number
    # Repeats in the log are the same fact: each number refused once, and counts once.
    for facts in log.values():
        assert len(fold(facts).facts) == 1
    print(f"{kills} kills, {len(books.answered)} answered, {books.spooled} of them spooled,")
    print(f"{sum(map(len, log.values()))} records of {len(log)} acts in the log")


def test_three_kills(kafka_runtime: KafkaRuntime, tmp_path: Path) -> None:
    _check(kafka_runtime, tmp_path, 3)


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_sixteen_kills(kafka_runtime: KafkaRuntime, tmp_path: Path) -> None:
    _check(kafka_runtime, tmp_path, 16)
