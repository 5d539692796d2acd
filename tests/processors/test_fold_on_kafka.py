"""The worker as a process on a real Kafka: its state is the pure fold of the log."""

from __future__ import annotations

import time
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from consentlog.domain.subject import is_subject
from consentlog.kafka.partition import partition_of
from consentlog.kafka.topics import PARTITIONS, create_topics
from consentlog.wire.build import Hole
from consentlog.wire.reviews import ReviewReason
from consentlog.wire.states import StateRecord, encode_state, hole_subject, progress_subject
from tests.support.fold_bench import FoldBench, acts, numbers

pytestmark = pytest.mark.integration


def test_the_state_is_the_fold_of_the_log_and_what_does_not_fold_is_held(bench: FoldBench) -> None:
    worker = bench.start()
    bench.wait_ready(worker)
    subjects = numbers(200)
    events = acts(2_000, subjects)
    bench.append(events[:1_000])
    _append_what_does_not_fold(bench, subjects)
    bench.append(events[1_000:])
    hole_partition, hole = _append_with_a_hole(bench, subjects[0])
    bench.wait_folded()

    assert bench.states() == bench.truth()
    held = {review.reason for review in bench.reviews()}
    assert held == {
        ReviewReason.UNDECODABLE,
        ReviewReason.NO_SUBJECT,
        ReviewReason.MISPLACED,
        ReviewReason.HOLE,
    }
    last = bench.last_records()
    assert last[hole_partition, hole_subject(hole_partition, hole)].hole == hole
    _check_progress(bench)
    _check_that_a_stopped_owners_record_is_written_over(bench, subjects[0])
    assert [worker.get(path) for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3
    assert is_subject(subjects[0])
    assert subjects[0][4:] not in worker.log.read_text()
    assert worker.stop() == 0, worker.tail()


def _append_what_does_not_fold(bench: FoldBench, subjects: list[str]) -> None:
    bench.raw(subjects[3].encode(), b"not avro")
    bench.raw(subjects[4].encode(), None)
    bench.raw(b"nobody", b"\x00\x00\x00\x00\x01")
    key = subjects[5].encode()
    bench.raw(key, b"elsewhere", (partition_of(key, PARTITIONS) + 1) % PARTITIONS)


def _append_with_a_hole(bench: FoldBench, subject: str) -> tuple[int, Hole]:
    """A transaction's marker takes an offset at which no consumer ever gets a record."""
    partition = partition_of(subject.encode(), PARTITIONS)
    producer = Producer(
        {
            "bootstrap.servers": bench.bootstrap,
            "transactional.id": bench.prefix,
            "partitioner": "murmur2_random",
        }
    )
    marker = bench.ends()[partition] + 1
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(bench.events, b"junk", subject.encode())
    producer.commit_transaction(20)
    # A commit is answered before its marker is appended.
    deadline = time.monotonic() + 20
    while bench.ends()[partition] <= marker:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    bench.append(acts(1, [subject], seed=9))
    return partition, Hole(marker, marker)


def _check_progress(bench: FoldBench) -> None:
    """Idle partitions stay level; figures reach the log's end."""
    ends = bench.ends()

    def reported(last: dict[tuple[int, str], StateRecord]) -> dict[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for partition in range(PARTITIONS):
            record = last[partition, progress_subject(partition)]
            assert record.progress is not None
            found[partition] = record.progress.folded_through, record.progress.level_at_ms
        return found

    bench.wait(lambda: all(t == ends[p] - 1 for p, (t, _) in _now(bench, reported).items()), 20)
    before = _now(bench, reported)
    bench.wait(lambda: all(level > before[p][1] for p, (_, level) in _now(bench, reported).items()))
    oldest = min(level for _, level in _now(bench, reported).values())
    assert time.time() * 1000 - oldest < 15_000


def _check_that_a_stopped_owners_record_is_written_over(bench: FoldBench, subject: str) -> None:
    partition = partition_of(subject.encode(), PARTITIONS)
    stale = encode_state(StateRecord(subject, 0, b"stopped owner..!"))
    bench.producer.produce(bench.state_topic, stale, subject.encode(), partition)
    assert bench.producer.flush(10) == 0
    place = partition, subject
    bench.wait(lambda: bench.states()[place] == bench.truth()[place], 10)
    again = bench.last_records()[place]
    assert again.as_of >= bench.ends()[partition] - 1


def _now(bench: FoldBench, reported: Any) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = reported(bench.last_records())
    return found


def test_a_kill_in_the_middle_loses_nothing(bench: FoldBench) -> None:
    # Who was killed is a member until its session ends: the shortest that the broker lets it have.
    first = bench.start(
        CONSENTLOG_FOLD__SESSION_TIMEOUT_MS="6000",
        CONSENTLOG_FOLD__HEARTBEAT_INTERVAL_MS="1000",
        CONSENTLOG_FOLD__DELIVERY_TIMEOUT_MS="4000",
    )
    bench.wait_ready(first)
    events = acts(2_000, numbers(200), seed=2)
    for at in range(0, 1_000, 100):
        bench.append(events[at : at + 100])
    first.kill()
    second = bench.start()
    bench.append(events[1_000:])
    bench.wait_ready(second)
    bench.wait_folded()
    assert bench.states() == bench.truth()


def test_a_log_that_forgot_is_refused_with_a_sentence(bench: FoldBench) -> None:
    worker = bench.start()
    bench.append(acts(200, numbers(50), seed=3))
    bench.wait_ready(worker)
    bench.wait_folded()
    # The last record of every partition is covered by a progress record.
    time.sleep(1.5)
    worker.stop()
    admin = AdminClient({"bootstrap.servers": bench.bootstrap})
    admin.delete_topics([bench.events], operation_timeout=10)[bench.events].result(15)
    bench.wait(lambda: create_topics(bench.bootstrap, bench.prefix) == [bench.events], 15)
    bench.producer.flush(0)
    again = bench.start()
    assert again.process.wait(40) == 73, again.tail()
    (line,) = [line for line in again.lines() if line["event"] == "process_exit"]
    assert line["error_code"] == "CL-3301"
    assert "is not the one that was folded" in line["what"]
