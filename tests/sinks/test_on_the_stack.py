"""The sink on real Kafka and ClickHouse: exact through kills, absence and rubbish."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from consentlog.clickhouse.migrate import migrate
from consentlog.local.clickhouse_node import ClickHouseAccess, ClickHouseNode
from tests.support.history import client_of
from tests.support.sinks import SinkStage, events, stage_of, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def stage(
    kafka: str,
    topics: str,
    clickhouse: ClickHouseAccess,
    database: str,
    tmp_path: Path,
) -> Iterator[SinkStage]:
    with client_of(clickhouse, database) as client:
        migrate(client)
        with stage_of(kafka, topics, clickhouse, client, tmp_path) as stage:
            yield stage


def test_everything_arrives_once_whatever_is_killed(stage: SinkStage) -> None:
    sink = stage.sink().start().wait_ready()
    stage.produce(events(1500))
    wait_for(lambda: stage.count() > 200, "some rows", stage.said)
    sink.kill()
    stage.produce(events(1500, start=1500))
    sink.start().wait_ready()
    stage.produce([b"\x00\x00\x00\x00\x01rubbish", b"", b"plain"])
    assert len(stage.assert_exact()) == 3003
    undecodable = stage.client.documents(
        "SELECT subject, defect, decoded FROM {database:Identifier}.consent_history"
        " WHERE NOT decoded"
    )
    assert {one["subject"] for one in undecodable} == {"+8613800138000"}
    assert len(undecodable) == 3
    assert all(one["defect"] for one in undecodable)
    sink.signal(signal.SIGTERM)
    assert sink.wait(10) == 0
    assert "+861380" not in sink.said()


def test_two_sinks_share_the_partitions_and_double_nothing(stage: SinkStage) -> None:
    first = stage.sink().start().wait_ready()
    stage.produce(events(500))
    second = stage.sink().start()
    stage.produce(events(500, start=500))
    second.wait_ready()
    wait_for(
        lambda: len(second.lines("partitions_settled")) > 0, "second took over some", stage.said
    )
    stage.produce(events(500, start=1000))
    first.signal(signal.SIGTERM)
    assert first.wait(15) == 0
    stage.produce(events(500, start=1500))
    assert len(stage.assert_exact()) == 2000
    assert second.is_running


def test_clickhouse_may_go_and_come_back(kafka: str, topics: str, tmp_path: Path) -> None:
    with (
        ClickHouseNode(tmp_path / "clickhouse") as node,
        client_of(node.access, "consentlog") as client,
    ):
        migrate(client)
        with stage_of(kafka, topics, node.access, client, tmp_path) as stage:
            sink = stage.sink(CONSENTLOG_SINK__BACKOFF_MAX_SECONDS="1").start().wait_ready()
            stage.produce(events(300))
            wait_for(lambda: stage.count() > 0, "first rows", stage.said)
            node.kill()
            stage.produce(events(300, start=300))
            wait_for(lambda: len(sink.lines("inserts_put_off")) > 1, "waiting", stage.said)
            node.start()
            assert len(stage.assert_exact()) == 600
            assert sink.is_running
            assert sink.lines("inserts_go_on")
