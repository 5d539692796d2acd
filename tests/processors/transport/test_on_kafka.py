"""The transport on Apache Kafka: a real Faust worker in a subprocess, rebalances and faults."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition

from processors.transport import ExitCode
from tests.processors.transport.workers import Bench, bench

pytestmark = pytest.mark.integration


@pytest.fixture
def log(kafka: str, tmp_path: Path) -> Iterator[Bench]:
    yield from bench(kafka, tmp_path)


def test_a_restart_resumes_at_the_exact_next_offset(log: Bench) -> None:
    log.produce(100)
    first = log.start()
    log.wait(lambda: len(log.seen()) == 400)
    began = time.monotonic()
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0
    assert time.monotonic() - began < 10
    assert log.members() == 0
    assert log.committed() == [100] * 4

    log.produce(25)
    second = log.start()
    log.wait(lambda: len(log.seen()) == 500)
    assert log.notes("assigned", second)[0]["starts"] == {str(p): 100 for p in range(4)}
    assert Counter(log.seen()) == Counter(log.all_records(125))


def test_two_workers_share_and_take_over_without_loss_or_repetition(log: Bench) -> None:
    first = log.start(ack_seconds=0.3)
    log.wait(lambda: log.notes("loaded", first))
    second = log.start(ack_seconds=0.3)
    produced = 0
    while not log.notes("loaded", second) or produced < 200:
        # Batches are outstanding all the time, so at the handovers too.
        log.produce(10)
        produced += 10
        assert produced < 3000, log.tail()
        time.sleep(0.1)
    assert log.notes("revoked", first)
    first.send_signal(signal.SIGTERM)
    log.produce(50)
    assert first.wait(20) == 0
    log.wait(lambda: log.done() == log.all_records(produced + 50))
    assert Counter(log.seen()) == Counter(log.all_records(produced + 50))
    assert all(batch["ready"] for batch in log.notes("batch"))


def test_kill_9_loses_nothing(log: Bench) -> None:
    first = log.start(ack_seconds=0.5, max_batch_records=7)
    second = log.start(ack_seconds=0.5, max_batch_records=7)
    log.wait(lambda: log.notes("loaded", first) and log.notes("loaded", second))
    log.produce(60)
    log.wait(lambda: len(log.seen(first)) > 20)
    time.sleep(0.4)  # a commit interval: what is not done must not be committed either
    first.kill()
    assert log.done() < log.all_records(60)
    log.produce(40)
    log.wait(lambda: log.done() == log.all_records(100), 60)
    log.wait(lambda: log.committed() == [100] * 4)
    assert second.poll() is None


def test_a_dropped_record_ends_the_worker_and_the_next_one_reads_it(log: Bench) -> None:
    log.produce(50)
    worker = log.start(drop=True)
    assert worker.wait(30) == ExitCode.RECORDS_DROPPED
    assert log.notes("exit")[0]["reason"] == "records_dropped"
    log.start()
    log.wait(lambda: set(log.seen()) == log.all_records(50), 60)


def test_holes_of_the_log_are_delivered_in_order_also_at_its_end(log: Bench) -> None:
    producer = Producer(
        {"bootstrap.servers": log.bootstrap, "transactional.id": log.name, "log_level": 0}
    )
    producer.init_transactions(20)
    for aborts in (False, True):
        producer.begin_transaction()
        for _ in range(3):
            producer.produce(log.name, b"in a transaction", partition=0)
        producer.flush(20)
        if aborts:
            producer.abort_transaction(20)
        else:
            producer.commit_transaction(20)
    log.start()
    log.wait(lambda: log.committed()[0] == 8)
    log.produce(2)
    log.wait(lambda: log.committed() == [10, 2, 2, 2])
    batches = [b for b in log.notes("batch") if b["partition"] == 0]
    holes = [tuple(b["hole"]) for b in batches if b["hole"]]
    assert [o for b in batches for o in b["offsets"]] == [0, 1, 2, 8, 9]
    assert [o for first, last in holes for o in range(first, last + 1)] == [3, 4, 5, 6, 7]
    assert [b["first"] for b in batches] == sorted(b["first"] for b in batches)


@pytest.mark.parametrize("offset", [0, 50])
def test_a_committed_offset_outside_the_log_is_a_truncated_log(log: Bench, offset: int) -> None:
    log.produce(20)
    log.admin.delete_records([TopicPartition(log.name, 1, 10)])[
        TopicPartition(log.name, 1, 10)
    ].result(20)
    where = [TopicPartition(log.name, 1, offset)]
    change = log.admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(log.name, where)])
    change[log.name].result(20)
    worker = log.start()
    assert worker.wait(30) == ExitCode.LOG_TRUNCATED
    assert not log.seen()


def test_records_deleted_below_the_reader_are_a_truncated_log(log: Bench) -> None:
    log.produce(5)
    worker = log.start(load_seconds=3)
    log.wait(lambda: log.notes("assigned"))
    where = TopicPartition(log.name, 1, 5)
    log.admin.delete_records([where])[where].result(20)
    assert worker.wait(30) == ExitCode.LOG_TRUNCATED


def test_a_stuck_agent_ends_the_worker(log: Bench) -> None:
    log.produce(5)
    worker = log.start(acks=False, stall_seconds=2)
    assert worker.wait(30) == ExitCode.STUCK
    assert log.notes("exit")[0]["reason"] == "committed_offset_stands_still"


def test_views_load_without_events_and_before_the_first_record(log: Bench) -> None:
    worker = log.start(load_seconds=2)
    log.wait(lambda: log.notes("assigned"))
    log.produce(5)
    log.wait(lambda: len(log.seen()) == 20)
    loaded = log.notes("loaded", worker)[0]
    assert sorted(loaded["partitions"]) == [0, 1, 2, 3]
    assert all(batch["at"] >= loaded["at"] and batch["ready"] for batch in log.notes("batch"))


@pytest.mark.faults
def test_a_loading_worker_does_not_hold_up_the_others(log: Bench) -> None:
    first = log.start()
    log.wait(lambda: log.notes("loaded", first))
    second = log.start(load_seconds=8)
    log.wait(lambda: log.notes("assigned", second))
    log.produce(10)
    log.wait(lambda: len(log.seen(first)) == 20, 5)
    assert not log.notes("loaded", second)
    second.send_signal(signal.SIGTERM)  # gives back what it was still loading
    assert second.wait(20) == 0
    log.wait(lambda: len(log.seen(first)) == 40)


@pytest.mark.parametrize(
    "seconds",
    [0.3, 1.5, *(pytest.param(at, marks=pytest.mark.faults) for at in (0.9, 1.2, 1.8, 2.1))],
)
def test_sigterm_during_the_start_leaves_no_member_behind(log: Bench, seconds: float) -> None:
    worker = log.start()
    time.sleep(seconds)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) in (0, -signal.SIGTERM)
    assert log.members() == 0
