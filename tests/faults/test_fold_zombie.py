"""A worker that was stopped until another took over, then goes on: its state never wins."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from consentlog.kafka.topics import create_topics
from tests.support.fold_bench import FoldBench, Worker, acts, numbers

pytestmark = [pytest.mark.faults, pytest.mark.integration, pytest.mark.timeout(900)]

TRIALS = 5


@pytest.mark.parametrize("trial", range(TRIALS))
def test_a_stopped_worker_ends_and_the_newer_record_stays_last(
    kafka: str, topic_prefix: str, tmp_path: Path, trial: int
) -> None:
    create_topics(kafka, topic_prefix)
    bench = FoldBench(kafka, topic_prefix, tmp_path)
    try:
        first = bench.start()
        bench.wait_ready(first)
        with _Load(bench, trial):
            time.sleep(0.5 + 0.1 * trial)
            first.pause()
            second = bench.start()
            bench.wait_ready(second)
            time.sleep(2)
            first.go_on()
            _ended_by_itself(first)
            time.sleep(1)
        bench.wait_folded(60)
        _settle(bench, second)
    finally:
        bench.close()


@pytest.mark.parametrize("trial", range(2))
def test_what_a_woken_worker_without_its_fence_writes_is_written_over(
    kafka: str, topic_prefix: str, tmp_path: Path, trial: int
) -> None:
    create_topics(kafka, topic_prefix)
    bench = FoldBench(kafka, topic_prefix, tmp_path)
    try:
        first = bench.start("tests.support.unfenced_fold")
        bench.wait_ready(first)
        with _Load(bench, trial):
            time.sleep(0.5 + 0.1 * trial)
            first.pause()
            second = bench.start()
            bench.wait_ready(second)
            time.sleep(2)
            first.go_on()
            time.sleep(3)
        bench.wait_folded(60)
        _settle(bench, second)
    finally:
        bench.close()


def _ended_by_itself(worker: Worker) -> None:
    """Whoever notices first ends it.

    The self-fence, the client that is told it was evicted, or a record that was too old to send;
    two threads may notice at once.
    """
    code = worker.process.wait(20)
    reasons = {line["reason"] for line in worker.lines() if line["event"] == "process_exit"}
    assert code in {70, 72}, worker.tail()
    assert reasons, worker.tail()
    assert reasons <= {"stood_still", "partitions_lost", "not_delivered"}, worker.tail()


def _settle(bench: FoldBench, owner: Worker) -> None:
    """The owner follows its partition, so a stopped worker's record is soon written over."""
    time.sleep(2)
    assert owner.process.poll() is None, owner.tail()
    assert bench.states() == bench.truth()


class _Load:
    """About 250 events a second on few numbers, so that each is written again and again."""

    def __init__(self, bench: FoldBench, seed: int) -> None:
        self._bench = bench
        self._events = acts(10_000, numbers(40), seed=seed + 1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(90)

    def _run(self) -> None:
        for at in range(0, len(self._events), 25):
            if self._stop.wait(0.1):
                return
            self._bench.append(self._events[at : at + 25])
