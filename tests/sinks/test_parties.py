"""Group, log and table as they really are: what the sink's logic takes for granted holds there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from consentlog.clickhouse.migrate import migrate
from consentlog.domain.events import ConsentEvent
from consentlog.domain.vocabulary import Action
from consentlog.errors import FatalError
from consentlog.kafka.self_fence import SelfFence
from consentlog.local.clickhouse_node import ClickHouseAccess
from consentlog.ports import Record
from consentlog.wire.events import encode_event
from sinks.batch import Batch, build_batch
from sinks.group import KafkaGroup
from sinks.intent import Cover, Intent
from sinks.log import KafkaLog
from sinks.partition import PartitionSink
from sinks.writer import ClickHouseHistory
from tests.support.histories import NOON_MS, refused
from tests.support.history import client_of
from tests.support.sink_world import Owner, World
from tests.support.sinks import SinkStage, events, stage_of

pytestmark = pytest.mark.integration
NUMBER = "+8613800138000"
NO_FENCE = SelfFence(float("inf"), print)


@pytest.fixture
def stage(
    kafka: str, topic_prefix: str, clickhouse: ClickHouseAccess, database: str, tmp_path: Path
) -> Iterator[SinkStage]:
    with client_of(clickhouse, database) as client:
        migrate(client)
        with stage_of(kafka, topic_prefix, clickhouse, client, tmp_path) as stage:
            stage.make_topic(1)
            yield stage


def batch_of(*values: bytes | None, first: int = 0) -> Batch:
    return build_batch(
        [
            Record("t", 0, first + i, NOON_MS, NUMBER.encode(), value)
            for i, value in enumerate(values)
        ]
    )


def test_a_token_is_taken_once_and_stands_for_its_content(stage: SinkStage) -> None:
    history = ClickHouseHistory(stage.client, "t")
    assert history.cover(0, None) == Cover(0, 0, None, None)
    assert history.newest(0) is None
    batch = batch_of(b"a", b"b", b"c")
    for _ in range(3):
        history.insert(batch)
    assert history.cover(0, batch.intent) == Cover(3, 3, 2, None)
    assert history.cover(0, Intent(1, 5, "")) == Cover(2, 2, 2, None)
    history.insert(batch_of(b"another", first=3))
    history.record_hole(0, 4, 8)
    history.record_hole(0, 4, 8)
    assert history.cover(0, Intent(3, 3, "")) == Cover(1, 1, 3, 8)
    assert history.exactness(0, 0, 8) == (4, 4, 5)
    assert history.newest(0) == (3, batch_of(b"another", first=3).rows[0][7])


def test_rows_that_were_lost_behind_their_token_are_inserted_again(stage: SinkStage) -> None:
    """ClickHouse, killed, may have kept a token and not its rows: here they are taken out."""
    world = World()
    world.append(3)
    owner, history = Owner(world), ClickHouseHistory(stage.client, "events")
    batch = build_batch(owner.read(0, 0, 2))
    world.committed = batch.intent
    for _ in range(2):  # as a first try, and as one more that was killed the same way
        PartitionSink(0, owner, owner, history, owner).settle()
        assert history.cover(0, batch.intent) == Cover(3, 3, 2, None)
        stage.client.command(
            "ALTER TABLE {database:Identifier}.consent_history DELETE WHERE kafka_partition = 0"
            " SETTINGS mutations_sync = 2"
        )
        history.insert(batch)
        assert history.cover(0, batch.intent) == Cover(0, 0, None, None)
    assert PartitionSink(0, owner, owner, history, owner).settle() == 3
    assert history.cover(0, batch.intent) == Cover(3, 3, 2, None)


def test_a_hole_that_was_lost_behind_its_token_is_noted_again(stage: SinkStage) -> None:
    history = ClickHouseHistory(stage.client, "t")
    for _ in range(2):
        history.record_hole(0, 4, 8)
        assert history.exactness(0, 4, 8) == (0, 0, 5)
        stage.client.command(
            "ALTER TABLE {database:Identifier}.log_holes DELETE WHERE kafka_partition = 0"
            " SETTINGS mutations_sync = 2"
        )
        assert history.exactness(0, 4, 8) == (0, 0, 0)
    history.record_hole(0, 4, 8)
    assert history.exactness(0, 4, 8) == (0, 0, 5)


def test_one_insert_is_one_part_however_big_its_rows(stage: SinkStage) -> None:
    history = ClickHouseHistory(stage.client, "t")
    history.insert(batch_of(*[bytes([i % 251]) * 4000 for i in range(2000)]))
    parts = stage.client.rows(
        "SELECT count(), sum(rows) FROM system.parts WHERE database = {database:String}"
        " AND table = 'consent_history' AND level = 0"
    )
    assert parts == [(1, 2000)]


def test_no_record_can_poison_an_insert(stage: SinkStage) -> None:
    extremes = [
        refused(occurred_at_ms=at, until_ms=at, accepted_at_ms=at, margin_ms=margin)
        for at in (-(2**63), -2_208_988_800_000, 10_413_791_999_999, 2**63 - 1)
        for margin in (-(2**31), 2**31 - 1)
    ]
    odd = [
        refused(entity="\x00", source="'; DROP", actor_id="\\", brand="", zone="\U0001f600"),
        refused(entity="x" * 70_000, action=Action.UNKNOWN),
    ]
    values = [encode_event(ConsentEvent(NUMBER, fact, None)) for fact in (*extremes, *odd)]
    values += [b"", bytes(range(256)), b"\x00\x00\x00\x00\x01" + b"\xff" * 100]
    history = ClickHouseHistory(stage.client, "t")
    batch = batch_of(*values, None)
    history.insert(batch)
    stored = stage.client.rows(
        "SELECT kafka_value FROM {database:Identifier}.consent_history ORDER BY kafka_offset",
        as_bytes=True,
    )
    assert [value for (value,) in stored] == [*values, None]


def test_the_log_is_read_again_exactly(stage: SinkStage) -> None:
    stage.produce(events(50))
    log = KafkaLog(stage.bootstrap, stage.topic)
    assert log.ends(0) == (0, 50)
    assert [one.offset for one in log.read(0, 10, 19)] == list(range(10, 20))
    assert log.read(0, 49, 49) == stage.log_records()[49:]
    assert [one.offset for one in log.read(0, 48, 60)] == [48, 49]
    assert log.read(0, 50, 60) == []
    log.close()


def test_only_the_member_commits_and_another_log_is_refused(stage: SinkStage) -> None:
    owned: list[frozenset[int] | None] = []
    group = KafkaGroup(stage.bootstrap, f"{stage.prefix}g", stage.topic, owned.append)
    with pytest.raises(FatalError, match="CL-4106"):
        group.commit_intent(0, Intent(0, 1, "a"))
    group.join()
    deadline = time.monotonic() + 20
    while not owned and time.monotonic() < deadline:
        group.poll()
    assert owned == [frozenset({0})]
    assert group.intent(0) is None
    group.commit_intent(0, Intent(0, 1, "a"))
    assert group.intent(0) == Intent(0, 1, "a")
    history = ClickHouseHistory(stage.client, stage.topic)
    log = KafkaLog(stage.bootstrap, stage.topic)
    sink = PartitionSink(0, group, log, history, NO_FENCE)
    stage.produce(events(6))
    with pytest.raises(FatalError, match="CL-4101"):  # the intent's hash is not the log's
        sink.settle()
    sink.write(build_batch(log.read(0, 0, 5)))
    assert sink.settle() == 6
    other = AdminClient({"bootstrap.servers": stage.bootstrap, "log_level": 0})
    other.delete_topics([stage.topic])[stage.topic].result(20)
    time.sleep(0.5)
    stage.make_topic(1)
    stage.produce(events(3, start=100))
    fresh = PartitionSink(0, _NoIntent(), KafkaLog(stage.bootstrap, stage.topic), history, NO_FENCE)
    with pytest.raises(FatalError, match=r"CL-4101.*offset 6, log end 3"):
        fresh.settle()
    stage.produce(events(9, start=103))
    with pytest.raises(FatalError, match=r"CL-4101.*offset 5, log end 12"):
        fresh.settle()
    group.leave()
    log.close()


class _NoIntent:
    """A group whose offsets went with the topic."""

    def intent(self, _partition: int) -> None:
        return None

    def commit_intent(self, _partition: int, _intent: Intent) -> None:
        raise AssertionError("nothing may be announced")
